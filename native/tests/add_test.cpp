// Sums of inputs against plain loops: 2 to 4 of them, every gradient mode, activations, arrays that are one and the same.
#include "activation_reference.h"
#include "refusal.h"

#include <memory>

using namespace device;

namespace {

cn_add_desc desc_of(int activation, int inputs, int64_t batch, int64_t count) {
    cn_add_desc d{};
    d.activation = activation;
    d.batch = batch;
    d.count = count;
    d.inputs = inputs;
    return d;
}

// `whole`: small whole numbers, for which everything but sigmoid and tanh is exact. `modes` are those of the inputs.
void test_add(const Device& device, int activation, int inputs, int64_t rows, int64_t count, bool whole, const int (&modes)[4],
              size_t shift) {
    std::vector<float> first_y, first_dx[4];
    for_each_variant(device, [&](cn_context* context, bool first) {
        cn_add_desc d = desc_of(activation, inputs, rows + 2, count);
        d.gradient_0 = modes[0], d.gradient_1 = modes[1], d.gradient_2 = modes[2], d.gradient_3 = modes[3];
        Op op(cn_add_create, context, d);
        State state(context, state_of(rows));
        Random random(17);
        auto size = static_cast<size_t>(rows * count);
        auto numbers = [&] { return whole ? random.whole(rows * count, -9, 9) : random.floats(rows * count, -2, 2); };
        std::vector<float> values[4], old[4], gradients = numbers();
        std::unique_ptr<Array<float>> x[4], dx[4];
        for (int i = 0; i < 4; ++i) {
            values[i] = numbers();
            old[i] = numbers();
            x[i] = std::make_unique<Array<float>>(context, values[i], shift);
            dx[i] = std::make_unique<Array<float>>(context, old[i], shift);
        }
        Array<float> y(context, size, shift), dy(context, gradients, shift);
        auto input = [&](int i) { return i < inputs ? x[i]->data() : nullptr; };
        auto target = [&](int i) { return modes[i] != CN_GRADIENT_NONE ? dx[i]->data() : nullptr; };
        ok(cn_add_forward(op, state, input(0), input(1), input(2), input(3), y));
        bool linear = activation == CN_ACTIVATION_LINEAR;
        ok(cn_add_backward(op, state, linear ? nullptr : y.data(), dy, target(0), target(1), target(2), target(3)));
        std::vector<double> expected(size);
        for (size_t e = 0; e < size; ++e) {
            for (int i = 0; i < inputs; ++i) {
                expected[e] += values[i][e];
            }
            expected[e] = reference::activate({activation}, expected[e]);
        }
        bool exact = whole && activation <= CN_ACTIVATION_RELU;
        CHECK_CLOSE(expected, y, exact ? 0 : 2e-6, exact ? 0 : 1e-6);
        std::vector<float> outputs = y.values();
        for (int i = 0; i < 4; ++i) {
            for (size_t e = 0; e < size; ++e) {
                double gradient = gradients[e] * reference::derivative_from_output({activation}, outputs[e]);
                expected[e] = modes[i] == CN_GRADIENT_NONE         ? old[i][e]
                              : modes[i] == CN_GRADIENT_ACCUMULATE ? old[i][e] + gradient
                                                                   : gradient;
            }
            CHECK_CLOSE(expected, *dx[i], exact ? 0 : 2e-6, exact ? 0 : 1e-6);
            if (first) {
                first_dx[i] = dx[i]->values();
            }
            CHECK(dx[i]->same_bits(first_dx[i]));
        }
        if (first) {
            first_y = y.values();
        }
        CHECK(y.same_bits(first_y));
    });
}

// Rows beyond those of the batch are left alone, in place and where inputs or gradients are one array.
void test_shared_arrays(const Device& device) {
    for_each_variant(device, [&](cn_context* context, bool) {
        constexpr int64_t Count = 37, Rows = 2;
        cn_add_desc d = desc_of(CN_ACTIVATION_RELU, 3, Rows + 1, Count);
        d.gradient_0 = CN_GRADIENT_OVERWRITE, d.gradient_1 = CN_GRADIENT_ACCUMULATE, d.gradient_2 = CN_GRADIENT_OVERWRITE;
        Op op(cn_add_create, context, d);
        State state(context, state_of(Rows));
        Random random(19);
        std::vector<float> a_values = random.whole((Rows + 1) * Count, -9, 9), b_values = random.whole((Rows + 1) * Count, -9, 9);
        std::vector<float> gradients = random.whole((Rows + 1) * Count, -9, 9);
        Array<float> a(context, a_values), b(context, b_values), dy(context, gradients), dx(context, a_values);
        ok(cn_add_forward(op, state, a, b, a, nullptr, a));         // a = relu(a + b + a)
        ok(cn_add_backward(op, state, a, dy, dx, dx, dy, nullptr)); // dx = 2 g, dy = g
        std::vector<double> y(a_values.begin(), a_values.end()), dxs = y, dys(gradients.begin(), gradients.end());
        for (size_t e = 0; e < Rows * Count; ++e) {
            y[e] = std::fmax(0.0, 2.0 * a_values[e] + b_values[e]);
            dys[e] = y[e] > 0 ? dys[e] : 0;
            dxs[e] = 2 * dys[e];
        }
        CHECK_CLOSE(y, a, 0, 0);
        CHECK_CLOSE(dys, dy, 0, 0);
        CHECK_CLOSE(dxs, dx, 0, 0);
        CHECK(b.same_bits(b_values));
    });
}

void test_not_finite(const Device& device) {
    Context context(device);
    cn_add_desc d = desc_of(CN_ACTIVATION_RELU, 2, 1, 4);
    d.gradient_1 = CN_GRADIENT_OVERWRITE;
    Op op(cn_add_create, context, d);
    State state(context, state_of(1));
    Array<float> a(context, {NAN, INFINITY, -INFINITY, -0.0f}), b(context, {1, -INFINITY, 3, -0.0f}), y(context, 4), dx(context, 4);
    ok(cn_add_forward(op, state, a, b, nullptr, nullptr, y));
    ok(cn_add_backward(op, state, y, b, nullptr, dx, nullptr, nullptr));
    CHECK_CLOSE((std::vector<double>{NAN, NAN, 0, 0}), y, 0, 0);
    CHECK_CLOSE((std::vector<double>{1, -INFINITY, 0, 0}), dx, 0, 0); // behind a NaN the gradient passes
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_add_desc d = desc_of(CN_ACTIVATION_RELU, 3, 2, 8);
    d.gradient_0 = CN_GRADIENT_OVERWRITE, d.gradient_2 = CN_GRADIENT_OVERWRITE;
    REFUSED(cn_add_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_add_create, context, d, d.activation = -1, "activation is -1");
    REFUSED(cn_add_create, context, d, d.activation = 1000, "activation is 1000");
    REFUSED(cn_add_create, context, d, d.activation_alpha = 1, "activation_alpha is 1: it must be 0 for activation 1");
    REFUSED(cn_add_create, context, d, (d.activation = CN_ACTIVATION_ELU, d.activation_alpha = -1), "activation_alpha is -1");
    REFUSED(cn_add_create, context, d, d.activation = CN_ACTIVATION_MISH, "activation is 19: its derivative is not in y");
    REFUSED(cn_add_create, context, d, d.inputs = 1, "inputs is 1: it must be from 2 to 4");
    REFUSED(cn_add_create, context, d, d.inputs = 5, "inputs is 5");
    REFUSED(cn_add_create, context, d, d.inputs = 2, "gradient_2 is 1: it must be from 0 to 0: there are fewer inputs");
    REFUSED(cn_add_create, context, d, d.gradient_1 = 3, "gradient_1 is 3");
    REFUSED(cn_add_create, context, d, d.gradient_3 = 1, "gradient_3 is 1");
    REFUSED(cn_add_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_add_create, context, d, d.count = -1, "count is -1");
    REFUSED(cn_add_create, context, d, d.count = int64_t{1} << 50, "has more than the limit");
    Op op(cn_add_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 16), b(context, 16), c(context, 16), e(context, 16);
    REFUSED_CALL(cn_add_forward(op, state, a, b, nullptr, nullptr, c), "x_2 is null");
    REFUSED_CALL(cn_add_forward(op, state, a, b, c, a, c), "x_3 must be null: there are fewer inputs");
    REFUSED_CALL(cn_add_forward(op, state, a, b, c, nullptr, nullptr), "y is null");
    REFUSED_CALL(cn_add_backward(op, state, nullptr, b, a, nullptr, c, nullptr), "y is null");
    REFUSED_CALL(cn_add_backward(op, state, e, nullptr, a, nullptr, c, nullptr), "dy is null");
    REFUSED_CALL(cn_add_backward(op, state, e, b, a, c, c, nullptr), "dx_1 must be null: its gradient mode is CN_GRADIENT_NONE");
    REFUSED_CALL(cn_add_backward(op, state, e, b, a, nullptr, nullptr, nullptr), "dx_2 is null");
    REFUSED_CALL(cn_add_backward(op, state, e, b, a, nullptr, c, a), "dx_3 must be null");
    REFUSED_CALL(cn_add_backward(op, state, e, b, a, nullptr, a, nullptr), "dx_2 is dx_0");
    CHECK(a.same_bits(std::vector<float>(16)) && c.same_bits(std::vector<float>(16)));
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        constexpr int None = CN_GRADIENT_NONE, Overwrite = CN_GRADIENT_OVERWRITE, Accumulate = CN_GRADIENT_ACCUMULATE;
        for (int activation : {CN_ACTIVATION_LINEAR, CN_ACTIVATION_RELU, CN_ACTIVATION_SIGMOID, CN_ACTIVATION_TANH, CN_ACTIVATION_SELU,
                               CN_ACTIVATION_SOFTPLUS, CN_ACTIVATION_SOFTSIGN, CN_ACTIVATION_LOG_SIGMOID}) {
            test_add(device, activation, 2, 3, 37, true, {Overwrite, Accumulate, None, None}, 0);
            test_add(device, activation, 3, 2, 5000, true, {Accumulate, None, Overwrite, None}, 0);
            test_add(device, activation, 4, 3, 44, false, {Overwrite, Overwrite, Accumulate, Accumulate}, 1);
            test_add(device, activation, 4, 1, 1, false, {None, None, None, None}, 0);
        }
        test_add(device, CN_ACTIVATION_LINEAR, 2, 5, 12344, true, {Overwrite, Overwrite, None, None}, 0);
        test_shared_arrays(device);
        test_not_finite(device);
        test_refusals(device);
    });
    return check::result();
}
