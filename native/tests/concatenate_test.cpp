// Concatenation against plain loops: exact, for any lengths, gradient modes and alignment.
#include "refusal.h"

#include <memory>

using namespace device;

namespace {

cn_concatenate_desc desc_of(int inputs, int64_t batch, int64_t outer, const int64_t (&lengths)[4], const int (&modes)[4]) {
    cn_concatenate_desc d{};
    d.inputs = inputs;
    d.batch = batch;
    d.outer = outer;
    d.length_0 = lengths[0], d.length_1 = lengths[1], d.length_2 = lengths[2], d.length_3 = lengths[3];
    d.gradient_0 = modes[0], d.gradient_1 = modes[1], d.gradient_2 = modes[2], d.gradient_3 = modes[3];
    return d;
}

constexpr int None = CN_GRADIENT_NONE, Overwrite = CN_GRADIENT_OVERWRITE, Accumulate = CN_GRADIENT_ACCUMULATE;

// Arrays have one row more than the batch, which stays as it is.
void test_concatenate(const Device& device, int inputs, int64_t rows, int64_t outer, const int64_t (&lengths)[4], const int (&modes)[4],
                      size_t shift) {
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_concatenate_create, context, desc_of(inputs, rows + 1, outer, lengths, modes));
        State state(context, state_of(rows));
        Random random(23);
        int64_t width = lengths[0] + lengths[1] + lengths[2] + lengths[3], all = rows + 1;
        std::vector<float> old_y = random.whole(all * outer * width, -9, 9), gradients = random.whole(all * outer * width, -9, 9);
        gradients[0] = NAN;
        std::vector<float> values[4], old[4];
        std::unique_ptr<Array<float>> x[4], dx[4];
        for (int i = 0; i < inputs; ++i) {
            values[i] = random.whole(all * outer * lengths[i], -9, 9);
            values[i][0] = i % 2 == 0 ? NAN : -INFINITY;
            old[i] = random.whole(all * outer * lengths[i], -9, 9);
            x[i] = std::make_unique<Array<float>>(context, values[i], shift);
            dx[i] = std::make_unique<Array<float>>(context, old[i], shift);
        }
        Array<float> y(context, old_y, shift), dy(context, gradients, shift);
        auto input = [&](int i) { return i < inputs ? x[i]->data() : nullptr; };
        auto target = [&](int i) { return modes[i] != None ? dx[i]->data() : nullptr; };
        ok(cn_concatenate_forward(op, state, input(0), input(1), input(2), input(3), y));
        ok(cn_concatenate_backward(op, state, dy, target(0), target(1), target(2), target(3)));
        std::vector<double> expected(old_y.begin(), old_y.end());
        int64_t start = 0;
        for (int i = 0; i < inputs; ++i) {
            std::vector<double> expected_dx(old[i].begin(), old[i].end());
            for (int64_t row = 0; row < rows * outer; ++row) {
                for (int64_t c = 0; c < lengths[i]; ++c) {
                    auto at = static_cast<size_t>(row * width + start + c), from = static_cast<size_t>(row * lengths[i] + c);
                    expected[at] = static_cast<double>(values[i][from]);
                    if (modes[i] != None) {
                        expected_dx[from] = (modes[i] == Accumulate ? expected_dx[from] : 0.0) + static_cast<double>(gradients[at]);
                    }
                }
            }
            CHECK_CLOSE(expected_dx, *dx[i], 0, 0);
            start += lengths[i];
        }
        CHECK_CLOSE(expected, y, 0, 0);
    });
}

// x beside itself: its gradient is the sum of both parts.
void test_shared_arrays(const Device& device, int64_t length) {
    for_each_variant(device, [&](cn_context* context, bool) {
        constexpr int64_t Rows = 3, Outer = 7;
        Op op(cn_concatenate_create, context, desc_of(3, Rows, Outer, {length, 4, length, 0}, {Overwrite, None, Accumulate, None}));
        State state(context, state_of(Rows));
        Random random(29);
        std::vector<float> values = random.whole(Rows * Outer * length, -9, 9), other = random.whole(Rows * Outer * 4, -9, 9);
        int64_t width = 2 * length + 4;
        std::vector<float> gradients = random.whole(Rows * Outer * width, -9, 9);
        Array<float> x(context, values), b(context, other), y(context, gradients.size()), dy(context, gradients), dx(context, values);
        ok(cn_concatenate_forward(op, state, x, b, x, nullptr, y));
        ok(cn_concatenate_backward(op, state, dy, dx, nullptr, dx, nullptr));
        std::vector<double> expected(gradients.size()), expected_dx(values.size());
        for (int64_t row = 0; row < Rows * Outer; ++row) {
            for (int64_t c = 0; c < width; ++c) {
                int64_t second = c - length - 4;
                auto from = static_cast<size_t>(row * length + (second >= 0 ? second : c));
                bool middle = c >= length && second < 0;
                expected[static_cast<size_t>(row * width + c)] = middle ? other[static_cast<size_t>(row * 4 + c - length)] : values[from];
                if (!middle) {
                    expected_dx[from] += gradients[static_cast<size_t>(row * width + c)];
                }
            }
        }
        CHECK_CLOSE(expected, y, 0, 0);
        CHECK_CLOSE(expected_dx, dx, 0, 0);
    });
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_concatenate_desc d = desc_of(2, 2, 3, {4, 5, 0, 0}, {Overwrite, None, None, None});
    REFUSED(cn_concatenate_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_concatenate_create, context, d, d.inputs = 1, "inputs is 1: it must be from 2 to 4");
    REFUSED(cn_concatenate_create, context, d, d.inputs = 5, "inputs is 5");
    REFUSED(cn_concatenate_create, context, d, d.inputs = 3, "length_2 is 0");
    REFUSED(cn_concatenate_create, context, d, d.length_1 = -1, "length_1 is -1");
    REFUSED(cn_concatenate_create, context, d, d.length_2 = 1, "length_2 is 1: it must be from 0 to 0: there are fewer inputs");
    REFUSED(cn_concatenate_create, context, d, d.length_0 = int64_t{1} << 31, "length_0 is 2147483648");
    REFUSED(cn_concatenate_create, context, d, d.length_0 = d.length_1 = 1 << 30, "the sum of lengths is 2147483648");
    REFUSED(cn_concatenate_create, context, d, d.gradient_0 = 3, "gradient_0 is 3");
    REFUSED(cn_concatenate_create, context, d, d.gradient_2 = 1, "gradient_2 is 1");
    REFUSED(cn_concatenate_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_concatenate_create, context, d, d.outer = 0, "outer is 0");
    REFUSED(cn_concatenate_create, context, d, d.outer = int64_t{1} << 49, "has more than the limit");
    Op op(cn_concatenate_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 64), b(context, 64), c(context, 64);
    REFUSED_CALL(cn_concatenate_forward(op, state, a, nullptr, nullptr, nullptr, c), "x_1 is null");
    REFUSED_CALL(cn_concatenate_forward(op, state, a, b, a, nullptr, c), "x_2 must be null");
    REFUSED_CALL(cn_concatenate_forward(op, state, a, b, nullptr, nullptr, nullptr), "y is null");
    REFUSED_CALL(cn_concatenate_backward(op, state, nullptr, a, nullptr, nullptr, nullptr), "dy is null");
    REFUSED_CALL(cn_concatenate_backward(op, state, c, nullptr, nullptr, nullptr, nullptr), "dx_0 is null");
    REFUSED_CALL(cn_concatenate_backward(op, state, c, a, b, nullptr, nullptr), "dx_1 must be null");
    CHECK(a.same_bits(std::vector<float>(64)) && c.same_bits(std::vector<float>(64)));
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_concatenate(device, 2, 1, 1, {1, 1, 0, 0}, {Overwrite, Overwrite, None, None}, 0);
        test_concatenate(device, 2, 3, 25, {16, 32, 0, 0}, {Overwrite, Accumulate, None, None}, 0);
        test_concatenate(device, 3, 2, 5, {7, 12, 1, 0}, {Accumulate, None, Overwrite, None}, 0);
        test_concatenate(device, 4, 2, 9, {4, 8, 12, 20}, {None, Accumulate, Overwrite, Overwrite}, 1);
        test_concatenate(device, 4, 2, 1, {20000, 4, 16384, 8}, {Overwrite, Overwrite, Accumulate, None}, 0);
        test_concatenate(device, 3, 2, 1, {5, 33000, 2, 0}, {Overwrite, Overwrite, Accumulate, None}, 0);
        test_concatenate(device, 2, 2, 3, {4, 4, 0, 0}, {None, None, None, None}, 0);
        test_shared_arrays(device, 8);
        test_shared_arrays(device, 5);
        test_shared_arrays(device, 3000);
        test_refusals(device);
    });
    return check::result();
}
