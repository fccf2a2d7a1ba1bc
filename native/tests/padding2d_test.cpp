// Zero padding and cropping against plain loops: exact, on all sides, with every gradient mode.
#include "refusal.h"

#include <algorithm>

using namespace device;

namespace {

cn_padding2d_desc desc_of(int mode, int64_t batch, int64_t height, int64_t width, int64_t channels, int64_t output_height,
                          int64_t output_width, int64_t top, int64_t left) {
    return {0, mode, batch, height, width, channels, output_height, output_width, top, left};
}

// Arrays have one row more than the batch, which stays as it is.
void test_padding(const Device& device, const cn_padding2d_desc& d, size_t shift) {
    for_each_variant(device, [&](cn_context* context, bool) {
        int64_t rows = d.batch - 1;
        Op op(cn_padding2d_create, context, d);
        State state(context, state_of(rows));
        Random random(31);
        int64_t inputs = d.batch * d.input_height * d.input_width * d.channels;
        int64_t outputs = d.batch * d.output_height * d.output_width * d.channels;
        std::vector<float> values = random.whole(inputs, -9, 9), old_y = random.whole(outputs, -9, 9);
        std::vector<float> gradients = random.whole(outputs, -9, 9), old = random.whole(inputs, -9, 9);
        values[static_cast<size_t>(random.next_int(0, inputs - 1))] = NAN; // what is cut off has no effect, even so
        Array<float> x(context, values, shift), y(context, old_y, shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_padding2d_forward(op, state, x, y));
        ok(cn_padding2d_backward(op, state, dy, d.input_gradient == CN_GRADIENT_NONE ? nullptr : dx.data()));
        std::vector<double> expected(old_y.begin(), old_y.end()), expected_dx(old.begin(), old.end());
        if (d.input_gradient == CN_GRADIENT_OVERWRITE) {
            std::fill(expected_dx.begin(), expected_dx.end() - d.input_height * d.input_width * d.channels, 0.0);
        }
        for (int64_t o = 0; o < outputs / d.batch * rows; ++o) {
            int64_t c = o % d.channels, column = o / d.channels % d.output_width - d.pad_left;
            int64_t row = o / d.channels / d.output_width % d.output_height - d.pad_top;
            int64_t sample = o / d.channels / d.output_width / d.output_height;
            bool inside = row >= 0 && row < d.input_height && column >= 0 && column < d.input_width;
            auto i = static_cast<size_t>(((sample * d.input_height + row) * d.input_width + column) * d.channels + c);
            expected[static_cast<size_t>(o)] = inside ? static_cast<double>(values[i]) : 0.0;
            if (inside && d.input_gradient != CN_GRADIENT_NONE) {
                expected_dx[i] += static_cast<double>(gradients[static_cast<size_t>(o)]);
            }
        }
        CHECK_CLOSE(expected, y, 0, 0);
        CHECK_CLOSE(expected_dx, dx, 0, 0);
    });
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_padding2d_desc d = desc_of(CN_GRADIENT_OVERWRITE, 2, 4, 5, 3, 6, 7, 1, 1);
    REFUSED(cn_padding2d_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_padding2d_create, context, d, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(cn_padding2d_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_padding2d_create, context, d, d.input_height = 0, "input_height is 0");
    REFUSED(cn_padding2d_create, context, d, d.input_width = -1, "input_width is -1");
    REFUSED(cn_padding2d_create, context, d, d.channels = int64_t{1} << 31, "channels is 2147483648");
    REFUSED(cn_padding2d_create, context, d, d.output_height = 0, "output_height is 0");
    REFUSED(cn_padding2d_create, context, d, d.output_width = 0, "output_width is 0");
    REFUSED(cn_padding2d_create, context, d, d.pad_top = 6, "pad_top is 6: it must be from -3 to 5, so that a row of x is left");
    REFUSED(cn_padding2d_create, context, d, d.pad_top = -4, "pad_top is -4");
    REFUSED(cn_padding2d_create, context, d, d.pad_left = 7, "pad_left is 7: it must be from -4 to 6");
    REFUSED(cn_padding2d_create, context, d, d.pad_left = -5, "pad_left is -5");
    REFUSED(cn_padding2d_create, context, d, d.batch = d.input_height = INT32_MAX, "x, batch 2147483647");
    REFUSED(cn_padding2d_create, context, d, d.output_height = d.output_width = INT32_MAX, "y, batch 2");
    Op op(cn_padding2d_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 300);
    REFUSED_CALL(cn_padding2d_forward(op, state, nullptr, a), "x is null");
    REFUSED_CALL(cn_padding2d_forward(op, state, a, nullptr), "y is null");
    REFUSED_CALL(cn_padding2d_backward(op, state, nullptr, a), "dy is null");
    REFUSED_CALL(cn_padding2d_backward(op, state, a, nullptr), "dx is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        constexpr int Overwrite = CN_GRADIENT_OVERWRITE, Accumulate = CN_GRADIENT_ACCUMULATE;
        test_padding(device, desc_of(Overwrite, 3, 4, 5, 3, 6, 7, 1, 1), 0);
        test_padding(device, desc_of(Accumulate, 3, 4, 5, 8, 9, 6, 3, 0), 0);
        test_padding(device, desc_of(Overwrite, 2, 9, 7, 4, 5, 4, -2, -1), 0); // cropping
        test_padding(device, desc_of(Accumulate, 2, 9, 7, 5, 5, 4, -2, -1), 0);
        test_padding(device, desc_of(Overwrite, 3, 6, 6, 12, 5, 9, 2, -3), 1);  // both, unaligned
        test_padding(device, desc_of(Accumulate, 3, 6, 6, 12, 9, 5, -5, 4), 0); // one row and one column are left
        test_padding(device, desc_of(CN_GRADIENT_NONE, 2, 1, 1, 1, 1, 1, 0, 0), 0);
        test_padding(device, desc_of(Overwrite, 2, 20, 300, 16, 24, 304, 2, 2), 0);
        test_refusals(device);
    });
    return check::result();
}
