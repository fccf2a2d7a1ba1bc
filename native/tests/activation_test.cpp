// Activations and softmax against double precision, derivatives against differences; the same bits for any number of threads and any
// schedule.
#include "activation_reference.h"
#include "refusal.h"

#include <algorithm>

using namespace device;

namespace {

using reference::Activation;

// Every activation, with parameters that differ from the usual ones.
const Activation Activations[] = {{CN_ACTIVATION_LINEAR},
                                  {CN_ACTIVATION_RELU},
                                  {CN_ACTIVATION_SIGMOID},
                                  {CN_ACTIVATION_TANH},
                                  {CN_ACTIVATION_ELU, 1.5},
                                  {CN_ACTIVATION_ELU, 0},
                                  {CN_ACTIVATION_SELU},
                                  {CN_ACTIVATION_SOFTPLUS},
                                  {CN_ACTIVATION_SOFTSIGN},
                                  {CN_ACTIVATION_HARD_SIGMOID},
                                  {CN_ACTIVATION_EXPONENTIAL},
                                  {CN_ACTIVATION_LEAKY_RELU, 0.25},
                                  {CN_ACTIVATION_LEAKY_RELU, 0},
                                  {CN_ACTIVATION_RELU6},
                                  {CN_ACTIVATION_CELU, 0.5},
                                  {CN_ACTIVATION_HARD_TANH},
                                  {CN_ACTIVATION_LOG_SIGMOID},
                                  {CN_ACTIVATION_SQUAREPLUS, 4},
                                  {CN_ACTIVATION_SQUAREPLUS, 0},
                                  {CN_ACTIVATION_SILU},
                                  {CN_ACTIVATION_GELU},
                                  {CN_ACTIVATION_GELU_TANH},
                                  {CN_ACTIVATION_MISH},
                                  {CN_ACTIVATION_HARD_SILU},
                                  {CN_ACTIVATION_TANH_SHRINK},
                                  {CN_ACTIVATION_SOFT_SHRINK, 0.5},
                                  {CN_ACTIVATION_HARD_SHRINK, 0.75},
                                  {CN_ACTIVATION_SPARSE_PLUS},
                                  {CN_ACTIVATION_SPARSE_SIGMOID},
                                  {CN_ACTIVATION_CLIPPED_RELU, 0.25, 6, 0.5},
                                  {CN_ACTIVATION_CLIPPED_RELU, 0, INFINITY, -1},
                                  {CN_ACTIVATION_THRESHOLD, 0, 0, 0.5, 0.5},
                                  {CN_ACTIVATION_THRESHOLD, 0, 0, -1, -3}};

bool from_input(const Activation& a) {
    return a.kind >= CN_ACTIVATION_SILU;
}

cn_activation_desc desc_of(const Activation& a, int64_t batch, int64_t count, int gradient_mode) {
    return {0,
            a.kind,
            batch,
            count,
            gradient_mode,
            static_cast<float>(a.alpha),
            static_cast<float>(a.upper),
            static_cast<float>(a.threshold),
            static_cast<float>(a.value),
            0};
}

// f'(x) by differences; NaN where there is none, at a kink or beyond the range of floats.
double slope_at(const Activation& a, double x) {
    double at = reference::finite(x), step = 1e-7 * std::fmax(1, std::fabs(at));
    double before = reference::activate(a, at - step), here = reference::activate(a, at), after = reference::activate(a, at + step);
    double slope = (after - before) / (2 * step);
    bool kink = std::fabs(after - 2 * here + before) > 1e-6 * step * std::fmax(1, std::fabs(slope));
    return kink || std::fabs(here) > 1e38 * std::fmax(1, std::fabs(at)) ? NAN : slope;
}

void test_activation(const Device& device, const Activation& a, int64_t rows, int64_t count, int gradient_mode, size_t shift = 0) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        check::scope += ", activation " + std::to_string(a.kind);
        Op op(cn_activation_create, context, desc_of(a, rows + 1, count, gradient_mode));
        State state(context, state_of(rows));
        Random random(7);
        std::vector<float> inputs = random.floats((rows + 1) * count, -9, 9), gradients = random.floats((rows + 1) * count);
        std::vector<float> old = random.floats((rows + 1) * count);
        Array<float> x(context, inputs, shift), y(context, old, shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_activation_forward(op, state, x, y));
        ok(cn_activation_backward(op, state, from_input(a) ? x.data() : nullptr, from_input(a) ? nullptr : y.data(), dy,
                                  gradient_mode == CN_GRADIENT_NONE ? nullptr : dx.data()));
        std::vector<float> actual = dx.values();
        std::vector<double> expected_y(old.begin(), old.end()), expected_dx(old.begin(), old.end());
        for (size_t i = 0; i < static_cast<size_t>(rows * count); ++i) {
            expected_y[i] = reference::activate(a, inputs[i]);
            double gradient = gradients[i] * slope_at(a, inputs[i]);
            if (gradient_mode != CN_GRADIENT_NONE) {
                expected_dx[i] = gradient_mode == CN_GRADIENT_ACCUMULATE ? expected_dx[i] + gradient : gradient;
                expected_dx[i] = std::isnan(gradient) ? static_cast<double>(actual[i]) : expected_dx[i];
            }
        }
        CHECK_CLOSE(expected_y, y, 1e-6, 3e-7);
        CHECK_CLOSE(expected_dx, dx, 2e-6, 8e-7);
        if (first) {
            first_y = y.values();
            first_dx = actual;
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

// What the values of an activation may be off, as a part of them and in all.
double relative_error(const Activation& a) {
    switch (a.kind) {
    case CN_ACTIVATION_LINEAR:
    case CN_ACTIVATION_RELU:
    case CN_ACTIVATION_SIGMOID:
    case CN_ACTIVATION_TANH:
        return 3.6e-7;              // 3 units
    case CN_ACTIVATION_TANH_SHRINK: // a small difference
        return 3e-6;
    case CN_ACTIVATION_GELU: // far to the left
    case CN_ACTIVATION_GELU_TANH:
        return 5e-5;
    default:
        return 1e-6;
    }
}

double absolute_error(const Activation& a) {
    switch (a.kind) {
    case CN_ACTIVATION_HARD_SIGMOID: // 0.2 is rounded
        return 1e-7;
    case CN_ACTIVATION_HARD_SILU:
    case CN_ACTIVATION_SPARSE_PLUS:
    case CN_ACTIVATION_SPARSE_SIGMOID:
        return 4e-7;
    default:
        return a.kind <= CN_ACTIVATION_TANH ? 1.2e-38 : 1.3e-36; // subnormal results are 0
    }
}

// Over the whole range and at its ends, the derivative too.
void test_accuracy(const Device& device) {
    Context context(device);
    std::vector<float> values = Random(3).floats(100000, -100, 100);
    std::vector<float> small = Random(4).floats(100000, -2, 2);
    values.insert(values.end(), small.begin(), small.end());
    const float special[] = {0.0f,   -0.0f,  1e-30f,  -1e-30f, 88.7f,  89.5f, -88.7f, -103.0f,  -1000.0f,  1000.0f,
                             0.625f, 100.0f, -100.0f, 1e30f,   -1e30f, 3e38f, -3e38f, INFINITY, -INFINITY, NAN};
    values.insert(values.end(), std::begin(special), std::end(special));
    auto count = static_cast<int64_t>(values.size());
    State state(context, state_of(1));
    Array<float> x(context, values), y(context, values.size()), dy(context, std::vector<float>(values.size(), 1.0f)),
        dx(context, values.size());
    std::string scope = check::scope;
    for (const Activation& a : Activations) {
        check::scope = scope + ", activation " + std::to_string(a.kind);
        Op op(cn_activation_create, context, desc_of(a, 1, count, CN_GRADIENT_OVERWRITE));
        ok(cn_activation_forward(op, state, x, y));
        ok(cn_activation_backward(op, state, from_input(a) ? x.data() : nullptr, from_input(a) ? nullptr : y.data(), dy, dx));
        std::vector<float> slopes = dx.values();
        std::vector<double> expected(values.size()), expected_slopes(values.size());
        for (size_t i = 0; i < values.size(); ++i) {
            expected[i] = static_cast<float>(reference::activate(a, values[i])); // which may be infinite
            double slope = std::isnan(values[i]) ? NAN : slope_at(a, values[i]);
            expected_slopes[i] = std::isnan(slope) ? static_cast<double>(slopes[i]) : slope;
        }
        CHECK_CLOSE(expected, y, relative_error(a), absolute_error(a));
        CHECK_CLOSE(expected_slopes, dx, 2e-6, 8e-7);
    }
    check::scope = scope;
}

// At kinks and bounds.
void test_kinks(const Device& device) {
    const struct {
        Activation activation;
        float x;
        double y, slope;
    } cases[] = {{{CN_ACTIVATION_RELU}, 0, 0, 0},
                 {{CN_ACTIVATION_ELU, 1.5}, 0, 0, 1.5},
                 {{CN_ACTIVATION_LEAKY_RELU, 0.25}, 0, 0, 0.25},
                 {{CN_ACTIVATION_CELU, 0.5}, 0, 0, 1},
                 {{CN_ACTIVATION_RELU6}, 0, 0, 0},
                 {{CN_ACTIVATION_RELU6}, 6, 6, 0},
                 {{CN_ACTIVATION_RELU6}, 5.99f, 5.99f, 1},
                 {{CN_ACTIVATION_RELU6}, 1e-7f, 1e-7f, 1},
                 {{CN_ACTIVATION_HARD_TANH}, -1, -1, 0},
                 {{CN_ACTIVATION_HARD_TANH}, 1, 1, 0},
                 {{CN_ACTIVATION_HARD_SIGMOID}, -2.5f, 0, 0},
                 {{CN_ACTIVATION_HARD_SIGMOID}, 2.5f, 1, 0},
                 {{CN_ACTIVATION_SOFT_SHRINK, 0.5}, 0.5f, 0, 0},
                 {{CN_ACTIVATION_SOFT_SHRINK, 0.5}, -0.75f, -0.25, 1},
                 {{CN_ACTIVATION_HARD_SHRINK, 0.5}, -0.5f, 0, 0},
                 {{CN_ACTIVATION_HARD_SHRINK, 0.5}, -0.75f, -0.75, 1},
                 {{CN_ACTIVATION_HARD_SILU}, -3, 0, 0},
                 {{CN_ACTIVATION_HARD_SILU}, 3, 3, 1},
                 {{CN_ACTIVATION_SPARSE_PLUS}, 1, 1, 1},
                 {{CN_ACTIVATION_SPARSE_SIGMOID}, 1, 1, 0},
                 {{CN_ACTIVATION_CLIPPED_RELU, 0.25, 6, 2}, 2, 0, 0.25},
                 {{CN_ACTIVATION_CLIPPED_RELU, 0.25, 6, 2}, -2, -1, 0.25},
                 {{CN_ACTIVATION_CLIPPED_RELU, 0.25, 6, 2}, 2.5f, 2.5, 1},
                 {{CN_ACTIVATION_CLIPPED_RELU, 0.25, 6, 2}, 6, 6, 0}};
    Context context(device);
    State state(context, state_of(1));
    for (const auto& one : cases) {
        bool input = from_input(one.activation);
        Op op(cn_activation_create, context, desc_of(one.activation, 1, 1, CN_GRADIENT_OVERWRITE));
        Array<float> x(context, std::vector<float>{one.x}), y(context, 1), dy(context, std::vector<float>{2.0f}), dx(context, 1);
        ok(cn_activation_forward(op, state, x, y));
        ok(cn_activation_backward(op, state, input ? x.data() : nullptr, input ? nullptr : y.data(), dy, dx));
        std::string what = "activation " + std::to_string(one.activation.kind) + " at " + std::to_string(one.x);
        check::close({one.y}, y, 0, 0, __FILE__, __LINE__, what.c_str());
        check::close({2 * one.slope}, dx, 0, 0, __FILE__, __LINE__, what.c_str());
    }
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_activation_desc elu = desc_of({CN_ACTIVATION_ELU, 1}, 2, 8, CN_GRADIENT_OVERWRITE);
    REFUSED(cn_activation_create, context, elu, d.activation = CN_ACTIVATION_THRESHOLD + 1, "activation is 28: it must be");
    REFUSED(cn_activation_create, context, elu, d.activation = -1, "activation is -1");
    REFUSED(cn_activation_create, context, elu, d.activation = CN_ACTIVATION_SELU, "alpha is 1: it must be 0 for activation 5");
    REFUSED(cn_activation_create, context, elu, d.alpha = -1, "alpha is -1: it must be finite and at least 0");
    REFUSED(cn_activation_create, context, elu, d.alpha = NAN, "alpha is nan");
    REFUSED(cn_activation_create, context, elu, d.alpha = INFINITY, "alpha is inf");
    REFUSED(cn_activation_create, context, elu, d.activation = CN_ACTIVATION_CELU; d.alpha = 0, "at least 1e-30");
    REFUSED(cn_activation_create, context, elu, d.upper = 6, "upper is 6: it must be 0");
    REFUSED(cn_activation_create, context, elu, d.threshold = 1, "threshold is 1: it must be 0");
    cn_activation_desc clipped = desc_of({CN_ACTIVATION_CLIPPED_RELU, 0.1, 6, 1}, 2, 8, CN_GRADIENT_OVERWRITE);
    REFUSED(cn_activation_create, context, clipped, d.upper = NAN, "upper is nan");
    REFUSED(cn_activation_create, context, clipped, d.threshold = INFINITY, "threshold is inf: it must be finite");
    REFUSED(cn_activation_create, context, clipped, d.value = 1, "value is 1: it must be 0");
    cn_activation_desc threshold = desc_of({CN_ACTIVATION_THRESHOLD, 0, 0, 1, 2}, 2, 8, CN_GRADIENT_OVERWRITE);
    REFUSED(cn_activation_create, context, threshold, d.threshold = NAN, "threshold is nan: it must be finite");
    REFUSED(cn_activation_create, context, threshold, d.value = INFINITY, "value is inf: it must be finite");
    REFUSED(cn_activation_create, context, threshold, d.upper = 1, "upper is 1: it must be 0");
    REFUSED(cn_activation_create, context, threshold, d.reserved = 1, "reserved is 1");
    Op by_output(cn_activation_create, context, elu), by_input(cn_activation_create, context, clipped);
    State state(context, state_of(2));
    Array<float> a(context, 16), b(context, 16);
    REFUSED_CALL(cn_activation_backward(by_output, state, a, a, a, b), "x must be null: the derivative of this activation is taken from y");
    REFUSED_CALL(cn_activation_backward(by_output, state, nullptr, nullptr, a, b), "y is null");
    REFUSED_CALL(cn_activation_backward(by_input, state, a, a, a, b), "y must be null: the derivative of this activation is taken from x");
    REFUSED_CALL(cn_activation_backward(by_input, state, nullptr, nullptr, a, b), "x is null");
}

void test_softmax(const Device& device, int64_t rows, int64_t positions, int64_t classes, double range) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_softmax_create, context, cn_softmax_desc{0, CN_GRADIENT_ACCUMULATE, rows, positions, classes, 0, 0});
        State state(context, state_of(rows));
        Random random(11);
        int64_t count = rows * positions * classes;
        std::vector<float> inputs = random.floats(count, -range, range), gradients = random.floats(count), old = random.floats(count);
        Array<float> x(context, inputs), y(context, x.size()), dy(context, gradients), dx(context, old);
        ok(cn_softmax_forward(op, state, x, y));
        ok(cn_softmax_backward(op, state, y, dy, dx));
        std::vector<float> outputs = y.values();
        std::vector<double> expected_y(x.size()), expected_dx(x.size());
        for (int64_t start = 0; start < count; start += classes) {
            double largest = -INFINITY, sum = 0, dot = 0;
            for (int64_t i = start; i < start + classes; ++i) {
                largest = std::fmax(largest, inputs[i]);
            }
            for (int64_t i = start; i < start + classes; ++i) {
                sum += std::exp(inputs[i] - largest);
            }
            for (int64_t i = start; i < start + classes; ++i) {
                expected_y[static_cast<size_t>(i)] = std::exp(inputs[i] - largest) / sum;
                dot += static_cast<double>(outputs[i]) * static_cast<double>(gradients[i]);
            }
            for (int64_t i = start; i < start + classes; ++i) {
                expected_dx[static_cast<size_t>(i)] = old[static_cast<size_t>(i)] + outputs[i] * (gradients[i] - dot);
            }
        }
        CHECK_CLOSE(expected_y, y, 1e-6 + range * 1.2e-7, 1.2e-38); // x - max is rounded before exp magnifies it
        CHECK_CLOSE(expected_dx, dx, 1e-6, 1e-6);
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

// y of a row, and what its gradient is for the given dy.
void log_softmax_row(const float* x, const float* dy, int64_t classes, double* y, double* dx) {
    double largest = -INFINITY, sum = 0, total = 0;
    for (int64_t i = 0; i < classes; ++i) {
        largest = std::fmax(largest, x[i]);
        total += dy[i];
    }
    for (int64_t i = 0; i < classes; ++i) {
        sum += std::exp(x[i] - largest);
    }
    for (int64_t i = 0; i < classes; ++i) {
        y[i] = x[i] - largest - std::log(sum);
        dx[i] = dy[i] - std::exp(y[i]) * total;
    }
}

void sparsemax_row(const float* x, const float* dy, int64_t classes, double* y, double* dx) {
    std::vector<double> sorted(x, x + classes);
    std::sort(sorted.rbegin(), sorted.rend());
    double sum = 0, tau = 0, mean = 0, count = 0;
    for (int64_t k = 1; k <= classes; ++k) {
        double value = sorted[static_cast<size_t>(k) - 1];
        sum += value;
        tau = 1 + static_cast<double>(k) * value > sum ? (sum - 1) / static_cast<double>(k) : tau;
    }
    for (int64_t i = 0; i < classes; ++i) {
        y[i] = std::fmax(x[i] - tau, 0);
        mean += y[i] > 0 ? dy[i] : 0;
        count += y[i] > 0 ? 1 : 0;
    }
    for (int64_t i = 0; i < classes; ++i) {
        dx[i] = y[i] > 0 ? dy[i] - mean / count : 0;
    }
}

void test_row_function(const Device& device, int32_t function, int64_t rows, int64_t classes, double range) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_softmax_create, context, cn_softmax_desc{0, CN_GRADIENT_ACCUMULATE, rows, 1, classes, function, 0});
        State state(context, state_of(rows));
        Random random(11);
        int64_t count = rows * classes;
        std::vector<float> inputs = random.floats(count, -range, range), gradients = random.floats(count), old = random.floats(count);
        Array<float> x(context, inputs), dy(context, gradients), dx(context, old);
        ok(cn_softmax_forward(op, state, x, x));
        ok(cn_softmax_backward(op, state, x, dy, dx));
        std::vector<double> expected_y(inputs.size()), expected_dx(inputs.size());
        for (int64_t start = 0; start < count; start += classes) {
            auto* row = function == CN_SOFTMAX_FUNCTION_SPARSEMAX ? sparsemax_row : log_softmax_row;
            row(inputs.data() + start, gradients.data() + start, classes, expected_y.data() + start, expected_dx.data() + start);
        }
        for (size_t i = 0; i < old.size(); ++i) {
            expected_dx[i] += old[i];
        }
        CHECK_CLOSE(expected_y, x, 1e-6, range * 1e-6);
        CHECK_CLOSE(expected_dx, dx, 1e-5, 2e-6);
        if (first) {
            first_y = x.values();
            first_dx = dx.values();
        }
        CHECK(x.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

void test_glu(const Device& device, int64_t rows, int64_t positions, int64_t units, size_t shift) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_glu_create, context, cn_glu_desc{0, CN_GRADIENT_ACCUMULATE, rows + 1, positions, units});
        State state(context, state_of(rows));
        Random random(13);
        int64_t count = rows * positions * units;
        std::vector<float> inputs = random.floats(2 * count, -5, 5), gradients = random.floats(count), old = random.floats(2 * count);
        Array<float> x(context, inputs, shift), y(context, gradients.size(), shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_glu_forward(op, state, x, y));
        ok(cn_glu_backward(op, state, x, dy, dx));
        std::vector<double> expected_y(gradients.size()), expected_dx(inputs.size());
        for (int64_t i = 0; i < count; ++i) {
            auto a = static_cast<size_t>(i + i / units * units), b = a + static_cast<size_t>(units), o = static_cast<size_t>(i);
            double gate = 1 / (1 + std::exp(-static_cast<double>(inputs[b])));
            expected_y[o] = inputs[a] * gate;
            expected_dx[a] = old[a] + gradients[o] * gate;
            expected_dx[b] = old[b] + gradients[o] * inputs[a] * gate * (1 - gate);
        }
        CHECK_CLOSE(expected_y, y, 1e-6, 1e-6);
        CHECK_CLOSE(expected_dx, dx, 1e-6, 1e-6);
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        for (const Activation& a : Activations) {
            test_activation(device, a, 3, 37, CN_GRADIENT_OVERWRITE);
            test_activation(device, a, 1, 1, CN_GRADIENT_NONE);
            test_activation(device, a, 2, 20, CN_GRADIENT_ACCUMULATE);
            test_activation(device, a, 2, 40, CN_GRADIENT_OVERWRITE, 1);
        }
        test_activation(device, {CN_ACTIVATION_TANH}, 7, 16384, CN_GRADIENT_ACCUMULATE);
        test_activation(device, {CN_ACTIVATION_MISH}, 7, 16384, CN_GRADIENT_ACCUMULATE);
        test_kinks(device);
        test_refusals(device);
        test_accuracy(device);
        test_softmax(device, 1, 1, 1, 3);
        test_softmax(device, 5, 3, 10, 3);
        test_softmax(device, 700, 2, 16, 30);
        test_softmax(device, 3, 1, 5001, 60);
        for (int32_t function : {CN_SOFTMAX_FUNCTION_LOG_SOFTMAX, CN_SOFTMAX_FUNCTION_SPARSEMAX}) {
            test_row_function(device, function, 1, 1, 3);
            test_row_function(device, function, 300, 10, 2);
            test_row_function(device, function, 7, 33, 0.1);
            test_row_function(device, function, 3, 5001, 20);
        }
        test_glu(device, 1, 1, 1, 0);
        test_glu(device, 5, 3, 10, 0);
        test_glu(device, 3, 2, 16, 1);
        test_glu(device, 2, 3, 8000, 0);
    });
    return check::result();
}
