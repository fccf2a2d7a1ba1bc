// Sums of metrics against plain loops.
#include "device.h"

#include <functional>
#include <limits>

using namespace device;

namespace {

cn_metric_desc describe(int32_t metric, int64_t batch, int64_t positions, int64_t classes) {
    cn_metric_desc desc{};
    desc.metric = metric;
    desc.batch = batch;
    desc.positions = positions;
    desc.classes = classes;
    return desc;
}

struct Batch {
    std::vector<float> predictions, targets, weights;
    std::vector<int32_t> ids;
};

// Eighths, so that there are ties and values on thresholds, and all sums are exact.
Batch draw(int64_t rows, int64_t positions, int64_t classes) {
    Random random(31);
    Batch batch;
    for (int64_t i = 0; i < rows * positions * classes; ++i) {
        batch.predictions.push_back(static_cast<float>(random.next_int(0, 8)) / 8);
        batch.targets.push_back(static_cast<float>(random.next_int(0, 1)));
    }
    for (int64_t i = 0; i < rows * positions; ++i) {
        batch.ids.push_back(static_cast<int32_t>(random.next_int(0, classes - 1)));
        batch.weights.push_back(static_cast<float>(random.next_int(0, 3)) / 2);
    }
    return batch;
}

int64_t argmax(const float* values, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
        best = values[i] > values[best] ? i : best;
    }
    return best;
}

// What one position adds to the sums.
using Rule =
    std::function<void(const cn_metric_desc& desc, const float* p, const float* t, int32_t id, double weight, std::vector<double>& sums)>;

void test(const Device& device, cn_metric_desc desc, bool weighted, size_t size, const Rule& rule) {
    int64_t rows = desc.batch, positions = desc.positions, classes = desc.classes;
    Batch batch = draw(rows, positions, classes);
    std::vector<double> expected(size, 1.0);
    for (int64_t position = 0; position < rows * positions; ++position) {
        double weight = weighted ? batch.weights[static_cast<size_t>(position)] : 1.0;
        for (int run = 0; run < 2; ++run) {
            rule(desc, batch.predictions.data() + position * classes, batch.targets.data() + position * classes,
                 batch.ids[static_cast<size_t>(position)], weight, expected);
        }
    }
    desc.batch = rows + 2; // its last rows are not there
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_metric_create, context, desc);
        State state(context, state_of(rows));
        Array<float> p(context, batch.predictions, 1), t(context, batch.targets, 1), weights(context, batch.weights, 1);
        Array<int32_t> ids(context, batch.ids, 1);
        Array<double> sums(context, std::vector<double>(size, 1.0));
        const void* targets = desc.sparse != 0 ? static_cast<const void*>(ids.data()) : t.data();
        ok(cn_metric_add(op, state, p, targets, weighted ? weights.data() : nullptr, sums));
        ok(cn_metric_add(op, state, p, targets, weighted ? weights.data() : nullptr, sums));
        CHECK(sums.values() == expected);
    });
}

void add_hit(double hit, double weight, std::vector<double>& sums) {
    sums[0] += hit * weight;
    sums[1] += weight;
}

void test_hits(const Device& device, int64_t rows, int64_t positions, int64_t classes) {
    for (int weighted = 0; weighted <= 1; ++weighted) {
        for (int32_t accuracy : {CN_ACCURACY_CATEGORICAL, CN_ACCURACY_SPARSE}) {
            cn_metric_desc desc = describe(CN_METRIC_ACCURACY, rows, positions, classes);
            desc.accuracy = accuracy;
            desc.sparse = accuracy == CN_ACCURACY_SPARSE ? 1 : 0;
            test(device, desc, weighted != 0, 2,
                 [](const cn_metric_desc& d, const float* p, const float* t, int32_t id, double w, auto& s) {
                     add_hit(argmax(p, d.classes) == (d.sparse != 0 ? id : argmax(t, d.classes)) ? 1 : 0, w, s);
                 });
        }
        for (int32_t sparse = 0; sparse <= 1; ++sparse) {
            cn_metric_desc desc = describe(CN_METRIC_TOP_K, rows, positions, classes);
            desc.k = 3;
            desc.sparse = sparse;
            test(device, desc, weighted != 0, 2,
                 [](const cn_metric_desc& d, const float* p, const float* t, int32_t id, double w, auto& s) {
                     int64_t own = d.sparse != 0 ? id : argmax(t, d.classes), greater = 0;
                     for (int64_t i = 0; i < d.classes; ++i) {
                         greater += p[i] > p[own] ? 1 : 0;
                     }
                     add_hit(greater < d.k ? 1 : 0, w, s);
                 });
        }
    }
}

// Numbers whose means, products and roots are exact.
void test_correlations(const Device& device) {
    Context context(device);
    Op op(cn_metric_create, context, describe(CN_METRIC_PEARSON, 5, 1, 4));
    State state(context, state_of(3));
    Array<float> p(context, std::vector<float>{1, 2, 3, 4, 4, 3, 2, 1, 1, 1, -1, -1});
    Array<float> t(context, std::vector<float>{2, 4, 6, 8, 2, 4, 6, 8, 1, -1, 1, -1});
    Array<float> weights(context, std::vector<float>{3, 1, 2});
    Array<double> plain(context, std::vector<double>{1, 1}), weighted(context, std::vector<double>{1, 1});
    ok(cn_metric_add(op, state, p, t.data(), nullptr, plain));
    ok(cn_metric_add(op, state, p, t.data(), weights, weighted));
    CHECK((plain.values() == std::vector<double>{1, 4}));
    CHECK((weighted.values() == std::vector<double>{3, 7}));
    Array<float> flat(context, std::vector<float>(12, 0.5f));
    Array<double> none(context, std::vector<double>{0, 0});
    ok(cn_metric_add(op, state, flat, t.data(), nullptr, none));
    CHECK(std::isnan(none.values()[0]));
}

// Of 1, 2, 4 ... classes, whose means are exact.
void test_binary(const Device& device, int64_t rows, int64_t positions, int64_t classes) {
    cn_metric_desc desc = describe(CN_METRIC_ACCURACY, rows, positions, classes);
    desc.accuracy = CN_ACCURACY_BINARY;
    desc.threshold = 0.625f;
    test(device, desc, true, 2, [](const cn_metric_desc& d, const float* p, const float* t, int32_t, double w, auto& s) {
        double hits = 0;
        for (int64_t i = 0; i < d.classes; ++i) {
            hits += (p[i] > 0.625f) == (t[i] > 0.5f) ? 1 : 0;
        }
        add_hit(hits / static_cast<double>(d.classes), w, s);
    });
    cn_metric_desc loss = describe(CN_METRIC_LOSS, rows, positions, classes);
    test(device, loss, true, 2, [](const cn_metric_desc& d, const float* p, const float* t, int32_t, double w, auto& s) {
        double sum = 0;
        for (int64_t i = 0; i < d.classes; ++i) {
            sum += static_cast<double>((p[i] - t[i]) * (p[i] - t[i]));
        }
        add_hit(sum / static_cast<double>(d.classes), w, s);
    });
}

void test_counts(const Device& device, int64_t rows, int64_t positions, int64_t classes) {
    for (int32_t thresholds : {1, 2, 5, 9, 200}) {
        cn_metric_desc desc = describe(CN_METRIC_COUNTS, rows, positions, classes);
        desc.thresholds = thresholds;
        desc.threshold = 0.375f;
        desc.beyond = thresholds == 200 ? 1e-7f : 0.0f;
        test(device, desc, false, 2 * (static_cast<size_t>(thresholds) + 1),
             [](const cn_metric_desc& d, const float* p, const float* t, int32_t, double, auto& s) {
                 for (int64_t i = 0; i < d.classes; ++i) {
                     int32_t above = 0;
                     for (int32_t k = 0; k < d.thresholds; ++k) {
                         double threshold = d.thresholds == 1 ? 0.375 : static_cast<double>(k) / (d.thresholds - 1);
                         threshold += k == 0 ? -static_cast<double>(d.beyond) : (k == d.thresholds - 1 ? d.beyond : 0.0);
                         above += p[i] > threshold ? 1 : 0;
                     }
                     s[static_cast<size_t>((t[i] > 0.5f ? d.thresholds + 1 : 0) + above)] += 1;
                 }
             });
    }
}

void test_classes(const Device& device, int64_t rows, int64_t positions, int64_t classes) {
    for (int32_t sparse = 0; sparse <= 1; ++sparse) {
        cn_metric_desc desc = describe(CN_METRIC_CLASSES, rows, positions, classes);
        desc.sparse = sparse;
        desc.threshold = 0.5f;
        int64_t side = classes == 1 ? 2 : classes;
        test(device, desc, false, static_cast<size_t>(side * side),
             [=](const cn_metric_desc& d, const float* p, const float* t, int32_t id, double, auto& s) {
                 int64_t predicted = d.classes == 1 ? (*p > 0.5f ? 1 : 0) : argmax(p, d.classes);
                 int64_t actual = d.sparse != 0 ? id : (d.classes == 1 ? (*t > 0.5f ? 1 : 0) : argmax(t, d.classes));
                 s[static_cast<size_t>(actual * side + predicted)] += 1;
             });
        for (float threshold : {-1.0f, 0.5f}) {
            cn_metric_desc scores = describe(CN_METRIC_SCORES, rows, positions, classes);
            scores.sparse = sparse;
            scores.threshold = threshold;
            test(device, scores, false, static_cast<size_t>(3 * classes),
                 [](const cn_metric_desc& d, const float* p, const float* t, int32_t id, double, auto& s) {
                     for (int64_t i = 0; i < d.classes; ++i) {
                         bool predicted = d.threshold >= 0 ? p[i] > d.threshold : argmax(p, d.classes) == i;
                         bool actual = d.sparse != 0 ? id == i : t[i] > 0.5f;
                         if (predicted || actual) {
                             s[static_cast<size_t>((predicted && actual ? 0 : (predicted ? 1 : 2)) * d.classes + i)] += 1;
                         }
                     }
                 });
        }
    }
    test(device, describe(CN_METRIC_R2, rows, positions, classes), false, static_cast<size_t>(3 * classes + 1),
         [](const cn_metric_desc& d, const float* p, const float* t, int32_t, double, auto& s) {
             for (int64_t i = 0; i < d.classes; ++i) {
                 s[static_cast<size_t>(i)] += static_cast<double>(t[i]);
                 s[static_cast<size_t>(d.classes + i)] += static_cast<double>(t[i] * t[i]);
                 s[static_cast<size_t>(2 * d.classes + i)] += static_cast<double>((t[i] - p[i]) * (t[i] - p[i]));
             }
             s[static_cast<size_t>(3 * d.classes)] += 1;
         });
}

// Class numbers out of range and numbers that are none: misses, not accesses.
void test_bad_values(const Device& device) {
    Context context(device);
    State state(context, state_of(3));
    const int32_t least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
    Array<int32_t> ids(context, std::vector<int32_t>{least, 2, most});
    Array<float> p(context, std::vector<float>{0.25f, 0.5f, 0.75f, 0.5f, 1, NAN, 0, NAN, INFINITY});
    auto sums_of = [&](cn_metric_desc desc, size_t size) {
        desc.sparse = 1;
        Op op(cn_metric_create, context, desc);
        Array<double> sums(context, std::vector<double>(size, 0.0));
        ok(cn_metric_add(op, state, p, ids.data(), nullptr, sums));
        return sums.values();
    };
    cn_metric_desc top = describe(CN_METRIC_TOP_K, 3, 1, 3);
    top.k = 3;
    CHECK(sums_of(top, 2) == (std::vector<double>{0, 3})); // NaN is among no first
    CHECK(sums_of(describe(CN_METRIC_CLASSES, 3, 1, 3), 9) == (std::vector<double>{0, 0, 0, 0, 0, 0, 0, 1, 0}));
    CHECK(sums_of(describe(CN_METRIC_SCORES, 3, 1, 3), 9) == (std::vector<double>{0, 0, 0, 2, 2, 2, 0, 0, 1}));
    cn_metric_desc counts = describe(CN_METRIC_COUNTS, 3, 1, 3);
    counts.thresholds = 3;
    Op op(cn_metric_create, context, counts);
    Array<float> t(context, std::vector<float>(9, 1.0f));
    Array<double> sums(context, std::vector<double>(8, 0.0));
    ok(cn_metric_add(op, state, p, t.data(), nullptr, sums));
    CHECK(sums.values() == (std::vector<double>{0, 0, 0, 0, 3, 3, 2, 1}));
}

void test_refusals(const Device& device) {
    Context context(device);
    auto refused = [&](int32_t metric, const char* why, auto change) {
        cn_metric_desc desc = describe(metric, 2, 1, 3);
        desc.struct_size = sizeof(desc);
        desc.accuracy = metric == CN_METRIC_ACCURACY ? CN_ACCURACY_BINARY : CN_ACCURACY_NONE;
        desc.k = metric == CN_METRIC_TOP_K ? 1 : 0;
        desc.thresholds = metric == CN_METRIC_COUNTS ? 1 : 0;
        cn_op* op = nullptr;
        ok(cn_metric_create(context, &desc, &op));
        ok(cn_op_destroy(op));
        change(desc);
        CHECK(cn_metric_create(context, &desc, &op) == CN_STATUS_INVALID_ARGUMENT);
        CHECK(std::strstr(cn_last_error(), why) != nullptr);
    };
    refused(CN_METRIC_R2, "metric is 8", [](cn_metric_desc& d) { d.metric = 8; });
    refused(CN_METRIC_R2, "sparse is 1", [](cn_metric_desc& d) { d.sparse = 1; });
    refused(CN_METRIC_R2, "accuracy is 1", [](cn_metric_desc& d) { d.accuracy = 1; });
    refused(CN_METRIC_R2, "loss must be 0", [](cn_metric_desc& d) { d.loss = 1; });
    refused(CN_METRIC_ACCURACY, "accuracy is 0", [](cn_metric_desc& d) { d.accuracy = 0; });
    refused(CN_METRIC_ACCURACY, "sparse is 0", [](cn_metric_desc& d) { d.accuracy = CN_ACCURACY_SPARSE; });
    refused(CN_METRIC_LOSS, "loss is 19", [](cn_metric_desc& d) { d.loss = 19; });
    refused(CN_METRIC_LOSS, "delta is 0", [](cn_metric_desc& d) { d.loss = CN_LOSS_HUBER; });
    refused(CN_METRIC_TOP_K, "k is 0", [](cn_metric_desc& d) { d.k = 0; });
    refused(CN_METRIC_COUNTS, "thresholds is 1025", [](cn_metric_desc& d) { d.thresholds = 1025; });
    refused(CN_METRIC_COUNTS, "threshold is nan", [](cn_metric_desc& d) { d.threshold = NAN; });
    refused(CN_METRIC_COUNTS, "beyond is -1", [](cn_metric_desc& d) { d.beyond = -1; });
    refused(CN_METRIC_CLASSES, "classes is 4097", [](cn_metric_desc& d) { d.classes = 4097; });
    Op op(cn_metric_create, context, describe(CN_METRIC_R2, 2, 1, 3));
    State state(context, state_of(2));
    Array<float> values(context, size_t{6});
    Array<double> sums(context, size_t{10});
    CHECK(cn_metric_add(op, state, values, values.data(), values, sums) == CN_STATUS_INVALID_ARGUMENT);
    CHECK(std::strstr(cn_last_error(), "weights must be null") != nullptr);
    CHECK(cn_metric_add(op, state, values, values.data(), nullptr, nullptr) == CN_STATUS_INVALID_ARGUMENT);
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        const int64_t shapes[][3] = {{1, 1, 1}, {5, 1, 10}, {70, 3, 4}, {2, 1, 600}};
        for (const auto& s : shapes) {
            test_hits(device, s[0], s[1], s[2]);
            test_counts(device, s[0], s[1], s[2]);
            test_classes(device, s[0], s[1], s[2]);
        }
        for (int64_t classes : {1, 8, 512}) {
            test_binary(device, 9, 2, classes);
        }
        test_correlations(device);
        test_bad_values(device);
        test_refusals(device);
    });
    return check::result();
}
