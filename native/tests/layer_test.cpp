// Convolution and dense stages, with every epilogue, against plain loops in double.
#include "layer_reference.h"

using namespace device;

namespace {

// Dead rows and columns, strides, dilation, paddings, odd channel counts, overlapping and padded pooling.
std::vector<cn_conv2d_desc> conv_cases() {
    std::vector<cn_conv2d_desc> cases;
    auto add = [&](int64_t rows, int64_t extent, int64_t channels, int64_t filters, int64_t conv, int64_t output, cn_window window,
                   cn_window pool, int activation, int bias, float rate, int gradient) {
        cn_conv2d_desc d{};
        d.batch = rows;
        d.input_height = extent;
        d.input_width = extent + 1;
        d.input_channels = channels;
        d.filters = filters;
        d.conv_height = conv;
        d.conv_width = conv + 1;
        d.output_height = output;
        d.output_width = pool.height == 0 ? output + 1 : (conv + 1 + 2 * pool.pad_left - pool.width) / pool.stride_width + 1;
        d.window = window;
        d.pool = pool;
        d.activation = activation;
        d.use_bias = bias;
        d.dropout_rate = rate;
        d.dropout_stream = 3;
        d.input_gradient = gradient;
        cases.push_back(d);
    };
    const cn_window none{};
    const cn_window same3{3, 3, 1, 1, 1, 1, 1, 1}, valid3{3, 3, 1, 1, 1, 1, 0, 0}, half{2, 2, 2, 2, 1, 1, 0, 0};
    add(2, 8, 3, 32, 8, 8, same3, none, CN_ACTIVATION_RELU, 1, 0, CN_GRADIENT_NONE);
    add(3, 8, 32, 32, 6, 3, valid3, half, CN_ACTIVATION_RELU, 1, 0.25f, CN_GRADIENT_OVERWRITE);
    add(2, 9, 16, 64, 6, 3, valid3, half, CN_ACTIVATION_RELU, 1, 0.5f, CN_GRADIENT_ACCUMULATE); // row 7 is never read
    add(2, 7, 5, 7, 7, 7, same3, none, CN_ACTIVATION_TANH, 0, 0.5f, CN_GRADIENT_OVERWRITE);
    add(1, 9, 2, 3, 4, 4, {3, 2, 2, 2, 1, 1, 0, 0}, none, CN_ACTIVATION_SIGMOID, 1, 0, CN_GRADIENT_ACCUMULATE);
    add(1, 9, 4, 9, 5, 5, {3, 3, 1, 1, 2, 2, 0, 0}, none, CN_ACTIVATION_LINEAR, 1, 0, CN_GRADIENT_OVERWRITE);
    add(2, 6, 3, 20, 6, 6, {1, 1, 1, 1, 1, 1, 0, 0}, none, CN_ACTIVATION_LINEAR, 0, 0, CN_GRADIENT_OVERWRITE);
    add(2, 8, 3, 17, 8, 8, same3, {3, 3, 1, 1, 1, 1, 1, 1}, CN_ACTIVATION_TANH, 1, 0.25f, CN_GRADIENT_OVERWRITE);
    add(1, 6, 8, 8, 4, 2, valid3, half, CN_ACTIVATION_SIGMOID, 1, 0, CN_GRADIENT_OVERWRITE);
    add(2, 6, 8, 33, 4, 2, valid3, half, CN_ACTIVATION_LINEAR, 1, 0.1f, CN_GRADIENT_OVERWRITE);
    // Gradients that are listed: with padding, strides, several blocks of a window, overlapping and padded pooling.
    add(2, 8, 16, 24, 8, 4, same3, half, CN_ACTIVATION_RELU, 1, 0.25f, CN_GRADIENT_OVERWRITE);
    add(2, 8, 32, 9, 4, 2, {5, 5, 1, 1, 1, 1, 0, 0}, half, CN_ACTIVATION_TANH, 1, 0, CN_GRADIENT_ACCUMULATE);
    add(2, 9, 16, 20, 5, 2, {3, 3, 2, 2, 1, 1, 1, 1}, half, CN_ACTIVATION_RELU, 1, 0.5f, CN_GRADIENT_ACCUMULATE);
    add(2, 9, 16, 16, 5, 2, {3, 2, 1, 1, 2, 1, 0, 0}, half, CN_ACTIVATION_SIGMOID, 1, 0, CN_GRADIENT_OVERWRITE);
    add(1, 9, 16, 16, 7, 3, valid3, {3, 3, 2, 2, 1, 1, 0, 0}, CN_ACTIVATION_RELU, 0, 0, CN_GRADIENT_NONE);
    add(2, 9, 16, 33, 7, 4, valid3, {3, 3, 2, 2, 1, 1, 1, 1}, CN_ACTIVATION_LINEAR, 1, 0.1f, CN_GRADIENT_OVERWRITE);
    add(1, 4, 16, 4, 1, 1, {1, 1, int64_t{1} << 28, 1, 1, 1, 0, 0}, {2, 1, 3, 1, 1, 1, 1, 0}, CN_ACTIVATION_RELU, 1, 0,
        CN_GRADIENT_OVERWRITE); // a cell of the pooling far beyond the image
    add(1, 1, 1, 1, 1, 1, {5, 5, 1, 1, 1, 1, 2, 2}, none, CN_ACTIVATION_RELU, 1, 0, CN_GRADIENT_OVERWRITE);
    return cases;
}

void test_conv2d(const Device& device, const cn_conv2d_desc& d) {
    std::vector<std::vector<float>> first;
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        cn_conv2d_desc larger = d;
        larger.batch += 1; // one row of the batch stays unused
        Op op(cn_conv2d_create, context, larger);
        cn_state values = state_of(d.batch);
        State state(context, values);
        Random random(23);
        layer::ConvData data(d, random);
        Array<float> x(context, data.x), kernel(context, data.kernel), bias(context, data.bias), dy(context, data.dy);
        Array<float> y(context, data.dy.size()), predicted(context, data.dy.size()), dx(context, data.dx);
        Array<float> dkernel(context, random.floats(static_cast<int64_t>(data.kernel.size())));
        Array<float> dbias(context, random.floats(static_cast<int64_t>(data.bias.size())));
        Array<uint8_t> codes(context, y.size());
        uint8_t* saved = d.pool.height != 0 ? codes.data() : nullptr;
        float* input_gradient = d.input_gradient != CN_GRADIENT_NONE ? dx.data() : nullptr;
        ok(cn_conv2d_forward(op, state, x, kernel, d.use_bias != 0 ? bias.data() : nullptr, y, saved));
        ok(cn_conv2d_predict(op, state, x, kernel, d.use_bias != 0 ? bias.data() : nullptr, predicted));
        ok(cn_conv2d_backward(op, state, x, kernel, y, saved, dy, input_gradient, dkernel, d.use_bias != 0 ? dbias.data() : nullptr));

        layer::ConvResult expected = layer::convolve(d, data, values);
        CHECK_CLOSE(expected.y, y, 2e-5, 2e-5);
        CHECK_CLOSE(expected.predicted, predicted, 2e-5, 2e-5);
        CHECK_CLOSE(expected.dkernel, dkernel, 5e-5, 5e-5);
        CHECK(dy.same_bits(data.dy));
        if (d.use_bias != 0) {
            CHECK_CLOSE(expected.dbias, dbias, 5e-5, 5e-5);
        }
        if (d.input_gradient != CN_GRADIENT_NONE) {
            CHECK_CLOSE(expected.dx, dx, 5e-5, 5e-5);
        }
        if (is_first) {
            first = {y.values(), predicted.values(), dx.values(), dkernel.values(), dbias.values()};
        }
        CHECK(y.same_bits(first[0]) && predicted.same_bits(first[1]) && dx.same_bits(first[2]));
        CHECK(dkernel.same_bits(first[3]) && dbias.same_bits(first[4]));
    });
}

void test_dense(const Device& device, const cn_dense_desc& d) {
    // A dense layer is a convolution of 1 x 1 over positions in a row.
    cn_conv2d_desc conv{};
    conv.batch = d.batch;
    conv.input_height = conv.conv_height = conv.output_height = 1;
    conv.input_width = conv.conv_width = conv.output_width = d.positions;
    conv.input_channels = d.inputs;
    conv.filters = d.units;
    conv.window = {1, 1, 1, 1, 1, 1, 0, 0};
    conv.activation = d.activation;
    conv.use_bias = d.use_bias;
    conv.dropout_rate = d.dropout_rate;
    conv.dropout_stream = d.dropout_stream;
    conv.input_gradient = d.input_gradient;
    std::vector<std::vector<float>> first;
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        cn_dense_desc larger = d;
        larger.batch += 1;
        Op op(cn_dense_create, context, larger);
        cn_state values = state_of(d.batch);
        State state(context, values);
        Random random(29);
        layer::ConvData data(conv, random);
        Array<float> x(context, data.x), kernel(context, data.kernel), bias(context, data.bias), dy(context, data.dy);
        Array<float> y(context, data.dy.size()), predicted(context, data.dy.size()), dx(context, data.dx);
        Array<float> dkernel(context, data.kernel), dbias(context, data.bias);
        float* input_gradient = d.input_gradient != CN_GRADIENT_NONE ? dx.data() : nullptr;
        ok(cn_dense_forward(op, state, x, kernel, d.use_bias != 0 ? bias.data() : nullptr, y));
        ok(cn_dense_predict(op, state, x, kernel, d.use_bias != 0 ? bias.data() : nullptr, predicted));
        ok(cn_dense_backward(op, state, x, kernel, y, dy, input_gradient, dkernel, d.use_bias != 0 ? dbias.data() : nullptr));

        layer::ConvResult expected = layer::convolve(conv, data, values);
        CHECK_CLOSE(expected.y, y, 5e-5, 5e-5);
        CHECK_CLOSE(expected.predicted, predicted, 5e-5, 5e-5);
        CHECK_CLOSE(expected.dkernel, dkernel, 5e-5, 5e-5);
        CHECK(dy.same_bits(data.dy));
        if (d.use_bias != 0) {
            CHECK_CLOSE(expected.dbias, dbias, 5e-5, 5e-5);
        }
        if (d.input_gradient != CN_GRADIENT_NONE) {
            CHECK_CLOSE(expected.dx, dx, 5e-5, 5e-5);
        }
        if (is_first) {
            first = {y.values(), predicted.values(), dx.values(), dkernel.values(), dbias.values()};
        }
        CHECK(y.same_bits(first[0]) && predicted.same_bits(first[1]) && dx.same_bits(first[2]));
        CHECK(dkernel.same_bits(first[3]) && dbias.same_bits(first[4]));
    });
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        std::string name = check::scope;
        int number = 0;
        for (const cn_conv2d_desc& d : conv_cases()) {
            check::scope = name + ", convolution " + std::to_string(number++);
            test_conv2d(device, d);
        }
        const cn_dense_desc dense[] = {
            {0, CN_GRADIENT_OVERWRITE, 1, 1, 1, 1, CN_ACTIVATION_LINEAR, 1, 0, 0, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 5, 1, 300, 64, CN_ACTIVATION_RELU, 1, 0.5f, 2, 0, 0},
            {0, CN_GRADIENT_NONE, 33, 1, 65, 10, CN_ACTIVATION_LINEAR, 1, 0, 0, 0, 0},
            {0, CN_GRADIENT_ACCUMULATE, 3, 4, 19, 37, CN_ACTIVATION_TANH, 0, 0.25f, 9, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 2, 3, 130, 5, CN_ACTIVATION_SIGMOID, 1, 0, 0, 0, 0},
        };
        number = 0;
        for (const cn_dense_desc& d : dense) {
            check::scope = name + ", dense " + std::to_string(number++);
            test_dense(device, d);
        }
    });
    return check::result();
}
