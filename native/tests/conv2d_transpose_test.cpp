// Transposed convolution stages against plain loops in double: those of the convolution from y to x, with its roles swapped.
#include "frozen.h"
#include "random_stage.h"
#include "refusal.h"

using namespace device;

namespace {

cn_conv2d_desc as_convolution(const cn_conv2d_transpose_desc& d) {
    cn_conv2d_desc conv{};
    conv.batch = d.batch;
    conv.input_height = d.output_height, conv.input_width = d.output_width, conv.input_channels = d.filters;
    conv.filters = d.input_channels;
    conv.conv_height = conv.output_height = d.input_height;
    conv.conv_width = conv.output_width = d.input_width;
    conv.window = d.window;
    return conv;
}

cn_conv2d_transpose_desc transposed(const cn_conv2d_desc& conv) {
    cn_conv2d_transpose_desc d{};
    d.struct_size = sizeof(d);
    d.batch = conv.batch;
    d.input_height = conv.conv_height, d.input_width = conv.conv_width, d.input_channels = conv.filters;
    d.filters = conv.input_channels;
    d.output_height = conv.input_height, d.output_width = conv.input_width;
    d.window = conv.window;
    d.input_gradient = conv.input_gradient;
    d.activation = conv.activation;
    d.activation_alpha = conv.activation_alpha;
    d.use_bias = conv.use_bias;
    d.precision = conv.precision;
    return d;
}

struct Data {
    Data(const cn_conv2d_transpose_desc& d, Random& random, bool whole) {
        int64_t inputs = d.batch * d.input_height * d.input_width * d.input_channels;
        int64_t outputs = d.batch * d.output_height * d.output_width * d.filters;
        int64_t weights = d.window.height * d.window.width * d.filters * d.input_channels;
        x = whole ? random.whole(inputs, -3, 3) : random.floats(inputs);
        kernel = whole ? random.whole(weights, -2, 2) : random.floats(weights, -0.3, 0.3);
        bias = whole ? random.whole(d.filters, -4, 4) : random.floats(d.filters);
        dy = whole ? random.whole(outputs, -2, 2) : random.floats(outputs);
        dx = whole ? random.whole(inputs, -9, 9) : random.floats(inputs);
    }

    std::vector<float> x, kernel, bias, dy, dx;
};

struct Result {
    layer::Doubles y, dx, dkernel, dbias;
};

Result compute(const cn_conv2d_transpose_desc& d, const Data& data) {
    cn_conv2d_desc conv = as_convolution(d);
    reference::Activation activation{d.activation, static_cast<double>(d.activation_alpha)};
    auto filters = static_cast<size_t>(d.filters);
    Result result;
    result.y.resize(data.dy.size());
    layer::for_products(
        conv, [&](size_t y, size_t k, size_t x) { result.y[y] += static_cast<double>(data.x[x]) * static_cast<double>(data.kernel[k]); });
    layer::Doubles dz(data.dy.size());
    result.dbias.resize(filters);
    for (size_t i = 0; i < dz.size(); ++i) {
        double sum = result.y[i] + (d.use_bias != 0 ? static_cast<double>(data.bias[i % filters]) : 0.0);
        result.y[i] = reference::activate(activation, sum);
        dz[i] = static_cast<double>(data.dy[i]) * reference::derivative_from_output(activation, result.y[i]);
        result.dbias[i % filters] += dz[i];
    }
    result.dkernel.resize(data.kernel.size());
    result.dx.assign(data.dx.begin(), data.dx.end());
    if (d.input_gradient != CN_GRADIENT_ACCUMULATE) {
        result.dx.assign(data.dx.size(), 0.0);
    }
    layer::for_products(conv, [&](size_t y, size_t k, size_t x) {
        result.dkernel[k] += static_cast<double>(data.x[x]) * dz[y];
        result.dx[x] += static_cast<double>(data.kernel[k]) * dz[y];
    });
    return result;
}

struct Outputs {
    std::vector<float> y, dx, dkernel, dbias;

    bool operator==(const Outputs& other) const {
        return y == other.y && dx == other.dx && dkernel == other.dkernel && dbias == other.dbias;
    }
};

// Of `d.batch` rows by an op for `spare` rows more, whose arrays end where the rows do.
Outputs run(cn_context* context, const cn_conv2d_transpose_desc& d, int64_t spare, const Data& data, size_t shift) {
    cn_conv2d_transpose_desc larger = d;
    larger.batch += spare;
    Op op(cn_conv2d_transpose_create, context, larger);
    State state(context, state_of(d.batch));
    auto nans = [&](const std::vector<float>& like, float value) { return std::vector<float>(like.size(), value); };
    Array<float> x(context, data.x, shift), kernel(context, data.kernel, shift), bias(context, data.bias, shift);
    Array<float> dy(context, data.dy, shift), dx(context, data.dx, shift);
    Array<float> y(context, nans(data.dy, NAN), shift), dkernel(context, nans(data.kernel, NAN), shift);
    Array<float> dbias(context, nans(data.bias, 7.0f), shift);
    bool has_bias = d.use_bias != 0;
    ok(cn_conv2d_transpose_forward(op, state, x, kernel, has_bias ? bias.data() : nullptr, y));
    const float* read = d.activation != CN_ACTIVATION_LINEAR ? y.data() : nullptr;
    auto backward = [&](const frozen::Gradients& g) {
        return cn_conv2d_transpose_backward(op, state, g.x, kernel, read, dy, g.dx, g.dkernel, g.dbias);
    };
    bool has_input_gradient = d.input_gradient != CN_GRADIENT_NONE;
    ok(backward({x, has_input_gradient ? dx.data() : nullptr, dkernel, has_bias ? dbias.data() : nullptr}));
    frozen::test(context, shift, {data.dx, x, dx, dkernel, dbias, has_input_gradient, has_bias}, backward);
    CHECK(x.same_bits(data.x) && kernel.same_bits(data.kernel) && bias.same_bits(data.bias) && dy.same_bits(data.dy));
    return {y, dx, dkernel, dbias};
}

void compare(const cn_conv2d_transpose_desc& d, const Data& data, bool whole, bool rounds, const Result& expected, const Outputs& actual) {
    auto cells = static_cast<double>(d.window.height * d.window.width);
    double unit = !rounds || whole || d.precision == CN_PRECISION_FLOAT32 ? 1.3e-6 : d.precision == CN_PRECISION_TF32 ? 2e-3 : 1.6e-2;
    auto tolerance = [&](double terms, double product) { return whole ? 0.0 : 1e-5 + unit * std::sqrt(terms) * product; };
    double relative = whole ? 0.0 : 5e-5, outputs = static_cast<double>(data.dy.size()) / static_cast<double>(d.filters);
    CHECK_CLOSE(expected.y, actual.y, relative, tolerance(cells * static_cast<double>(d.input_channels), 1));
    if (unit > 1e-5 && d.activation != CN_ACTIVATION_LINEAR) { // kinks may be on the other side
        return;
    }
    CHECK_CLOSE(expected.dkernel, actual.dkernel, relative, tolerance(outputs, 2));
    if (d.use_bias != 0) {
        CHECK_CLOSE(expected.dbias, actual.dbias, relative, whole ? 0.0 : 1e-5 + 1.3e-6 * std::sqrt(outputs) * 2);
    }
    if (d.input_gradient != CN_GRADIENT_NONE) {
        CHECK_CLOSE(expected.dx, actual.dx, relative, tolerance(cells * static_cast<double>(d.filters), 1));
    } else {
        CHECK(actual.dx == data.dx);
    }
}

void test_stage(const Device& device, const cn_conv2d_transpose_desc& d, Random& random, bool whole, size_t shift) {
    Data data(d, random, whole);
    Result expected = compute(d, data);
    Outputs first_outputs;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Outputs outputs = run(context, d, 1, data, shift);
        compare(d, data, whole, device.is_cuda(), expected, outputs);
        if (first) {
            first_outputs = outputs;
        }
        CHECK(outputs == first_outputs);
    });
}

cn_conv2d_transpose_desc make(int64_t batch, int64_t height, int64_t width, int64_t channels, int64_t filters, int64_t output_height,
                              int64_t output_width, cn_window window) {
    cn_conv2d_transpose_desc d{};
    d.struct_size = sizeof(d);
    d.batch = batch;
    d.input_height = height, d.input_width = width, d.input_channels = channels;
    d.filters = filters;
    d.output_height = output_height, d.output_width = output_width;
    d.window = window;
    d.use_bias = 1;
    d.input_gradient = CN_GRADIENT_OVERWRITE;
    return d;
}

std::vector<cn_conv2d_transpose_desc> cases() {
    std::vector<cn_conv2d_transpose_desc> all = {
        make(2, 5, 6, 16, 8, 10, 12, {2, 2, 2, 2, 1, 1, 0, 0}),             // as decoders of images have it
        make(2, 4, 3, 32, 36, 8, 6, {3, 3, 2, 2, 1, 1, 0, 0}),              // same
        make(1, 4, 5, 3, 5, 9, 11, {3, 3, 2, 2, 1, 1, 0, 0}),               // valid
        make(2, 3, 3, 7, 2, 9, 9, {1, 2, 3, 3, 1, 1, 0, 0}),                // pixels that no window reaches
        make(1, 6, 6, 4, 4, 8, 8, {3, 3, 1, 1, 1, 1, 0, 0}),                //
        make(3, 6, 6, 8, 8, 6, 6, {3, 3, 1, 1, 1, 1, 1, 1}),                //
        make(2, 5, 5, 4, 3, 9, 9, {3, 3, 1, 1, 2, 2, 0, 0}),                // holes
        make(2, 3, 2, 9, 40, 14, 13, {5, 4, 3, 5, 1, 1, 1, 2}),             // more output than windows
        make(1, 1, 1, 1, 1, 4, 4, {1, 1, int64_t{1} << 28, 1, 1, 1, 0, 0}), // a stride beyond all
        make(1, 2, 2, 2, 2, 15, 15, {2, 2, 7, 6, 1, 1, 0, 0}),              // long strides
        make(1, 1, 1, 3, 2, 1, 1, {5, 5, 1, 1, 1, 1, 2, 2}),                // a window around its only pixel
    };
    all[1].input_gradient = CN_GRADIENT_ACCUMULATE;
    all[2].input_gradient = CN_GRADIENT_NONE;
    all[4].use_bias = 0;
    all[0].activation = all[3].activation = all[6].activation = CN_ACTIVATION_RELU;
    return all;
}

void test_random(const Device& device) {
    std::string scope = check::scope;
    const int count = Sanitized ? 60 : device.is_cuda() ? 240 : 600;
    for (int sample = 0; sample < count; ++sample) {
        Random random(7000 + static_cast<uint64_t>(sample));
        bool whole = layer::chance(random, 0.3);
        cn_conv2d_desc conv{};
        do {
            conv = layer::random_conv2d(random, whole ? layer::Numbers::Whole : layer::Numbers::Any, 60000);
        } while (!layer::begins_inside(conv));
        cn_conv2d_transpose_desc d = transposed(conv);
        check::scope = scope + ", sample " + std::to_string(sample) + ": " + layer::describe(conv);
        Data data(d, random, whole);
        Context context(device, 1 + sample % 3);
        compare(d, data, whole, device.is_cuda(), compute(d, data), run(context, d, sample % 3, data, layer::chance(random, 0.8) ? 0 : 1));
    }
    check::scope = scope;
}

void test_descriptors(const Device& device) {
    Context context(device);
    const cn_conv2d_transpose_desc good = cases()[0];
    REFUSED(cn_conv2d_transpose_create, context, good, d.struct_size = 4, "struct_size is 4");
    REFUSED(cn_conv2d_transpose_create, context, good, d.batch = 0, "batch is 0");
    REFUSED(cn_conv2d_transpose_create, context, good, d.input_channels = -1, "input_channels is -1");
    REFUSED(cn_conv2d_transpose_create, context, good, d.filters = 0, "filters is 0");
    REFUSED(cn_conv2d_transpose_create, context, good, d.output_height = 8, "input_height is 5");
    REFUSED(cn_conv2d_transpose_create, context, good, d.window.pad_left = 2, "window.pad_left is 2");
    REFUSED(cn_conv2d_transpose_create, context, good, d.window.stride_width = 0, "window.stride_width is 0");
    REFUSED(cn_conv2d_transpose_create, context, good, d.activation = CN_ACTIVATION_SILU, "its derivative is not in y");
    REFUSED(cn_conv2d_transpose_create, context, good, d.activation_alpha = 1, "activation_alpha is 1");
    REFUSED(cn_conv2d_transpose_create, context, good, d.use_bias = 2, "use_bias is 2");
    REFUSED(cn_conv2d_transpose_create, context, good, d.precision = 3, "precision is 3");
    REFUSED(cn_conv2d_transpose_create, context, good, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(cn_conv2d_transpose_create, context, good, d.filters = d.input_channels = INT32_MAX, "has more than the limit");
    REFUSED(cn_conv2d_transpose_create, context, good, d.window.width = INT32_MAX, "at most 1048576 cells");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        std::string name = check::scope;
        for (size_t number = 0; number < cases().size(); ++number) {
            for (bool whole : {true, false}) {
                for (size_t shift : {size_t{0}, size_t{1}}) {
                    check::scope =
                        name + ", case " + std::to_string(number) + (whole ? ", whole" : "") + ", shift " + std::to_string(shift);
                    Random random(number + 11);
                    test_stage(device, cases()[number], random, whole, shift);
                }
            }
        }
        check::scope = name;
        test_random(device);
        test_descriptors(device);
    });
    return check::result();
}
