// Activity regularization: the penalty of a layer's output over the rows, in the loss and in the gradient.
#include "refusal.h"

using namespace device;

namespace {

constexpr int64_t Positions = 5;

// Of one row less than arrays and op have. With whole numbers and 1, 2 or 4 rows everything is exact.
void test(const Device& device, int64_t rows, int64_t count, int32_t mode, bool whole, size_t shift) {
    cn_activity_regularization_desc d{0, mode, rows + 1, count, Positions, whole ? 2.0f : 0.01f, whole ? 0.5f : 0.02f};
    Random random(7);
    int64_t elements = (rows + 1) * count;
    auto draw = [&] { return whole ? random.whole(elements, -9, 9) : random.floats(elements, -2, 2); };
    std::vector<float> inputs = draw(), gradients = draw(), old = draw();
    std::vector<double> expected_y(old.begin(), old.end()), expected_dx(old.begin(), old.end());
    auto l1 = static_cast<double>(d.l1), l2 = static_cast<double>(d.l2);
    double penalty = 0;
    for (size_t i = 0; i < static_cast<size_t>(rows * count); ++i) {
        double x = inputs[i], slope = (l1 * (x > 0 ? 1 : x < 0 ? -1 : 0) + 2 * l2 * x) / static_cast<double>(rows);
        penalty += l1 * std::fabs(x) + l2 * x * x;
        expected_y[i] = x;
        expected_dx[i] = (mode == CN_GRADIENT_ACCUMULATE ? expected_dx[i] : 0) + static_cast<double>(gradients[i]) + slope;
    }
    cn_metrics first_metrics{};
    std::vector<float> first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_activity_regularization_create, context, d);
        State state(context, state_of(rows));
        Metrics metrics(context, {10, 1, 6});
        Array<float> x(context, inputs, shift), y(context, old, shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_activity_regularization_forward(op, state, x, y, nullptr));
        CHECK(metrics.value().loss == 10);
        ok(cn_activity_regularization_forward(op, state, x, y, metrics));
        ok(cn_activity_regularization_backward(op, state, x, dy, mode == CN_GRADIENT_NONE ? nullptr : dx.data()));
        cn_metrics found = metrics.value();
        CHECK(std::fabs(found.loss - (10 + penalty * Positions)) <= 1e-12 * found.loss);
        CHECK(found.correct == 1 && found.count == 6);
        CHECK_CLOSE(expected_y, y, 0, 0);
        if (mode == CN_GRADIENT_NONE) {
            CHECK(dx.same_bits(old));
        } else {
            CHECK_CLOSE(expected_dx, dx, whole ? 0 : 1e-6, whole ? 0 : 1e-6);
        }
        if (first) {
            first_metrics = found;
            first_dx = dx.values();
        }
        CHECK(found.loss == first_metrics.loss && dx.same_bits(first_dx));
    });
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_activity_regularization_desc d{0, CN_GRADIENT_OVERWRITE, 2, 8, 1, 0.5f, 0.5f};
    REFUSED(cn_activity_regularization_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_activity_regularization_create, context, d, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(cn_activity_regularization_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_activity_regularization_create, context, d, d.count = 0, "count is 0");
    REFUSED(cn_activity_regularization_create, context, d, d.count = int64_t{1} << 50, "has more than the limit");
    REFUSED(cn_activity_regularization_create, context, d, d.positions = 0, "positions is 0");
    REFUSED(cn_activity_regularization_create, context, d, d.l1 = -1, "l1 is -1: it must be at least 0 and finite");
    REFUSED(cn_activity_regularization_create, context, d, d.l2 = NAN, "l2 is nan");
    Op op(cn_activity_regularization_create, context, d);
    State state(context, state_of(2));
    Metrics metrics(context, {});
    Array<float> a(context, 16);
    REFUSED_CALL(cn_activity_regularization_forward(op, state, nullptr, a, metrics), "x is null");
    REFUSED_CALL(cn_activity_regularization_forward(op, state, a, nullptr, metrics), "y is null");
    REFUSED_CALL(cn_activity_regularization_backward(op, state, nullptr, a, a), "x is null");
    REFUSED_CALL(cn_activity_regularization_backward(op, state, a, nullptr, a), "dy is null");
    REFUSED_CALL(cn_activity_regularization_backward(op, state, a, a, nullptr), "dx is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test(device, 1, 1, CN_GRADIENT_OVERWRITE, true, 0);
        test(device, 2, 103, CN_GRADIENT_ACCUMULATE, true, 1);
        test(device, 4, 12000, CN_GRADIENT_OVERWRITE, true, 0);
        test(device, 3, 1000, CN_GRADIENT_ACCUMULATE, false, 0);
        test(device, 3, 7, CN_GRADIENT_NONE, false, 0);
        test_refusals(device);
    });
    return check::result();
}
