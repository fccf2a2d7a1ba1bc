// Up-sampling against plain loops: whole numbers and factors that are powers of two give exact results; the bilinear gradient is the
// transpose of the interpolation.
#include "refusal.h"

#include <algorithm>

using namespace device;

namespace {

constexpr int Nearest = CN_INTERPOLATION_NEAREST, Bilinear = CN_INTERPOLATION_BILINEAR;
constexpr int None = CN_GRADIENT_NONE, Overwrite = CN_GRADIENT_OVERWRITE, Accumulate = CN_GRADIENT_ACCUMULATE;

cn_upsampling2d_desc desc_of(int mode, int64_t batch, int64_t height, int64_t width, int64_t channels, int64_t factor_height,
                             int64_t factor_width, int interpolation) {
    return {0, mode, batch, height, width, channels, factor_height, factor_width, interpolation, 0};
}

// The weights of the inputs in an output, along one axis.
std::vector<double> weights(int interpolation, int64_t inputs, int64_t factor, int64_t output) {
    std::vector<double> result(static_cast<size_t>(inputs));
    if (interpolation == Nearest) {
        result[static_cast<size_t>(output / factor)] = 1;
        return result;
    }
    double at = (static_cast<double>(output) + 0.5) / static_cast<double>(factor) - 0.5;
    at = std::min(std::max(at, 0.0), static_cast<double>(inputs - 1));
    auto low = static_cast<size_t>(at);
    double part = at - static_cast<double>(low);
    result[low] += 1 - part;
    result[std::min(low + 1, result.size() - 1)] += part;
    return result;
}

// Arrays have one row more than the batch, which stays as it is.
void test_upsampling(const Device& device, const cn_upsampling2d_desc& d, bool exact, size_t shift) {
    std::vector<float> first_y, first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        int64_t rows = d.batch - 1, height = d.input_height * d.factor_height, width = d.input_width * d.factor_width;
        int64_t inputs = d.batch * d.input_height * d.input_width * d.channels, outputs = d.batch * height * width * d.channels;
        Op op(cn_upsampling2d_create, context, d);
        State state(context, state_of(rows));
        Random random(37);
        auto numbers = [&](int64_t count) { return exact ? random.whole(count, -9, 9) : random.floats(count); };
        std::vector<float> values = numbers(inputs), old_y = numbers(outputs), gradients = numbers(outputs), old = numbers(inputs);
        Array<float> x(context, values, shift), y(context, old_y, shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_upsampling2d_forward(op, state, x, y));
        ok(cn_upsampling2d_backward(op, state, dy, d.input_gradient == None ? nullptr : dx.data()));
        std::vector<double> expected(old_y.begin(), old_y.end()), expected_dx(old.begin(), old.end());
        if (d.input_gradient == Overwrite) {
            std::fill(expected_dx.begin(), expected_dx.end() - d.input_height * d.input_width * d.channels, 0.0);
        }
        for (int64_t row = 0; row < height; ++row) {
            std::vector<double> vertical = weights(d.interpolation, d.input_height, d.factor_height, row);
            for (int64_t column = 0; column < width; ++column) {
                std::vector<double> horizontal = weights(d.interpolation, d.input_width, d.factor_width, column);
                for (int64_t sample = 0; sample < rows; ++sample) {
                    for (int64_t c = 0; c < d.channels; ++c) {
                        auto o = static_cast<size_t>(((sample * height + row) * width + column) * d.channels + c);
                        expected[o] = 0;
                        for (int64_t i = 0; i < d.input_height * d.input_width; ++i) {
                            double weight =
                                vertical[static_cast<size_t>(i / d.input_width)] * horizontal[static_cast<size_t>(i % d.input_width)];
                            auto at = static_cast<size_t>((sample * d.input_height * d.input_width + i) * d.channels + c);
                            if (weight != 0) {
                                expected[o] += weight * static_cast<double>(values[at]);
                                expected_dx[at] += d.input_gradient == None ? 0.0 : weight * static_cast<double>(gradients[o]);
                            }
                        }
                    }
                }
            }
        }
        CHECK_CLOSE(expected, y, 0, exact ? 0 : 1e-6);
        CHECK_CLOSE(expected_dx, dx, exact ? 0 : 1e-6, exact ? 0 : 1e-5);
        if (first) {
            first_y = y.values();
            first_dx = dx.values();
        }
        CHECK(y.same_bits(first_y));
        CHECK(dx.same_bits(first_dx));
    });
}

// A whole image of 3 x 3, by hand.
void test_known(const Device& device) {
    Context context(device);
    Op op(cn_upsampling2d_create, context, desc_of(None, 1, 3, 3, 1, 2, 2, Bilinear));
    State state(context, state_of(1));
    Array<float> x(context, {1, 2, 3, 4, 5, 6, 7, 8, 9}), y(context, 36);
    ok(cn_upsampling2d_forward(op, state, x, y));
    CHECK_CLOSE((std::vector<double>{1,    1.25, 1.75, 2.25, 2.75, 3,    1.75, 2,   2.5, 3,   3.5, 3.75, 3.25, 3.5,  4,    4.5,  5,    5.25,
                                     4.75, 5,    5.5,  6,    6.5,  6.75, 6.25, 6.5, 7,   7.5, 8,   8.25, 7,    7.25, 7.75, 8.25, 8.75, 9}),
                y, 0, 0);
}

// What is not finite reaches the outputs that it has a weight in, and no others.
void test_not_finite(const Device& device) {
    Context context(device);
    State state(context, state_of(1));
    Op op(cn_upsampling2d_create, context, desc_of(Overwrite, 1, 1, 3, 1, 1, 3, Bilinear));
    Array<float> x(context, {1, NAN, 5}), y(context, 9), dx(context, 3);
    ok(cn_upsampling2d_forward(op, state, x, y));
    // Beyond the outermost inputs an output is two parts of one input, which need not add up to all of it.
    CHECK_CLOSE((std::vector<double>{1, 1, NAN, NAN, NAN, NAN, NAN, 5, 5}), y, 1e-6, 0);
    Array<float> dy(context, {1, 1, 1, 1, INFINITY, 1, 1, 1, 1});
    ok(cn_upsampling2d_backward(op, state, dy, dx));
    CHECK_CLOSE((std::vector<double>{3, INFINITY, 3}), dx, 1e-6, 0);
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_upsampling2d_desc d = desc_of(Overwrite, 2, 4, 5, 3, 2, 3, Bilinear);
    REFUSED(cn_upsampling2d_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_upsampling2d_create, context, d, d.input_gradient = -1, "input_gradient is -1");
    REFUSED(cn_upsampling2d_create, context, d, d.interpolation = 2, "interpolation is 2: it must be a cn_interpolation");
    REFUSED(cn_upsampling2d_create, context, d, d.reserved = 1, "reserved is 1");
    REFUSED(cn_upsampling2d_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.input_height = 0, "input_height is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.input_width = 0, "input_width is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.channels = 0, "channels is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.factor_height = 0, "factor_height is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.factor_width = 0, "factor_width is 0");
    REFUSED(cn_upsampling2d_create, context, d, d.factor_height = 1 << 29, "input_height is 4 and factor_height 536870912");
    REFUSED(cn_upsampling2d_create, context, d, d.factor_width = INT32_MAX, "input_width is 5 and factor_width 2147483647");
    REFUSED(cn_upsampling2d_create, context, d, d.factor_height = d.factor_width = 1 << 28, "has more than the limit");
    Op op(cn_upsampling2d_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 2000);
    REFUSED_CALL(cn_upsampling2d_forward(op, state, nullptr, a), "x is null");
    REFUSED_CALL(cn_upsampling2d_forward(op, state, a, nullptr), "y is null");
    REFUSED_CALL(cn_upsampling2d_backward(op, state, nullptr, a), "dy is null");
    REFUSED_CALL(cn_upsampling2d_backward(op, state, a, nullptr), "dx is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        for (int interpolation : {Nearest, Bilinear}) {
            test_upsampling(device, desc_of(Overwrite, 3, 4, 5, 3, 2, 2, interpolation), true, 0);
            test_upsampling(device, desc_of(Accumulate, 2, 3, 2, 16, 4, 2, interpolation), true, 0);
            test_upsampling(device, desc_of(Overwrite, 2, 1, 1, 5, 2, 8, interpolation), true, 0);
            test_upsampling(device, desc_of(Accumulate, 2, 5, 4, 12, 3, 1, interpolation), false, 1);
            test_upsampling(device, desc_of(Overwrite, 2, 3, 4, 7, 1, 5, interpolation), false, 0);
            test_upsampling(device, desc_of(None, 2, 2, 2, 20, 7, 3, interpolation), false, 0);
            test_upsampling(device, desc_of(Overwrite, 2, 2, 1, 24, 6, 7, interpolation), false, 0);
        }
        test_known(device);
        test_not_finite(device);
        test_refusals(device);
    });
    return check::result();
}
