// Activations and softmax against double precision; the same bits for any number of threads and any schedule.
#include "device.h"

using namespace device;

namespace {

double reference(int activation, double x) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case CN_ACTIVATION_SIGMOID:
        return 1 / (1 + std::exp(-x));
    case CN_ACTIVATION_TANH:
        return std::tanh(x);
    default:
        return x;
    }
}

double derivative(int activation, double y) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return y > 0 ? 1 : 0;
    case CN_ACTIVATION_SIGMOID:
        return y * (1 - y);
    case CN_ACTIVATION_TANH:
        return 1 - y * y;
    default:
        return 1;
    }
}

void test_activation(const Device& device, int activation, int64_t rows, int64_t count, int gradient_mode) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_activation_create, context, cn_activation_desc{0, activation, rows + 1, count, gradient_mode, 0});
        State state(context, state_of(rows));
        Random random(7);
        std::vector<float> inputs = random.floats(rows * count, -9, 9), gradients = random.floats(rows * count);
        std::vector<float> old = random.floats(rows * count);
        Array<float> x(context, inputs), y(context, x.size()), dy(context, gradients), dx(context, old);
        ok(cn_activation_forward(op, state, x, y));
        ok(cn_activation_backward(op, state, y, dy, gradient_mode == CN_GRADIENT_NONE ? nullptr : dx.data()));
        std::vector<float> outputs = y.values();
        std::vector<double> expected_y(x.size()), expected_dx(x.size());
        for (size_t i = 0; i < x.size(); ++i) {
            expected_y[i] = reference(activation, inputs[i]);
            double gradient = gradients[i] * derivative(activation, outputs[i]);
            expected_dx[i] = gradient_mode == CN_GRADIENT_NONE         ? old[i]
                             : gradient_mode == CN_GRADIENT_ACCUMULATE ? old[i] + gradient
                                                                       : gradient;
        }
        CHECK_CLOSE(expected_y, y, 4e-7, 1e-37);
        CHECK_CLOSE(expected_dx, dx, 1e-6, 1e-7);
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

// Within a few units in the last place, over the whole range and at its ends.
void test_accuracy(const Device& device) {
    Context context(device);
    std::vector<float> values = Random(3).floats(200000, -100, 100);
    std::vector<float> small = Random(4).floats(200000, -2, 2);
    values.insert(values.end(), small.begin(), small.end());
    const float special[] = {0.0f,    -0.0f,    1e-30f,  -1e-30f,  88.7f,     89.5f, -88.7f,
                             -103.0f, -1000.0f, 1000.0f, INFINITY, -INFINITY, NAN,   0.625f};
    values.insert(values.end(), std::begin(special), std::end(special));
    auto count = static_cast<int64_t>(values.size());
    State state(context, state_of(1));
    for (int activation = CN_ACTIVATION_LINEAR; activation <= CN_ACTIVATION_TANH; ++activation) {
        Op op(cn_activation_create, context, cn_activation_desc{0, activation, 1, count, CN_GRADIENT_NONE, 0});
        Array<float> x(context, values), y(context, values.size());
        ok(cn_activation_forward(op, state, x, y));
        std::vector<double> expected(values.size());
        for (size_t i = 0; i < values.size(); ++i) {
            expected[i] = std::isnan(values[i]) ? NAN : reference(activation, values[i]);
        }
        CHECK_CLOSE(expected, y, 3.6e-7, 1.2e-38); // 3 units; subnormal results are 0
    }
}

void test_softmax(const Device& device, int64_t rows, int64_t positions, int64_t classes, double range) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_softmax_create, context, cn_softmax_desc{0, CN_GRADIENT_ACCUMULATE, rows, positions, classes});
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

} // namespace

int main() {
    for_each_device([](const Device& device) {
        for (int activation = CN_ACTIVATION_LINEAR; activation <= CN_ACTIVATION_TANH; ++activation) {
            test_activation(device, activation, 3, 37, CN_GRADIENT_OVERWRITE);
            test_activation(device, activation, 1, 1, CN_GRADIENT_NONE);
            test_activation(device, activation, 7, 16384, CN_GRADIENT_ACCUMULATE);
            test_activation(device, activation, 2, 20, CN_GRADIENT_OVERWRITE);
            test_activation(device, activation, 2, 37, CN_GRADIENT_ACCUMULATE);
        }
        test_accuracy(device);
        test_softmax(device, 1, 1, 1, 3);
        test_softmax(device, 5, 3, 10, 3);
        test_softmax(device, 700, 2, 16, 30);
        test_softmax(device, 3, 1, 5001, 60);
    });
    return check::result();
}
