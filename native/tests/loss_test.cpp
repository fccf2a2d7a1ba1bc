// Losses, gradients and accuracies against their formulas in double.
#include "device.h"

#include <limits>

using namespace device;

namespace {

constexpr double Low = 1e-7f, High = 1.0f - 1e-7f;

double clip(double p) {
    return p < Low ? Low : (p > High ? High : p);
}
bool inside(double p) {
    return p >= Low && p <= High;
}

int64_t argmax(const float* values, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
        best = values[i] > values[best] ? i : best;
    }
    return best;
}

// One position: its loss; its gradient before averaging.
double reference(const cn_loss_desc& d, const float* p, const float* t, int32_t label, double* gradient) {
    int64_t classes = d.classes;
    double sum = 0, targets = 0, loss = 0;
    auto target = [&](int64_t i) { return d.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ? (i == label ? 1.0 : 0.0) : t[i]; };
    if (d.loss == CN_LOSS_MEAN_SQUARED_ERROR) {
        for (int64_t i = 0; i < classes; ++i) {
            double difference = static_cast<double>(p[i]) - t[i];
            loss += difference * difference / static_cast<double>(classes);
            gradient[i] = 2 * difference / static_cast<double>(classes);
        }
        return loss;
    }
    double largest = -INFINITY;
    for (int64_t i = 0; i < classes; ++i) {
        largest = std::fmax(largest, p[i]);
        targets += target(i);
    }
    if (d.from_logits != 0) {
        for (int64_t i = 0; i < classes; ++i) {
            sum += std::exp(p[i] - largest);
        }
        for (int64_t i = 0; i < classes; ++i) {
            loss -= target(i) * (p[i] - largest - std::log(sum));
            gradient[i] = std::exp(p[i] - largest) / sum * targets - target(i);
        }
        return loss;
    }
    if (d.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
        for (int64_t i = 0; i < classes; ++i) {
            sum += clip(p[i]);
        }
        for (int64_t i = 0; i < classes; ++i) {
            loss -= target(i) * std::log(clip(p[i]) / sum);
            gradient[i] = inside(p[i]) ? 1 / sum - target(i) / p[i] : 0;
        }
        return loss;
    }
    for (int64_t i = 0; i < classes; ++i) {
        sum += p[i];
    }
    double dot = 0;
    for (int64_t i = 0; i < classes; ++i) {
        double q = p[i] / sum;
        loss -= target(i) * std::log(clip(q));
        gradient[i] = inside(q) ? -target(i) / q : 0;
        dot += gradient[i] * q;
    }
    for (int64_t i = 0; i < classes; ++i) {
        gradient[i] = (gradient[i] - dot) / sum;
    }
    return loss;
}

double reference_accuracy(const cn_loss_desc& d, const float* p, const float* t, int32_t label) {
    if (d.accuracy == CN_ACCURACY_SPARSE) {
        return argmax(p, d.classes) == label ? 1 : 0;
    }
    if (d.accuracy == CN_ACCURACY_CATEGORICAL) {
        return argmax(p, d.classes) == argmax(t, d.classes) ? 1 : 0;
    }
    double hits = 0, sum = 0;
    for (int64_t k = 0; k < d.classes; ++k) {
        sum += std::exp(static_cast<double>(p[k]));
    }
    for (int64_t i = 0; i < d.classes; ++i) {
        double probability = d.from_logits != 0 ? std::exp(static_cast<double>(p[i])) / sum : static_cast<double>(p[i]);
        hits += (probability > 0.5) == (t[i] > 0.5f) ? 1 : 0;
    }
    return d.accuracy == CN_ACCURACY_NONE ? 0 : hits / static_cast<double>(d.classes);
}

void test_loss(const Device& device, int loss, int from_logits, int accuracy, int64_t rows, int64_t positions, int64_t classes) {
    std::vector<float> first_gradient;
    cn_metrics first{};
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        cn_loss_desc desc{0, loss, rows + 1, positions, classes, from_logits, accuracy};
        Op op(cn_loss_create, context, desc);
        State state(context, state_of(rows));
        Random random(19);
        int64_t count = rows * positions * classes;
        std::vector<float> p_values = random.floats(count, from_logits != 0 ? -8 : 0.0, from_logits != 0 ? 8 : 1);
        std::vector<float> t_values = random.floats(count, 0, 1);
        std::vector<int32_t> label_values(static_cast<size_t>(rows * positions));
        for (int32_t& label : label_values) {
            label = static_cast<int32_t>(random.next_int(0, classes - 1));
        }
        p_values[0] = from_logits != 0 ? 90.0f : 0.0f; // at the edges of the clip
        Array<float> p(context, p_values), t(context, t_values), gradient(context, p.size());
        Array<int32_t> labels(context, label_values);
        const void* targets = loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ? static_cast<const void*>(labels.data()) : t.data();
        Metrics sums(context, {1, 2, 3}), evaluated_sums(context, {1, 2, 3});
        ok(cn_loss_forward(op, state, p, targets, gradient, sums));
        ok(cn_loss_forward(op, state, p, targets, nullptr, evaluated_sums));
        cn_metrics metrics = sums.value(), evaluated = evaluated_sums.value();
        CHECK(std::memcmp(&metrics, &evaluated, sizeof(metrics)) == 0);
        std::vector<double> expected(p.size());
        double total = 0, correct = 0;
        for (int64_t position = 0; position < rows * positions; ++position) {
            int64_t at = position * classes;
            const float *predictions = p_values.data() + at, *truth = t_values.data() + at;
            int32_t label = label_values[static_cast<size_t>(position)];
            total += reference(desc, predictions, truth, label, expected.data() + at);
            correct += reference_accuracy(desc, predictions, truth, label);
        }
        for (double& one : expected) {
            one /= static_cast<double>(rows * positions);
        }
        CHECK_CLOSE(expected, gradient, 2e-6, 1e-6 / static_cast<double>(rows * positions));
        CHECK(std::fabs(metrics.loss - 1 - total) <= 1e-5 + 1e-6 * std::fabs(total));
        CHECK(std::fabs(metrics.correct - 2 - correct) <= 1e-9);
        CHECK(metrics.count == 3 + static_cast<double>(rows * positions));
        if (is_first) {
            first_gradient = gradient.values();
            first = metrics;
        }
        CHECK(gradient.same_bits(first_gradient));
        CHECK(std::memcmp(&metrics, &first, sizeof(metrics)) == 0);
    });
}

// Targets that are no classes never index out of bounds: NaN, in the loss and in their own row.
void test_bad_labels(const Device& device) {
    Context context(device);
    for (int from_logits = 0; from_logits <= 1; ++from_logits) {
        Op op(cn_loss_create, context, cn_loss_desc{0, CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 4, 1, 3, from_logits, CN_ACCURACY_SPARSE});
        State state(context, state_of(4));
        Array<float> p(context, std::vector<float>(12, 0.3f)), gradient(context, 12);
        const int32_t least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
        Array<int32_t> labels(context, std::vector<int32_t>{0, least, 3, most});
        Metrics sums(context, {});
        ok(cn_loss_forward(op, state, p, labels.data(), gradient, sums));
        cn_metrics metrics = sums.value();
        std::vector<float> gradients = gradient.values();
        CHECK(std::isnan(metrics.loss));
        CHECK(metrics.correct == 1);
        for (size_t i = 0; i < 12; ++i) {
            CHECK(std::isnan(gradients[i]) == (i >= 3));
        }
    }
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        const int64_t shapes[][3] = {{1, 1, 1}, {5, 1, 10}, {300, 3, 4}, {2, 1, 4100}, {32, 1, 10}};
        for (const auto& s : shapes) {
            test_loss(device, CN_LOSS_MEAN_SQUARED_ERROR, 0, CN_ACCURACY_BINARY, s[0], s[1], s[2]);
            test_loss(device, CN_LOSS_CATEGORICAL_CROSSENTROPY, 1, CN_ACCURACY_CATEGORICAL, s[0], s[1], s[2]);
            test_loss(device, CN_LOSS_CATEGORICAL_CROSSENTROPY, 1, CN_ACCURACY_BINARY, s[0], s[1], s[2]);
            test_loss(device, CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 1, CN_ACCURACY_SPARSE, s[0], s[1], s[2]);
            if (s[2] > 1) { // the probabilities of a single class, 0 in the first row, have no sum
                test_loss(device, CN_LOSS_CATEGORICAL_CROSSENTROPY, 0, CN_ACCURACY_NONE, s[0], s[1], s[2]);
                test_loss(device, CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 0, CN_ACCURACY_SPARSE, s[0], s[1], s[2]);
            }
        }
        test_bad_labels(device);
    });
    return check::result();
}
