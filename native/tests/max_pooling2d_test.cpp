// Max pooling against plain loops: windows that overlap, leave gaps, and reach over the edges; ties; NaN.
#include "device.h"

using namespace device;

namespace {

void test_pooling(const Device& device, int64_t rows, int64_t height, int64_t width, int64_t channels, cn_window w, int64_t output_height,
                  int64_t output_width, int gradient_mode) {
    std::vector<float> first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        cn_max_pooling2d_desc desc{0, gradient_mode, rows, height, width, channels, output_height, output_width, w};
        Op op(cn_max_pooling2d_create, context, desc);
        State state(context, state_of(rows));
        Random random(13);
        auto inputs = static_cast<size_t>(rows * height * width * channels);
        auto outputs = static_cast<size_t>(rows * output_height * output_width * channels);
        std::vector<float> x_values = random.whole(static_cast<int64_t>(inputs), -3, 3); // few values: many ties
        std::vector<float> dy_values = random.floats(static_cast<int64_t>(outputs)), old = random.floats(static_cast<int64_t>(inputs));
        Array<float> x(context, x_values), y(context, outputs), predicted(context, outputs), dy(context, dy_values), dx(context, old);
        Array<uint8_t> codes(context, outputs);
        std::vector<double> expected_y(outputs), expected_dx(inputs);
        for (size_t i = 0; i < inputs; ++i) {
            expected_dx[i] = gradient_mode == CN_GRADIENT_ACCUMULATE ? static_cast<double>(old[i]) : 0.0;
        }
        ok(cn_max_pooling2d_forward(op, state, x, y, codes));
        ok(cn_max_pooling2d_forward(op, state, x, predicted, nullptr));
        ok(cn_max_pooling2d_backward(op, state, codes, dy, dx));
        std::vector<uint8_t> cells = codes.values();
        bool codes_equal = true;
        for (int64_t o = 0; o < static_cast<int64_t>(outputs); ++o) {
            int64_t c = o % channels, ox = o / channels % output_width, oy = o / channels / output_width % output_height;
            int64_t n = o / channels / output_width / output_height;
            int64_t winner = -1, cell = 0;
            for (int64_t ky = 0; ky < w.height; ++ky) {
                for (int64_t kx = 0; kx < w.width; ++kx) {
                    int64_t iy = oy * w.stride_height - w.pad_top + ky, ix = ox * w.stride_width - w.pad_left + kx;
                    if (iy < 0 || iy >= height || ix < 0 || ix >= width) {
                        continue;
                    }
                    int64_t i = ((n * height + iy) * width + ix) * channels + c;
                    if (winner < 0 || x_values[static_cast<size_t>(i)] > x_values[static_cast<size_t>(winner)]) {
                        winner = i;
                        cell = ky * w.width + kx;
                    }
                }
            }
            expected_y[static_cast<size_t>(o)] = x_values[static_cast<size_t>(winner)];
            codes_equal = codes_equal && cells[static_cast<size_t>(o)] == cell;
            expected_dx[static_cast<size_t>(winner)] += dy_values[static_cast<size_t>(o)];
        }
        CHECK_CLOSE(expected_y, y, 0, 0);
        CHECK_CLOSE(expected_y, predicted, 0, 0);
        CHECK(codes_equal);
        CHECK_CLOSE(expected_dx, dx, 1e-6, 1e-6);
        if (first) {
            first_dx = dx.values();
        }
        CHECK(dx.same_bits(first_dx));
    });
}

void test_nan(const Device& device) {
    Context context(device);
    cn_max_pooling2d_desc desc{0, CN_GRADIENT_NONE, 1, 1, 4, 1, 1, 1, {1, 4, 1, 4, 1, 1, 0, 0}};
    Op op(cn_max_pooling2d_create, context, desc);
    State state(context, state_of(1));
    for (size_t at = 0; at < 4; ++at) {
        std::vector<float> values = {1, 2, 3, 0};
        values[at] = NAN;
        Array<float> x(context, values), y(context, 1);
        ok(cn_max_pooling2d_forward(op, state, x, y, nullptr));
        CHECK(std::isnan(y.values()[0]));
    }
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_pooling(device, 2, 6, 6, 32, {2, 2, 2, 2, 1, 1, 0, 0}, 3, 3, CN_GRADIENT_OVERWRITE);
        test_pooling(device, 3, 13, 13, 19, {2, 2, 2, 2, 1, 1, 0, 0}, 6, 6, CN_GRADIENT_ACCUMULATE);
        test_pooling(device, 2, 7, 5, 3, {3, 3, 1, 1, 1, 1, 1, 1}, 7, 5, CN_GRADIENT_OVERWRITE);  // overlap, same
        test_pooling(device, 2, 9, 8, 5, {2, 3, 4, 5, 1, 1, 0, 2}, 3, 2, CN_GRADIENT_OVERWRITE);  // gaps
        test_pooling(device, 1, 5, 5, 1, {4, 4, 2, 2, 1, 1, 3, 3}, 4, 4, CN_GRADIENT_ACCUMULATE); // beyond all edges
        test_pooling(device, 1, 1, 1, 1, {127, 2, 1, 1, 1, 1, 126, 1}, 1, 1, CN_GRADIENT_OVERWRITE);
        test_nan(device);
    });
    return check::result();
}
