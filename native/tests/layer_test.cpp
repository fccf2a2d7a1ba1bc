// Convolution and dense stages, with every epilogue, against plain loops in double.
#include "layer_run.h"
#include "random_stage.h"

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
        d.use_moments = activation == CN_ACTIVATION_LINEAR && pool.height == 0 && rate == 0 ? 1 : 0;
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
    // Moments: of a few parts of each image, the last one shorter; of one pixel.
    add(3, 29, 8, 40, 27, 27, valid3, none, CN_ACTIVATION_LINEAR, 1, 0, CN_GRADIENT_OVERWRITE);
    add(1, 1, 3, 5, 1, 1, {3, 3, 1, 1, 1, 1, 1, 1}, none, CN_ACTIVATION_LINEAR, 0, 0, CN_GRADIENT_OVERWRITE);
    return cases;
}

// Groups of one and of several channels and filters, fewer and more than vectors hold, with every kind of window and epilogue.
std::vector<cn_conv2d_desc> grouped_cases() {
    std::vector<cn_conv2d_desc> cases;
    auto add = [&](size_t like, int64_t groups, int64_t channels, int64_t filters) {
        cn_conv2d_desc d = conv_cases()[like];
        d.groups = groups;
        d.input_channels = groups * channels;
        d.filters = groups * filters;
        cases.push_back(d);
    };
    for (size_t like = 0; like < conv_cases().size(); ++like) {
        add(like, 3, 2, 5);
        add(like, 2, 16, 36);
        add(like, 37, 1, 1);
        add(like, 8, 1, 1);
        add(like, 5, 1, 3);
    }
    add(1, 32, 1, 2);
    add(7, 48, 1, 1);
    return cases;
}

// Stages in float32, and where the device has other precisions in those, with numbers that keep maxima in their places.
template <class Desc>
void test_stage(const Device& device, Desc d, const cn_conv2d_desc& as_conv2d) {
    std::string scope = check::scope;
    for (int precision = CN_PRECISION_FLOAT32; precision <= (device.is_cuda() ? CN_PRECISION_BFLOAT16 : CN_PRECISION_FLOAT32);
         ++precision) {
        check::scope = scope + ", precision " + std::to_string(precision);
        layer::Numbers numbers = precision == CN_PRECISION_FLOAT32 ? layer::Numbers::Any : layer::Numbers::Grid;
        Random random(23);
        layer::ConvData data(as_conv2d, random, numbers);
        cn_state state = state_of(d.batch);
        layer::ConvResult expected = layer::convolve(as_conv2d, data, state);
        layer::Outputs first_outputs;
        d.precision = precision;
        for_each_variant(device, [&](cn_context* context, bool first) {
            layer::Outputs outputs = layer::run(context, d, 1, data, state); // one row of the batch stays unused
            layer::compare(as_conv2d, data, numbers, precision, expected, outputs);
            if (first) {
                first_outputs = outputs;
            }
            CHECK(outputs.same_bits(first_outputs));
        });
    }
    check::scope = scope;
}

// A network that diverges shows it in every element but those that are dropped: they are 0, as their gradients are.
template <class Desc>
void test_not_finite(const Device& device, const Desc& d, const cn_conv2d_desc& as_conv2d) {
    Random random(37);
    layer::ConvData data(as_conv2d, random);
    std::fill(data.x.begin(), data.x.end(), NAN);
    cn_state state = state_of(d.batch);
    for_each_variant(device, [&](cn_context* context, bool) {
        layer::Outputs outputs = layer::run(context, d, 1, data, state);
        int wrong = 0;
        for (size_t i = 0; i < outputs.y.size(); ++i) {
            bool dropped = layer::dropout_multiplier(state, d.dropout_stream, d.dropout_rate, i) == 0.0;
            wrong += (dropped ? outputs.y[i] != 0.0f : !std::isnan(outputs.y[i])) || !std::isnan(outputs.predicted[i]) ? 1 : 0;
        }
        CHECK(wrong == 0);
    });
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        std::string name = check::scope;
        int number = 0;
        for (const cn_conv2d_desc& d : conv_cases()) {
            check::scope = name + ", convolution " + std::to_string(number++);
            test_stage(device, d, d);
        }
        number = 0;
        for (const cn_conv2d_desc& d : grouped_cases()) {
            check::scope = name + ", groups " + std::to_string(number++) + ": " + layer::describe(d);
            test_stage(device, d, d);
        }
        const cn_dense_desc dense[] = {
            {0, CN_GRADIENT_OVERWRITE, 1, 1, 1, 1, CN_ACTIVATION_LINEAR, 1, 0, 0, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 5, 1, 300, 64, CN_ACTIVATION_RELU, 1, 0.5f, 2, 0, 0},
            {0, CN_GRADIENT_NONE, 33, 1, 65, 10, CN_ACTIVATION_LINEAR, 1, 0, 0, 0, 0},
            {0, CN_GRADIENT_ACCUMULATE, 3, 4, 19, 37, CN_ACTIVATION_TANH, 0, 0.25f, 9, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 2, 3, 130, 5, CN_ACTIVATION_SIGMOID, 1, 0, 0, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 3, 2, 40, 21, CN_ACTIVATION_ELU, 1, 0.25f, 3, 0, 1.5f},
            {0, CN_GRADIENT_ACCUMULATE, 5, 1, 24, 70, CN_ACTIVATION_HARD_TANH, 1, 0.3f, 4, 0, 0},
            {0, CN_GRADIENT_OVERWRITE, 4, 1, 17, 33, CN_ACTIVATION_SQUAREPLUS, 0, 0, 0, 0, 4},
            {0, CN_GRADIENT_OVERWRITE, 4, 1, 17, 33, CN_ACTIVATION_LEAKY_RELU, 1, 0.5f, 1, 0, 0.2f},
        };
        number = 0;
        for (const cn_dense_desc& d : dense) {
            check::scope = name + ", dense " + std::to_string(number++);
            test_stage(device, d, layer::as_conv2d(d));
        }
        check::scope = name + ", not finite";
        test_not_finite(device, dense[1], layer::as_conv2d(dense[1]));
        for (size_t stage : {size_t{1}, size_t{3}, size_t{7}}) { // pooled by halves, not at all, with overlap
            test_not_finite(device, conv_cases()[stage], conv_cases()[stage]);
            for (size_t grouped = 5 * stage; grouped < 5 * stage + 5; ++grouped) {
                test_not_finite(device, grouped_cases()[grouped], grouped_cases()[grouped]);
            }
        }
    });
    return check::result();
}
