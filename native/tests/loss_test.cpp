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
        cn_loss_desc desc = describe_loss(loss, rows + 1, positions, classes, from_logits, accuracy);
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
        ok(cn_loss_forward(op, state, p, targets, nullptr, gradient, nullptr, sums));
        ok(cn_loss_forward(op, state, p, targets, nullptr, nullptr, nullptr, evaluated_sums));
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
        Op op(cn_loss_create, context, describe_loss(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 4, 1, 3, from_logits, CN_ACCURACY_SPARSE));
        State state(context, state_of(4));
        Array<float> p(context, std::vector<float>(12, 0.3f)), gradient(context, 12);
        const int32_t least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
        Array<int32_t> labels(context, std::vector<int32_t>{0, least, 3, most});
        Metrics sums(context, {});
        ok(cn_loss_forward(op, state, p, labels.data(), nullptr, gradient, nullptr, sums));
        cn_metrics metrics = sums.value();
        std::vector<float> gradients = gradient.values();
        CHECK(std::isnan(metrics.loss));
        CHECK(metrics.correct == 1);
        for (size_t i = 0; i < 12; ++i) {
            CHECK(std::isnan(gradients[i]) == (i >= 3));
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The losses of terms and of whole rows: their formulas, and slopes by differences
// ---------------------------------------------------------------------------------------------------------------------

double log_plus_one(double x) {
    return std::log(std::fmax(x, Low) + 1);
}

double share_of(double x) {
    return std::fmin(std::fmax(x, Low), 1.0);
}

double binary_crossentropy(double t, double p) {
    return -t * std::log(clip(p)) - (1 - t) * std::log(1 - clip(p));
}

// Of an element, before the mean.
double term(const cn_loss_desc& d, double t, double p) {
    double distance = std::fabs(p - t);
    switch (d.loss) {
    case CN_LOSS_MEAN_SQUARED_ERROR:
        return distance * distance;
    case CN_LOSS_MEAN_ABSOLUTE_ERROR:
        return distance;
    case CN_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR:
        return 100 * distance / std::fmax(std::fabs(t), Low);
    case CN_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR:
        return std::pow(log_plus_one(p) - log_plus_one(t), 2);
    case CN_LOSS_LOG_COSH:
        return std::log(std::cosh(distance));
    case CN_LOSS_HUBER:
        return distance <= d.delta ? distance * distance / 2 : d.delta * (distance - d.delta / 2.0);
    case CN_LOSS_POISSON:
        return p - t * std::log(p + Low);
    case CN_LOSS_KL_DIVERGENCE:
        return share_of(t) * std::log(share_of(t) / share_of(p)) * static_cast<double>(d.classes);
    case CN_LOSS_HINGE:
        return std::fmax(1 - t * p, 0);
    case CN_LOSS_SQUARED_HINGE:
        return std::pow(std::fmax(1 - t * p, 0), 2);
    default:
        break;
    }
    double probability = d.from_logits != 0 ? 1 / (1 + std::exp(-p)) : p;
    if (d.loss == CN_LOSS_BINARY_CROSSENTROPY) {
        return d.from_logits != 0 ? std::log(1 + std::exp(p)) - t * p : binary_crossentropy(t, p);
    }
    double right = t * probability + (1 - t) * (1 - probability);
    double weight = d.balance != 0 ? t * d.alpha + (1 - t) * (1 - d.alpha) : 1;
    return weight * std::pow(1 - right, d.gamma) * binary_crossentropy(t, probability);
}

double categorical_focal(const cn_loss_desc& d, const std::vector<double>& t, const std::vector<double>& p) {
    double sum = 0, value = 0;
    for (double one : p) {
        sum += d.from_logits != 0 ? std::exp(one) : one;
    }
    for (size_t i = 0; i < p.size(); ++i) {
        double q = clip((d.from_logits != 0 ? std::exp(p[i]) : p[i]) / sum);
        value -= d.alpha * t[i] * std::pow(1 - q, d.gamma) * std::log(q);
    }
    return value;
}

double row_value(const cn_loss_desc& d, const std::vector<double>& t, const std::vector<double>& p) {
    double products = 0, of_t = 0, of_p = 0, wrong = -INFINITY;
    for (size_t i = 0; i < p.size(); ++i) {
        products += t[i] * p[i];
        of_t += t[i] * t[i];
        of_p += p[i] * p[i];
        wrong = std::fmax(wrong, (1 - t[i]) * p[i]);
    }
    if (d.loss == CN_LOSS_COSINE_SIMILARITY) {
        return -products / std::sqrt(std::fmax(of_t, 1e-12) * std::fmax(of_p, 1e-12));
    }
    return d.loss == CN_LOSS_CATEGORICAL_HINGE ? std::fmax(0, wrong - products + 1) : categorical_focal(d, t, p);
}

double value_of(const cn_loss_desc& d, const std::vector<double>& t, const std::vector<double>& p) {
    switch (d.loss) {
    case CN_LOSS_COSINE_SIMILARITY:
    case CN_LOSS_CATEGORICAL_HINGE:
    case CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
        return row_value(d, t, p);
    default:
        double sum = 0;
        for (size_t i = 0; i < p.size(); ++i) {
            sum += term(d, t[i], p[i]);
        }
        return sum / static_cast<double>(p.size());
    }
}

bool is_binary(const cn_loss_desc& d) {
    return d.loss == CN_LOSS_BINARY_CROSSENTROPY || d.loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY;
}

bool is_overlap(int32_t loss) {
    return loss == CN_LOSS_DICE || loss == CN_LOSS_TVERSKY;
}

cn_loss_desc describe(int32_t loss, int64_t rows, int64_t positions, int64_t classes, int32_t from_logits = 0) {
    cn_loss_desc desc = describe_loss(loss, rows, positions, classes, from_logits);
    desc.delta = loss == CN_LOSS_HUBER ? 0.75f : 0.0f;
    if (loss == CN_LOSS_TVERSKY) {
        desc.alpha = 0.25f;
        desc.beta = 1.5f;
    }
    desc.per_sample = is_overlap(loss) && classes % 2 == 0 ? 1 : 0;
    if (loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY || loss == CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY) {
        desc.alpha = 0.25f;
        desc.gamma = 1.5f;
        desc.balance = loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY && classes % 2 == 0 ? 1 : 0;
    }
    if (loss == CN_LOSS_BINARY_CROSSENTROPY || loss == CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY) {
        desc.label_smoothing = classes % 2 == 0 ? 0.125f : 0.0f;
    }
    return desc;
}

struct Drawn {
    std::vector<float> predictions, targets, weights;
};

// Away from where a slope jumps, and the last weight is 0.
Drawn draw(const cn_loss_desc& d, int64_t rows) {
    Random random(23);
    int64_t count = rows * d.positions * d.classes;
    bool hinge = d.loss == CN_LOSS_HINGE || d.loss == CN_LOSS_SQUARED_HINGE;
    bool bits = hinge || d.loss == CN_LOSS_CATEGORICAL_HINGE || is_binary(d);
    bool both_signs = d.from_logits != 0 || hinge || d.loss == CN_LOSS_LOG_COSH || d.loss == CN_LOSS_HUBER;
    Drawn drawn;
    drawn.predictions = random.floats(count, both_signs ? -3.0 : 0.1, both_signs ? 3 : 0.9);
    drawn.targets = random.floats(count, 0.2, 0.8);
    for (float& target : drawn.targets) {
        target = bits ? static_cast<float>(random.next_int(0, 1)) : target;
    }
    drawn.weights = random.floats(rows * d.positions, 0.5, 2);
    drawn.weights.back() = 0;
    return drawn;
}

// A target after label smoothing; of hinges, labels of 0 and 1 that stand for -1 and 1.
double true_target(const cn_loss_desc& d, float t) {
    if (d.loss == CN_LOSS_HINGE || d.loss == CN_LOSS_SQUARED_HINGE) {
        return 2.0 * t - 1;
    }
    double shared = d.label_smoothing / (is_binary(d) ? 2.0 : static_cast<double>(d.classes));
    return t * (1.0 - d.label_smoothing) + shared;
}

// Of the positions [first, last), in full: each counts as often in the sums, and then once more.
double overlap_total(const cn_loss_desc& d, const Drawn& drawn, const std::vector<double>& p, size_t first, size_t last) {
    auto classes = static_cast<size_t>(d.classes);
    double both = 0, of_t = 0, of_p = 0, weights = 0;
    for (size_t i = first * classes; i < last * classes; ++i) {
        double weight = drawn.weights[i / classes];
        both += weight * drawn.targets[i] * p[i];
        of_t += weight * drawn.targets[i];
        of_p += weight * p[i];
    }
    for (size_t position = first; position < last; ++position) {
        weights += drawn.weights[position];
    }
    double overlap =
        d.loss == CN_LOSS_DICE
            ? 2 * both / (of_t + of_p + 1e-7)
            : both / (both + static_cast<double>(d.alpha) * (of_p - both) + static_cast<double>(d.beta) * (of_t - both) + 1e-7);
    return weights * (1 - overlap);
}

// The sum of the weighted values; and the gradient of their mean.
double overlap_by_differences(const cn_loss_desc& d, const Drawn& drawn, size_t positions, std::vector<double>& gradient) {
    auto classes = static_cast<size_t>(d.classes), of_group = d.per_sample != 0 ? static_cast<size_t>(d.positions) : positions;
    std::vector<double> p(drawn.predictions.begin(), drawn.predictions.end());
    double total = 0;
    for (size_t first = 0; first < positions; first += of_group) {
        total += overlap_total(d, drawn, p, first, first + of_group);
        for (size_t i = first * classes; i < (first + of_group) * classes; ++i) {
            constexpr double Step = 1e-6;
            double middle = p[i];
            p[i] = middle + Step;
            double after = overlap_total(d, drawn, p, first, first + of_group);
            p[i] = middle - Step;
            double before = overlap_total(d, drawn, p, first, first + of_group);
            p[i] = middle;
            gradient[i] = (after - before) / (2 * Step) / static_cast<double>(positions);
        }
    }
    return total;
}

void test_by_differences(const Device& device, cn_loss_desc desc, int64_t rows) {
    Drawn drawn = draw(desc, rows);
    auto classes = static_cast<size_t>(desc.classes);
    size_t positions = static_cast<size_t>(rows * desc.positions);
    std::vector<double> expected(drawn.predictions.size());
    double total = is_overlap(desc.loss) ? overlap_by_differences(desc, drawn, positions, expected) : 0;
    for (size_t position = 0; position < positions && !is_overlap(desc.loss); ++position) {
        std::vector<double> p(classes), t(classes);
        for (size_t i = 0; i < classes; ++i) {
            p[i] = drawn.predictions[position * classes + i];
            t[i] = true_target(desc, drawn.targets[position * classes + i]);
        }
        double weight = drawn.weights[position];
        total += weight * value_of(desc, t, p);
        for (size_t i = 0; i < classes; ++i) {
            constexpr double Step = 1e-6;
            double middle = p[i];
            p[i] = middle + Step;
            double after = value_of(desc, t, p);
            p[i] = middle - Step;
            double before = value_of(desc, t, p);
            p[i] = middle;
            expected[position * classes + i] = weight * (after - before) / (2 * Step) / static_cast<double>(positions);
        }
    }
    desc.batch = rows + 1; // its last row is not there
    std::vector<float> first_gradient;
    cn_metrics first{};
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        Op op(cn_loss_create, context, desc);
        State state(context, state_of(rows));
        Array<float> p(context, drawn.predictions, 1), t(context, drawn.targets, 1), weights(context, drawn.weights, 1);
        Array<float> gradient(context, p.size(), 1), in_place(context, drawn.predictions);
        Metrics sums(context, {1, 2, 3}), evaluated_sums(context, {1, 2, 3});
        ok(cn_loss_forward(op, state, p, t.data(), weights, gradient, nullptr, sums));
        ok(cn_loss_forward(op, state, p, t.data(), weights, nullptr, nullptr, evaluated_sums));
        ok(cn_loss_forward(op, state, in_place, t.data(), weights, in_place, nullptr, evaluated_sums));
        cn_metrics metrics = sums.value();
        CHECK_CLOSE(expected, gradient, 2e-5, 2e-7);
        CHECK(std::fabs(metrics.loss - 1 - total) <= 1e-5 + 2e-6 * std::fabs(total));
        CHECK(metrics.correct == 2);
        CHECK(metrics.count == 3 + static_cast<double>(positions));
        CHECK(std::fabs(evaluated_sums.value().loss - 1 - 2 * (metrics.loss - 1)) <= 1e-9 * (1 + std::fabs(total)));
        if (is_first) {
            first_gradient = gradient.values();
            first = metrics;
        }
        CHECK(gradient.same_bits(first_gradient));
        CHECK(in_place.same_bits(first_gradient));
        CHECK(std::memcmp(&metrics, &first, sizeof(metrics)) == 0);
    });
}

double loss_of(const Device& device, cn_loss_desc desc, const std::vector<float>& targets, const std::vector<float>& predictions) {
    Context context(device);
    Op op(cn_loss_create, context, desc);
    State state(context, state_of(desc.batch));
    Array<float> p(context, predictions), t(context, targets);
    Metrics sums(context, {});
    ok(cn_loss_forward(op, state, p, t.data(), nullptr, nullptr, nullptr, sums));
    return sums.value().loss / sums.value().count;
}

// Values that Keras states, and small numbers that come out exactly.
void test_facts(const Device& device) {
    auto close = [](double value, double expected) { CHECK(std::fabs(value - expected) <= 4e-5 * std::fabs(expected)); };
    const std::vector<float> t = {1, 9, 2, -5, -2, 6}, p = {4, 8, 12, 8, 1, 3};
    auto of = [&](int32_t loss) { return loss_of(device, describe(loss, 2, 1, 3), t, p); };
    CHECK(of(CN_LOSS_MEAN_SQUARED_ERROR) == 49.5);
    CHECK(of(CN_LOSS_MEAN_ABSOLUTE_ERROR) == 5.5);
    close(of(CN_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR), 211.8518);
    close(loss_of(device, describe(CN_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR, 2, 1, 3), {1, 9, 2, -5, -2, 6}, {4, 8, 12, 8, 1, 3}), 1.4370);
    const std::vector<float> bits = {0, 1, 0, 0}, near = {0.6f, 0.4f, 0.4f, 0.6f};
    close(loss_of(device, describe(CN_LOSS_HINGE, 2, 1, 2), bits, near), 1.3);
    close(loss_of(device, describe(CN_LOSS_SQUARED_HINGE, 2, 1, 2), bits, near), 1.86);
    close(loss_of(device, describe(CN_LOSS_CATEGORICAL_HINGE, 2, 1, 2), bits, near), 1.4);
    CHECK(loss_of(device, describe(CN_LOSS_HINGE, 1, 1, 2), {0, -1}, {3, 3}) == 2.5); // the 0 is none of 0 and 1
    // Both are 1 in a half of what one of them is; of Tversky, false positives count a quarter.
    CHECK(std::fabs(loss_of(device, describe(CN_LOSS_DICE, 1, 1, 4), {1, 1, 0, 0}, {1, 0, 1, 0}) - 0.5) < 1e-6);
    CHECK(std::fabs(loss_of(device, describe(CN_LOSS_TVERSKY, 1, 1, 3), {1, 0, 0}, {1, 1, 1}) - 1.0 / 3) < 1e-6);
    cn_loss_desc binary = describe(CN_LOSS_BINARY_CROSSENTROPY, 2, 1, 2);
    binary.label_smoothing = 0;
    close(loss_of(device, binary, {1, 0, 1, 0}, {1, 1, 1, 0}), 3.98559);
    cn_loss_desc logits = describe(CN_LOSS_BINARY_CROSSENTROPY, 1, 1, 3, 1);
    logits.label_smoothing = 0.1f;
    close(loss_of(device, logits, {1, 0, 1}, {10, -10, -10}), (10 + 0.5) / 3);
    cn_loss_desc smooth = describe(CN_LOSS_CATEGORICAL_CROSSENTROPY, 1, 1, 3, 1);
    smooth.label_smoothing = 0.1f;
    close(loss_of(device, smooth, {1, 0, 0}, {100, -100, -100}), 400 * 0.1 / 3);
}

// Infinite logits whose class is the target's, or none's, cost nothing; NaN is passed on; probabilities are those of the activation.
void test_edges(const Device& device) {
    cn_loss_desc desc = describe(CN_LOSS_BINARY_CROSSENTROPY, 4, 1, 1, 1);
    CHECK(loss_of(device, desc, {1, 0, 1, 0}, {INFINITY, -INFINITY, INFINITY, -INFINITY}) == 0);
    Context context(device);
    for (int32_t loss = 0; loss <= CN_LOSS_TVERSKY; ++loss) {
        if (loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            continue;
        }
        Op op(cn_loss_create, context, describe(loss, 2, 1, 2));
        State state(context, state_of(2));
        Array<float> p(context, std::vector<float>{0.25f, NAN, 0.5f, 0.5f}), t(context, std::vector<float>{0, 1, 0, 1});
        Array<float> weights(context, std::vector<float>{0, 1}), gradient(context, 4);
        Metrics sums(context, {}), weighted(context, {});
        ok(cn_loss_forward(op, state, p, t.data(), nullptr, gradient, nullptr, sums));
        CHECK(std::isnan(sums.value().loss));
        CHECK(std::isnan(gradient.values()[1]));
        CHECK(!std::isnan(gradient.values()[2]) && !std::isnan(gradient.values()[3]));
        ok(cn_loss_forward(op, state, p, t.data(), weights, gradient, nullptr, weighted));
        CHECK(!std::isnan(weighted.value().loss));
        CHECK(gradient.values()[0] == 0 && gradient.values()[1] == 0);
    }
}

// Ignored positions are as if they were not there: the others' mean, and their gradient.
void test_ignored(const Device& device, int32_t from_logits, int32_t ignored, int64_t rows, int64_t positions) {
    constexpr int64_t Classes = 5;
    cn_loss_desc desc = describe(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, rows, positions, Classes, from_logits);
    Random random(23);
    std::vector<float> p = random.floats(rows * positions * Classes, 0.1, 1), left;
    std::vector<int32_t> labels, others;
    for (int64_t position = 0; position < rows * positions; ++position) {
        auto label = static_cast<int32_t>(random.next_int(0, Classes - 1));
        labels.push_back(position % 3 == 1 ? ignored : label);
        if (labels.back() != ignored) {
            others.push_back(label);
            left.insert(left.end(), p.begin() + position * Classes, p.begin() + (position + 1) * Classes);
        }
    }
    cn_loss_desc plain = describe(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, static_cast<int64_t>(others.size()), 1, Classes, from_logits);
    desc.ignores_class = 1;
    desc.ignored_class = ignored;
    for_each_variant(device, [&](cn_context* context, bool) {
        auto run = [&](const cn_loss_desc& of, const std::vector<float>& predictions, const std::vector<int32_t>& targets, double& mean) {
            Op op(cn_loss_create, context, of);
            State state(context, state_of(of.batch));
            Array<float> values(context, predictions), gradient(context, predictions.size());
            Array<int32_t> ids(context, targets);
            Metrics sums(context, {});
            ok(cn_loss_forward(op, state, values, ids.data(), nullptr, gradient, nullptr, sums));
            mean = sums.value().loss / sums.value().count;
            return gradient.values();
        };
        double expected = 0, mean = 0;
        std::vector<float> reduced = run(plain, left, others, expected), gradient = run(desc, p, labels, mean);
        CHECK(std::fabs(mean - expected) <= 1e-12 * (1 + std::fabs(expected)));
        size_t next = 0;
        for (size_t i = 0; i < gradient.size(); ++i) {
            float one = labels[i / Classes] == ignored ? 0.0f : reduced[next++];
            CHECK(std::fabs(gradient[i] - one) <= 1e-6f * std::fabs(one));
        }
    });
}

// With nothing left, there is no loss.
void test_all_ignored(const Device& device) {
    Context context(device);
    cn_loss_desc desc = describe(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 2, 1, 3, 1);
    desc.ignores_class = 1;
    desc.ignored_class = 7;
    Op op(cn_loss_create, context, desc);
    State state(context, state_of(2));
    Array<float> z(context, std::vector<float>{1, 2, 3, 4, 5, 6}), gradient(context, 6);
    Array<int32_t> ids(context, std::vector<int32_t>{7, 7});
    Metrics sums(context, {});
    ok(cn_loss_forward(op, state, z, ids.data(), nullptr, gradient, nullptr, sums));
    CHECK(sums.value().loss == 0 && sums.value().count == 2);
    CHECK(gradient.values() == std::vector<float>(6, 0.0f));
}

void test_probabilities(const Device& device, int64_t classes) {
    Context context(device);
    for (int32_t loss : {CN_LOSS_BINARY_CROSSENTROPY, CN_LOSS_CATEGORICAL_CROSSENTROPY}) {
        Op op(cn_loss_create, context, describe(loss, 3, 1, classes, 1));
        State state(context, state_of(3));
        Random random(5);
        std::vector<float> z = random.floats(3 * classes, -4, 4);
        Array<float> logits(context, z), t(context, random.floats(3 * classes, 0, 1)), probabilities(context, z.size());
        Metrics sums(context, {});
        ok(cn_loss_forward(op, state, logits, t.data(), nullptr, logits, probabilities, sums));
        std::vector<double> expected(z.size());
        for (size_t i = 0; i < z.size(); ++i) {
            size_t row = i / static_cast<size_t>(classes) * static_cast<size_t>(classes);
            double sum = 0;
            for (size_t k = 0; k < static_cast<size_t>(classes); ++k) {
                sum += std::exp(static_cast<double>(z[row + k]));
            }
            double e = std::exp(static_cast<double>(z[i]));
            expected[i] = loss == CN_LOSS_BINARY_CROSSENTROPY ? e / (1 + e) : e / sum;
        }
        CHECK_CLOSE(expected, probabilities, 1e-6, 1e-8);
    }
}

void test_losses(const Device& device) {
    const int64_t shapes[][3] = {{1, 1, 1}, {5, 1, 10}, {40, 3, 4}, {2, 1, 700}};
    for (int32_t loss = 0; loss <= CN_LOSS_TVERSKY; ++loss) {
        if (loss == CN_LOSS_CATEGORICAL_CROSSENTROPY || loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            continue; // test_loss
        }
        for (const auto& s : shapes) {
            bool of_classes = loss == CN_LOSS_CATEGORICAL_HINGE || loss == CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY;
            if (of_classes && s[2] == 1) {
                continue;
            }
            test_by_differences(device, describe(loss, s[0], s[1], s[2]), s[0]);
            if (loss >= CN_LOSS_BINARY_CROSSENTROPY && !is_overlap(loss)) {
                test_by_differences(device, describe(loss, s[0], s[1], s[2], 1), s[0]);
            }
        }
    }
}

void test_refusals(const Device& device) {
    Context context(device);
    auto refused = [&](int32_t loss, const char* why, auto change) {
        cn_loss_desc desc = describe(loss, 2, 1, 3);
        desc.struct_size = sizeof(desc);
        change(desc);
        cn_op* op = nullptr;
        CHECK(cn_loss_create(context, &desc, &op) == CN_STATUS_INVALID_ARGUMENT);
        CHECK(std::strstr(cn_last_error(), why) != nullptr);
    };
    refused(CN_LOSS_HINGE, "loss is 19", [](cn_loss_desc& d) { d.loss = 19; });
    refused(CN_LOSS_TVERSKY, "alpha is -1", [](cn_loss_desc& d) { d.alpha = -1; });
    refused(CN_LOSS_TVERSKY, "beta is nan", [](cn_loss_desc& d) { d.beta = NAN; });
    refused(CN_LOSS_DICE, "beta is 1: it must be 0 for loss 17", [](cn_loss_desc& d) { d.beta = 1; });
    refused(CN_LOSS_DICE, "per_sample is 2", [](cn_loss_desc& d) { d.per_sample = 2; });
    refused(CN_LOSS_HINGE, "per_sample is 1: it must be 0 for loss 11", [](cn_loss_desc& d) { d.per_sample = 1; });
    refused(CN_LOSS_HINGE, "from_logits is 1", [](cn_loss_desc& d) { d.from_logits = 1; });
    refused(CN_LOSS_HINGE, "label_smoothing is 0.5", [](cn_loss_desc& d) { d.label_smoothing = 0.5f; });
    refused(CN_LOSS_BINARY_CROSSENTROPY, "from 0 to 1", [](cn_loss_desc& d) { d.label_smoothing = NAN; });
    refused(CN_LOSS_HUBER, "delta is 0", [](cn_loss_desc& d) { d.delta = 0; });
    refused(CN_LOSS_HINGE, "delta is 1", [](cn_loss_desc& d) { d.delta = 1; });
    refused(CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, "alpha is 2", [](cn_loss_desc& d) { d.alpha = 2; });
    refused(CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, "gamma is -1", [](cn_loss_desc& d) { d.gamma = -1; });
    refused(CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, "balance is 1", [](cn_loss_desc& d) { d.balance = 1; });
    refused(CN_LOSS_BINARY_FOCAL_CROSSENTROPY, "balance is 2", [](cn_loss_desc& d) { d.balance = 2; });
    refused(CN_LOSS_HINGE, "ignores_class is 1: it must be 0 for loss 11", [](cn_loss_desc& d) { d.ignores_class = 1; });
    refused(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, "ignores_class is 2", [](cn_loss_desc& d) { d.ignores_class = 2; });
    refused(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, "ignored_class is 3", [](cn_loss_desc& d) { d.ignored_class = 3; });
    refused(CN_LOSS_HINGE, "reserved is 1", [](cn_loss_desc& d) { d.reserved = 1; });
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
        test_losses(device);
        test_facts(device);
        test_edges(device);
        test_probabilities(device, 5);
        test_probabilities(device, 300);
        for (int32_t from_logits = 0; from_logits <= 1; ++from_logits) {
            test_ignored(device, from_logits, 255, 7, 3);
            test_ignored(device, from_logits, -1, 400, 1);
            test_ignored(device, from_logits, 2, 40, 20);
        }
        test_all_ignored(device);
        test_refusals(device);
    });
    return check::result();
}
