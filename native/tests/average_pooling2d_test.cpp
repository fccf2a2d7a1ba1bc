// Average pooling against plain loops: windows that overlap, leave gaps, and reach over the edges, where fewer cells count.
#include "random_stage.h"
#include "refusal.h"

using namespace device;

namespace {

struct Reference {
    std::vector<double> y, dx;
};

Reference reference(const cn_average_pooling2d_desc& d, int64_t rows, const std::vector<float>& x, const std::vector<float>& dy,
                    const std::vector<float>& old) {
    const cn_window& w = d.window;
    Reference result{std::vector<double>(dy.size()), std::vector<double>(x.size())};
    for (size_t i = 0; i < x.size(); ++i) {
        result.dx[i] = d.input_gradient == CN_GRADIENT_ACCUMULATE ? static_cast<double>(old[i]) : 0.0;
    }
    for (int64_t o = 0; o < rows * d.output_height * d.output_width * d.channels; ++o) {
        int64_t c = o % d.channels, ox = o / d.channels % d.output_width, oy = o / d.channels / d.output_width % d.output_height;
        int64_t n = o / d.channels / d.output_width / d.output_height;
        std::vector<size_t> cells;
        for (int64_t ky = 0; ky < w.height; ++ky) {
            for (int64_t kx = 0; kx < w.width; ++kx) {
                int64_t iy = oy * w.stride_height - w.pad_top + ky, ix = ox * w.stride_width - w.pad_left + kx;
                if (iy >= 0 && iy < d.input_height && ix >= 0 && ix < d.input_width) {
                    cells.push_back(static_cast<size_t>(((n * d.input_height + iy) * d.input_width + ix) * d.channels + c));
                }
            }
        }
        auto count = static_cast<double>(cells.size());
        for (size_t cell : cells) {
            result.y[static_cast<size_t>(o)] += x[cell] / count;
            result.dx[cell] += dy[static_cast<size_t>(o)] / count;
        }
    }
    return result;
}

// `rows` of a batch of one more. Whole numbers: sums are exact and quotients the nearest floats, but for what the reference rounds itself.
void test_pooling(const Device& device, cn_average_pooling2d_desc desc, bool whole, size_t shift) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_average_pooling2d_create, context, desc);
        int64_t rows = desc.batch - 1;
        State state(context, state_of(rows));
        Random random(13);
        int64_t inputs = rows * desc.input_height * desc.input_width * desc.channels;
        int64_t outputs = rows * desc.output_height * desc.output_width * desc.channels;
        std::vector<float> x_values = whole ? random.whole(inputs, -8, 8) : random.floats(inputs);
        std::vector<float> dy_values = whole ? random.whole(outputs, -8, 8) : random.floats(outputs);
        std::vector<float> old = whole ? random.whole(inputs, -8, 8) : random.floats(inputs);
        // Of exactly `rows` rows: what is written beyond them is an overrun.
        Array<float> x(context, x_values, shift), y(context, dy_values.size(), shift), dy(context, dy_values, shift),
            dx(context, old, shift);
        ok(cn_average_pooling2d_forward(op, state, x, y));
        ok(cn_average_pooling2d_backward(op, state, dy, dx));
        Reference expected = reference(desc, rows, x_values, dy_values, old);
        CHECK_CLOSE(expected.y, y, whole ? 6e-8 : 1e-6, whole ? 1e-15 : 1e-6);
        CHECK_CLOSE(expected.dx, dx, 1e-6, 1e-6);
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

// The divisors are powers of two: not a bit may differ.
void test_exact(const Device& device) {
    Context context(device);
    Op op(cn_average_pooling2d_create, context,
          cn_average_pooling2d_desc{0, CN_GRADIENT_ACCUMULATE, 2, 4, 4, 5, 3, 3, {2, 2, 2, 2, 1, 1, 1, 1}});
    State state(context, state_of(2));
    Random random(5);
    std::vector<float> x_values = random.whole(160, -99, 99), dy_values = random.whole(90, -99, 99), old = random.whole(160, -99, 99);
    Array<float> x(context, x_values), y(context, 90), dy(context, dy_values), dx(context, old);
    ok(cn_average_pooling2d_forward(op, state, x, y));
    ok(cn_average_pooling2d_backward(op, state, dy, dx));
    Reference expected = reference({0, CN_GRADIENT_ACCUMULATE, 2, 4, 4, 5, 3, 3, {2, 2, 2, 2, 1, 1, 1, 1}}, 2, x_values, dy_values, old);
    CHECK_CLOSE(expected.y, y, 0, 0);
    CHECK_CLOSE(expected.dx, dx, 0, 0);
}

// Known means: 1 to 9 as a square, windows of 2 x 2 at every place, of which those at the right and the bottom hold less.
void test_known(const Device& device) {
    Context context(device);
    Op op(cn_average_pooling2d_create, context, cn_average_pooling2d_desc{0, CN_GRADIENT_NONE, 1, 3, 3, 1, 3, 3, {2, 2, 1, 1, 1, 1, 0, 0}});
    State state(context, state_of(1));
    Array<float> x(context, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9}), y(context, 9);
    ok(cn_average_pooling2d_forward(op, state, x, y));
    CHECK(y.same_bits({3, 4, 4.5f, 6, 7, 7.5f, 7.5f, 8.5f, 9}));
    REFUSED_CALL(cn_average_pooling2d_backward(op, state, y, x), "dx must be null: input_gradient is CN_GRADIENT_NONE");
    ok(cn_average_pooling2d_backward(op, state, y, nullptr));
    REFUSED_CALL(cn_average_pooling2d_forward(op, state, nullptr, y), "x is null");
    REFUSED_CALL(cn_average_pooling2d_forward(op, state, x, nullptr), "y is null");
}

// A NaN goes into the windows that hold it, and no other.
void test_nan(const Device& device) {
    Context context(device);
    Op op(cn_average_pooling2d_create, context, cn_average_pooling2d_desc{0, CN_GRADIENT_NONE, 1, 1, 4, 1, 1, 2, {1, 2, 1, 2, 1, 1, 0, 0}});
    State state(context, state_of(1));
    Array<float> x(context, std::vector<float>{1, NAN, 2, 4}), y(context, 2);
    ok(cn_average_pooling2d_forward(op, state, x, y));
    CHECK(std::isnan(y.values()[0]));
    CHECK(y.values()[1] == 3);
}

void test_random(const Device& device) {
    Random random(17);
    for (int i = 0; i < 12; ++i) {
        cn_average_pooling2d_desc d{};
        d.batch = random.next_int(2, 4);
        d.channels = layer::channels(random);
        d.input_height = random.next_int(1, 12);
        d.input_width = random.next_int(1, 12);
        layer::Axis rows = layer::pooling_axis(random, false, d.input_height);
        layer::Axis columns = layer::pooling_axis(random, false, d.input_width);
        d.window = layer::window_of(rows, columns);
        d.output_height = rows.output;
        d.output_width = columns.output;
        d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE));
        test_pooling(device, d, layer::chance(random, 0.5), layer::chance(random, 0.3) ? 1 : 0);
    }
}

void test_descriptors() {
    Context context;
    cn_average_pooling2d_desc pool{0, 1, 2, 8, 8, 3, 4, 4, {2, 2, 2, 2, 1, 1, 0, 0}};
    auto* create = cn_average_pooling2d_create;
    REFUSED(create, context, pool, d.struct_size = 4, "struct_size is 4");
    REFUSED(create, context, pool, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(create, context, pool, d.batch = 0, "batch is 0");
    REFUSED(create, context, pool, d.channels = 0, "channels is 0");
    REFUSED(create, context, pool, d.input_height = -1, "input_height is -1");
    REFUSED(create, context, pool, d.output_width = 5, "lower output_width");
    REFUSED(create, context, pool, d.window.pad_left = 2, "pad_left is 2");
    REFUSED(create, context, pool, d.window.dilation_height = 2, "window dilation is 2 x 1");
    REFUSED(create, context, pool, d.window.height = 0, "window.height is 0");
    REFUSED(create, context, pool, (d.window.height = 1 << 20, d.window.width = 2),
            "window is 1048576 x 2: a pooling window has at most 1048576 cells");
    REFUSED(create, context, pool, d.batch = d.input_height = d.input_width = INT32_MAX, "has more than the limit");
    // Windows of more cells than a max pooling may have.
    Op large(create, context, cn_average_pooling2d_desc{0, 1, 1, 64, 64, 1, 1, 1, {1024, 1024, 1, 1, 1, 1, 0, 0}});
}

} // namespace

int main() {
    test_descriptors();
    for_each_device([](const Device& device) {
        test_known(device);
        test_exact(device);
        test_nan(device);
        const int overwrite = CN_GRADIENT_OVERWRITE, accumulate = CN_GRADIENT_ACCUMULATE;
        test_pooling(device, {0, overwrite, 3, 6, 6, 32, 3, 3, {2, 2, 2, 2, 1, 1, 0, 0}}, true, 0);
        test_pooling(device, {0, accumulate, 4, 13, 13, 19, 6, 6, {2, 2, 2, 2, 1, 1, 0, 0}}, true, 0);
        test_pooling(device, {0, overwrite, 3, 7, 5, 3, 7, 5, {3, 3, 1, 1, 1, 1, 1, 1}}, false, 0);    // overlap, same
        test_pooling(device, {0, overwrite, 3, 9, 8, 8, 3, 2, {2, 3, 4, 5, 1, 1, 0, 2}}, false, 1);    // gaps, unaligned
        test_pooling(device, {0, accumulate, 2, 5, 5, 1, 4, 4, {4, 4, 2, 2, 1, 1, 3, 3}}, false, 0);   // beyond all edges
        test_pooling(device, {0, overwrite, 2, 20, 21, 4, 2, 2, {20, 20, 1, 1, 1, 1, 0, 0}}, true, 0); // more cells than 254
        test_random(device);
    });
    return check::result();
}
