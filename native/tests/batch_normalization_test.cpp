// Batch normalization stages against plain loops in double: exactly on numbers that allow it, with large means, outliers and NaN.
#include "layer_reference.h"
#include "random_stage.h"
#include "refusal.h"

using namespace device;

namespace {

using Doubles = std::vector<double>;
using Floats = std::vector<float>;

reference::Activation activation_of(const cn_batch_normalization_desc& d) {
    return {d.activation, static_cast<double>(d.activation_alpha)};
}

// What goes into a stage; arrays that the descriptor has no use for are there all the same.
struct Inputs {
    Floats x, gamma, beta, moving_mean, moving_variance, addend, dy, old_dx, old_daddend;
};

struct Forward {
    Doubles y, predicted, mean, inverse, moving_mean, moving_variance;
    Doubles moments;             // mean, then sum of squared distances
    std::vector<size_t> winners; // of each output: the element of x that it was taken from
    Doubles multipliers;         // of each output: of its dropout
    std::vector<uint8_t> codes;  // of each element of x that is averaged
};

struct Backward {
    Doubles dx, daddend, dgamma, dbeta;
};

size_t channels_of(const cn_batch_normalization_desc& d) {
    return static_cast<size_t>(d.channels);
}

double one_output(const cn_batch_normalization_desc& d, const Inputs& in, size_t i, double mean, double inverse) {
    size_t c = i % channels_of(d);
    double value = (in.x[i] - mean) * inverse * (d.use_scale != 0 ? in.gamma[c] : 1.0f) + (d.use_center != 0 ? in.beta[c] : 0.0f);
    return reference::activate(activation_of(d), value + (d.use_addend != 0 ? in.addend[i] : 0.0f));
}

// The pooling as that of a convolution stage.
cn_conv2d_desc pooling_of(const cn_batch_normalization_desc& d) {
    cn_conv2d_desc conv{};
    conv.filters = d.channels;
    conv.conv_height = d.height, conv.conv_width = d.width;
    conv.output_height = d.output_height, conv.output_width = d.output_width;
    conv.pool = d.pool;
    return conv;
}

// y and what was predicted become what is left of them.
void pool(const cn_batch_normalization_desc& d, const Inputs& in, const cn_state& state, Forward& result) {
    Doubles y, predicted;
    for (size_t o = 0; o < in.dy.size(); ++o) {
        result.winners.push_back(layer::winner_of(pooling_of(d), result.y, o));
        result.multipliers.push_back(layer::dropout_multiplier(state, d.dropout_stream, d.dropout_rate, o));
        y.push_back(result.y[result.winners[o]] * result.multipliers[o]);
        predicted.push_back(result.predicted[layer::winner_of(pooling_of(d), result.predicted, o)]);
    }
    result.y = y;
    result.predicted = predicted;
}

// y and what was predicted become the means over the positions of a sample.
void average(const cn_batch_normalization_desc& d, Forward& result) {
    auto channels = channels_of(d), positions = static_cast<size_t>(d.positions);
    auto means = [=](const Doubles& values) {
        Doubles sums(values.size() / positions);
        for (size_t i = 0; i < values.size(); ++i) {
            sums[i / (positions * channels) * channels + i % channels] += values[i] / static_cast<double>(positions);
        }
        return sums;
    };
    for (double value : result.y) {
        result.codes.push_back(value <= 0 ? 255 : 0);
    }
    result.y = means(result.y);
    result.predicted = means(result.predicted);
}

Forward forward_reference(const cn_batch_normalization_desc& d, const Inputs& in, const cn_state& state) {
    size_t channels = channels_of(d), rows = in.x.size() / channels;
    Forward result{Doubles(in.x.size()),
                   Doubles(in.x.size()),
                   Doubles(channels),
                   Doubles(channels),
                   Doubles(channels),
                   Doubles(channels),
                   Doubles(2 * channels),
                   {},
                   {},
                   {}};
    auto momentum = static_cast<double>(d.momentum);
    for (size_t c = 0; c < channels; ++c) {
        double mean = 0, variance = 0;
        for (size_t row = 0; row < rows; ++row) {
            mean += in.x[row * channels + c] / static_cast<double>(rows);
        }
        for (size_t row = 0; row < rows; ++row) {
            double distance = in.x[row * channels + c] - mean;
            variance += distance * distance / static_cast<double>(rows);
        }
        double moving_inverse = 1 / std::sqrt(in.moving_variance[c] + static_cast<double>(d.epsilon));
        bool frozen = d.frozen != 0;
        result.moments[c] = mean;
        result.moments[channels + c] = variance * static_cast<double>(rows);
        result.mean[c] = frozen ? in.moving_mean[c] : mean;
        result.inverse[c] = frozen ? moving_inverse : 1 / std::sqrt(variance + static_cast<double>(d.epsilon));
        result.moving_mean[c] = frozen ? in.moving_mean[c] : momentum * in.moving_mean[c] + (1 - momentum) * mean;
        result.moving_variance[c] = frozen ? in.moving_variance[c] : momentum * in.moving_variance[c] + (1 - momentum) * variance;
        for (size_t i = c; i < in.x.size(); i += channels) {
            result.y[i] = one_output(d, in, i, result.mean[c], result.inverse[c]);
            result.predicted[i] = one_output(d, in, i, in.moving_mean[c], moving_inverse);
        }
    }
    if (d.global_average != 0) {
        average(d, result);
    } else {
        pool(d, in, state, result);
    }
    return result;
}

// Before the activation.
Doubles own_gradient(const cn_batch_normalization_desc& d, const Inputs& in, const Forward& forward, const Floats& y,
                     const std::vector<uint8_t>& codes) {
    Doubles g(in.x.size());
    if (d.global_average != 0) {
        auto channels = channels_of(d), positions = static_cast<size_t>(d.positions);
        for (size_t i = 0; i < g.size(); ++i) {
            bool is_dead = d.activation == CN_ACTIVATION_RELU && codes[i] == 255;
            g[i] = is_dead ? 0.0 : in.dy[i / (positions * channels) * channels + i % channels] / static_cast<double>(positions);
        }
        return g;
    }
    for (size_t o = 0; o < in.dy.size(); ++o) {
        double multiplier = forward.multipliers[o];
        if (multiplier != 0) {
            g[forward.winners[o]] += reference::derivative_from_output(activation_of(d), y[o] / multiplier) * in.dy[o] * multiplier;
        }
    }
    return g;
}

// `y` and `codes` are the stage's own, so that both agree on where a ReLU is dead.
Backward backward_reference(const cn_batch_normalization_desc& d, const Inputs& in, const Forward& forward, const Floats& y,
                            const std::vector<uint8_t>& codes) {
    size_t channels = channels_of(d), rows = in.x.size() / channels;
    Backward result{Doubles(in.x.size()), Doubles(in.x.size()), Doubles(channels), Doubles(channels)};
    Doubles g = own_gradient(d, in, forward, y, codes);
    for (size_t i = 0; i < g.size(); ++i) {
        double xhat = (in.x[i] - forward.mean[i % channels]) * forward.inverse[i % channels];
        result.dgamma[i % channels] += g[i] * xhat;
        result.dbeta[i % channels] += g[i];
    }
    auto count = static_cast<double>(rows);
    for (size_t i = 0; i < g.size(); ++i) {
        size_t c = i % channels;
        double scale = forward.inverse[c] * (d.use_scale != 0 ? in.gamma[c] : 1.0f);
        double xhat = (in.x[i] - forward.mean[c]) * forward.inverse[c];
        double through = d.frozen != 0 ? g[i] : g[i] - result.dbeta[c] / count - xhat * result.dgamma[c] / count;
        result.dx[i] = scale * through + (d.input_gradient == CN_GRADIENT_ACCUMULATE ? in.old_dx[i] : 0.0f);
        result.daddend[i] = g[i] + (d.addend_gradient == CN_GRADIENT_ACCUMULATE ? in.old_daddend[i] : 0.0f);
    }
    return result;
}

struct Tolerance {
    double output, gradient, sum;
};

// A stage of a batch of one row more than there is, on arrays without room for it; with `given` moments, or those that it finds.
void test_stage(const Device& device, cn_batch_normalization_desc d, const Inputs& in, size_t shift, const Tolerance& tolerance,
                bool given = false) {
    std::vector<Floats> first_results;
    cn_state values = state_of(d.batch - 1);
    Forward expected = forward_reference(d, in, values);
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_batch_normalization_create, context, d);
        State state(context, values);
        Array<float> x(context, in.x, shift), gamma(context, in.gamma, shift), beta(context, in.beta, shift);
        Array<float> moving_mean(context, in.moving_mean, shift), moving_variance(context, in.moving_variance, shift);
        Array<float> addend(context, in.addend, shift), y(context, in.dy.size(), shift), predicted(context, in.dy.size(), shift);
        Array<uint8_t> codes(context, d.global_average != 0 ? in.x.size() : in.dy.size(), shift);
        Array<double> moments(context, expected.moments);
        Array<float> saved(context, 2 * in.gamma.size(), shift), dy(context, in.dy, shift);
        Array<float> dx(context, in.old_dx, shift), daddend(context, in.old_daddend, shift);
        Array<float> dgamma(context, in.gamma, shift), dbeta(context, in.beta, shift);
        const float* own_gamma = d.use_scale != 0 ? gamma.data() : nullptr;
        const float* own_beta = d.use_center != 0 ? beta.data() : nullptr;
        const float* own_addend = d.use_addend != 0 ? addend.data() : nullptr;
        bool sums_scale = d.use_scale != 0 && d.frozen == 0, sums_center = d.use_center != 0 && d.frozen == 0;
        ok(cn_batch_normalization_predict(op, state, x, own_gamma, own_beta, moving_mean, moving_variance, own_addend, predicted));
        const double* own_moments = given && d.frozen == 0 ? moments.data() : nullptr;
        bool notes = d.pool.height != 0 || (d.global_average != 0 && d.activation == CN_ACTIVATION_RELU);
        uint8_t* own_codes = notes ? codes.data() : nullptr;
        ok(cn_batch_normalization_forward(op, state, x, own_gamma, own_beta, moving_mean, moving_variance, own_addend, own_moments, y,
                                          saved, own_codes));
        ok(cn_batch_normalization_backward(op, state, x, own_gamma, saved, y, own_codes, dy,
                                           d.input_gradient == CN_GRADIENT_NONE ? nullptr : dx.data(),
                                           d.addend_gradient == CN_GRADIENT_NONE ? nullptr : daddend.data(),
                                           sums_scale ? dgamma.data() : nullptr, sums_center ? dbeta.data() : nullptr));
        Doubles expected_saved = expected.mean;
        expected_saved.insert(expected_saved.end(), expected.inverse.begin(), expected.inverse.end());
        CHECK_CLOSE(expected_saved, saved, 1e-5, 1e-6);
        CHECK_CLOSE(expected.moving_mean, moving_mean, 1e-6, 1e-6);
        CHECK_CLOSE(expected.moving_variance, moving_variance, 1e-5, 1e-9);
        CHECK_CLOSE(expected.y, y, tolerance.output, tolerance.output);
        CHECK_CLOSE(expected.predicted, predicted, 1e-5, 1e-5);
        if (d.frozen != 0) {
            CHECK(moving_mean.same_bits(in.moving_mean));
            CHECK(moving_variance.same_bits(in.moving_variance));
            CHECK(d.dropout_rate > 0 || y.same_bits(predicted));
        }
        if (d.global_average != 0 && own_codes != nullptr) {
            CHECK(codes.values() == expected.codes || tolerance.output != 0);
        }
        Backward gradients = backward_reference(d, in, expected, y, codes.values());
        if (d.input_gradient != CN_GRADIENT_NONE) {
            CHECK_CLOSE(gradients.dx, dx, tolerance.gradient, tolerance.gradient);
        }
        if (d.addend_gradient != CN_GRADIENT_NONE) {
            CHECK_CLOSE(gradients.daddend, daddend, 1e-6, 1e-6);
        }
        if (sums_scale) {
            CHECK_CLOSE(gradients.dgamma, dgamma, tolerance.sum, tolerance.sum * static_cast<double>(in.x.size() / in.gamma.size()));
        }
        if (sums_center) {
            CHECK_CLOSE(gradients.dbeta, dbeta, tolerance.sum, tolerance.sum * static_cast<double>(in.x.size() / in.beta.size()));
        }
        std::vector<Floats> results{y, predicted, saved, moving_mean, moving_variance, dx, daddend, dgamma, dbeta};
        if (first) {
            first_results = results;
        }
        for (size_t i = 0; i < results.size(); ++i) {
            check::that(results[i].size() == first_results[i].size() &&
                            std::memcmp(results[i].data(), first_results[i].data(), results[i].size() * sizeof(float)) == 0,
                        __FILE__, __LINE__, "result " + std::to_string(i) + " has the bits of the first run");
        }
    });
}

Inputs random_inputs(Random& random, const cn_batch_normalization_desc& d) {
    int64_t count = (d.batch - 1) * d.positions * d.channels;
    int64_t outputs = d.global_average != 0 ? (d.batch - 1) * d.channels
                      : d.pool.height == 0  ? count
                                            : (d.batch - 1) * d.output_height * d.output_width * d.channels;
    Inputs in;
    in.x = random.floats(count, -2, 3);
    in.gamma = random.floats(d.channels, 0.5, 2);
    in.beta = random.floats(d.channels);
    in.moving_mean = random.floats(d.channels);
    in.moving_variance = random.floats(d.channels, 0.5, 2);
    in.addend = random.floats(count);
    in.dy = random.floats(outputs);
    in.old_dx = random.floats(count);
    in.old_daddend = random.floats(count);
    return in;
}

cn_batch_normalization_desc desc_of(int64_t batch, int64_t positions, int64_t channels) {
    cn_batch_normalization_desc d{};
    d.activation = CN_ACTIVATION_LINEAR;
    d.batch = batch, d.positions = positions, d.channels = channels;
    d.epsilon = 1e-3f, d.momentum = 0.9f;
    d.use_scale = d.use_center = 1;
    d.input_gradient = CN_GRADIENT_OVERWRITE;
    return d;
}

constexpr Tolerance Usual{1e-5, 1e-5, 1e-6};

cn_batch_normalization_desc pooled_desc_of(int64_t batch, int64_t height, int64_t width, int64_t channels, const cn_window& window) {
    auto outputs = [](int64_t input, int64_t size, int64_t stride, int64_t pad) { return (input + 2 * pad - size) / stride + 1; };
    cn_batch_normalization_desc d = desc_of(batch, height * width, channels);
    d.pool = window;
    d.height = height, d.width = width;
    d.output_height = outputs(height, window.height, window.stride_height, window.pad_top);
    d.output_width = outputs(width, window.width, window.stride_width, window.pad_left);
    return d;
}

// A channel has whole numbers at a distance of 3 around its mean, in turn: with epsilon 7 the deviation is 4, and every result a float.
void test_exact(const Device& device) {
    for (int64_t channels : {1, 4, 5, 64, 70}) {
        cn_batch_normalization_desc d = desc_of(3, 32, channels);
        d.epsilon = 7;
        d.momentum = 0.5f;
        d.use_addend = 1;
        d.input_gradient = d.addend_gradient = CN_GRADIENT_ACCUMULATE;
        Random random(3);
        Inputs in = random_inputs(random, d);
        int64_t count = 2 * d.positions * channels;
        for (int64_t i = 0; i < count; ++i) {
            int64_t row = i / channels, c = i % channels;
            in.x[static_cast<size_t>(i)] = static_cast<float>(c % 7 - 3 + (row % 2 == 0 ? 3 : -3));
        }
        in.gamma = random.whole(channels, -4, 4);
        in.beta = random.whole(channels, -4, 4);
        in.moving_mean = random.whole(channels, -4, 4);
        in.moving_variance = Floats(static_cast<size_t>(channels), 9);
        in.addend = random.whole(count, -4, 4);
        in.dy = random.whole(count, -4, 4);
        in.old_dx = random.whole(count, -4, 4);
        in.old_daddend = random.whole(count, -4, 4);
        test_stage(device, d, in, 0, {0, 0, 0});
        d.activation = CN_ACTIVATION_RELU;
        test_stage(device, d, in, 0, {0, 0, 0});
        test_stage(device, d, in, 0, {0, 0, 0}, true);
    }
}

// The same, pooled: many maxima are equal, and the first wins.
void test_exact_pooling(const Device& device) {
    const cn_window windows[] = {{2, 2, 2, 2, 1, 1, 0, 0}, {3, 3, 2, 2, 1, 1, 1, 1}};
    for (int64_t channels : {1, 4, 5, 64, 70}) {
        for (const cn_window& window : windows) {
            cn_batch_normalization_desc d = pooled_desc_of(3, 4, 8, channels, window);
            d.epsilon = 7;
            d.momentum = 0.5f;
            d.activation = CN_ACTIVATION_RELU;
            d.dropout_rate = 0.5f;
            d.dropout_stream = 5;
            d.input_gradient = CN_GRADIENT_ACCUMULATE;
            Random random(3);
            Inputs in = random_inputs(random, d);
            for (size_t i = 0; i < in.x.size(); ++i) {
                auto c = static_cast<int64_t>(i) % channels, row = static_cast<int64_t>(i) / channels;
                in.x[i] = static_cast<float>(c % 7 - 3 + ((row + row / d.width) % 2 == 0 ? 3 : -3));
            }
            in.gamma = random.whole(channels, -4, 4);
            in.beta = random.whole(channels, -4, 4);
            in.moving_mean = random.whole(channels, -4, 4);
            in.moving_variance = Floats(static_cast<size_t>(channels), 9);
            in.dy = random.whole(static_cast<int64_t>(in.dy.size()), -4, 4);
            in.old_dx = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
            test_stage(device, d, in, 0, {0, 0, 0});
        }
    }
}

// The same, averaged over 32 positions.
void test_exact_average(const Device& device) {
    for (int64_t channels : {1, 4, 5, 64, 70, 130}) {
        for (int32_t activation : {CN_ACTIVATION_LINEAR, CN_ACTIVATION_RELU}) {
            cn_batch_normalization_desc d = desc_of(3, 32, channels);
            d.epsilon = 7;
            d.momentum = 0.5f;
            d.activation = activation;
            d.global_average = 1;
            d.use_addend = 1;
            d.input_gradient = d.addend_gradient = CN_GRADIENT_ACCUMULATE;
            Random random(3);
            Inputs in = random_inputs(random, d);
            for (size_t i = 0; i < in.x.size(); ++i) {
                auto c = static_cast<int64_t>(i) % channels, row = static_cast<int64_t>(i) / channels;
                in.x[i] = static_cast<float>(c % 7 - 3 + (row % 2 == 0 ? 3 : -3));
            }
            in.gamma = random.whole(channels, -4, 4);
            in.beta = random.whole(channels, -4, 4);
            in.moving_mean = random.whole(channels, -4, 4);
            in.moving_variance = Floats(static_cast<size_t>(channels), 9);
            in.addend = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
            in.dy = random.whole(static_cast<int64_t>(in.dy.size()), -4, 4);
            in.old_dx = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
            in.old_daddend = random.whole(static_cast<int64_t>(in.x.size()), -4, 4);
            test_stage(device, d, in, 0, {0, 0, 0});
        }
    }
}

// Averages of few and many positions; channels that vectors, blocks and wide rows divide and such that they do not.
void test_average(const Device& device) {
    const int64_t shapes[][3] = {{1, 1, 1},   {3, 16, 512}, {2, 49, 130},  {5, 9, 3},    {1, 17, 20},  {4, 64, 64},
                                 {2, 33, 10}, {7, 4, 100},  {1, 1500, 12}, {2, 2100, 4}, {3, 300, 70}, {2, 5, 600}};
    Random random(43);
    for (const auto& shape : shapes) {
        for (int32_t activation : {CN_ACTIVATION_LINEAR, CN_ACTIVATION_RELU}) {
            cn_batch_normalization_desc d = desc_of(shape[0] + 1, shape[1], shape[2]);
            d.activation = activation;
            d.global_average = 1;
            d.use_scale = layer::chance(random, 0.8) ? 1 : 0;
            d.use_center = layer::chance(random, 0.8) ? 1 : 0;
            d.frozen = layer::chance(random, 0.2) ? 1 : 0;
            d.use_addend = layer::chance(random, 0.5) ? 1 : 0;
            d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE));
            d.addend_gradient = d.use_addend != 0 ? static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE)) : 0;
            test_stage(device, d, random_inputs(random, d), layer::chance(random, 0.3) ? 1 : 0, Usual, layer::chance(random, 0.5));
        }
    }
}

void test_random(const Device& device) {
    const int64_t shapes[][3] = {{1, 1, 1},   {1, 1, 37},   {1, 3, 20},  {5, 1, 3},    {7, 9, 10},   {3, 40, 16},   {2, 33, 64},
                                 {4, 7, 100}, {2, 150, 48}, {3, 1, 600}, {2, 1500, 3}, {3, 700, 12}, {1, 300, 128}, {2, 2100, 4}};
    Random random(23);
    for (const auto& shape : shapes) {
        cn_batch_normalization_desc d = desc_of(shape[0] + 1, shape[1], shape[2]);
        d.activation = layer::chance(random, 0.2) ? CN_ACTIVATION_LEAKY_RELU
                                                  : static_cast<int32_t>(random.next_int(CN_ACTIVATION_LINEAR, CN_ACTIVATION_TANH));
        d.activation_alpha = d.activation == CN_ACTIVATION_LEAKY_RELU ? 0.3f : 0.0f;
        d.use_scale = layer::chance(random, 0.7) ? 1 : 0;
        d.use_center = layer::chance(random, 0.7) ? 1 : 0;
        d.frozen = layer::chance(random, 0.2) ? 1 : 0;
        d.use_addend = layer::chance(random, 0.5) ? 1 : 0;
        d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE));
        d.addend_gradient = d.use_addend != 0 ? static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE)) : 0;
        test_stage(device, d, random_inputs(random, d), layer::chance(random, 0.3) ? 1 : 0, Usual, layer::chance(random, 0.5));
    }
}

// Windows side by side, apart, overlapping and padded; images that vectors, pieces and wide rows divide and such that they do not.
void test_pooling(const Device& device) {
    const cn_window windows[] = {{2, 2, 2, 2, 1, 1, 0, 0}, {3, 3, 2, 2, 1, 1, 1, 1}, {2, 3, 3, 4, 1, 1, 0, 0}, {2, 2, 1, 1, 1, 1, 0, 1}};
    const int64_t shapes[][4] = {{1, 4, 4, 1},    {2, 7, 9, 3},    {3, 6, 5, 16}, {1, 30, 30, 32},
                                 {2, 13, 13, 64}, {1, 12, 40, 12}, {2, 5, 4, 70}, {1, 6, 6, 600}};
    const int activations[] = {CN_ACTIVATION_RELU,       CN_ACTIVATION_LINEAR, CN_ACTIVATION_TANH,
                               CN_ACTIVATION_LEAKY_RELU, CN_ACTIVATION_RELU,   CN_ACTIVATION_ELU};
    Random random(41);
    int number = 0;
    for (const auto& shape : shapes) {
        for (const cn_window& window : windows) {
            cn_batch_normalization_desc d = pooled_desc_of(shape[0] + 1, shape[1], shape[2], shape[3], window);
            d.activation = activations[number++ % 6];
            d.activation_alpha = d.activation == CN_ACTIVATION_LEAKY_RELU || d.activation == CN_ACTIVATION_ELU ? 0.3f : 0.0f;
            d.dropout_rate = layer::chance(random, 0.5) ? 0.25f : 0.0f;
            d.dropout_stream = 7;
            d.use_scale = layer::chance(random, 0.8) ? 1 : 0;
            d.use_center = layer::chance(random, 0.8) ? 1 : 0;
            d.frozen = layer::chance(random, 0.2) ? 1 : 0;
            d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE));
            test_stage(device, d, random_inputs(random, d), layer::chance(random, 0.3) ? 1 : 0, Usual, layer::chance(random, 0.5));
        }
    }
}

// Each way to want gradients, live and frozen, on aligned and unaligned arrays: what is not wanted is not touched.
void test_modes(const Device& device) {
    Random random(29);
    for (int mode = 0; mode < 36; ++mode) {
        cn_batch_normalization_desc d = desc_of(3, 11, 8);
        d.activation = CN_ACTIVATION_RELU;
        d.input_gradient = mode % 3;
        d.use_addend = 1;
        d.addend_gradient = mode / 3 % 3;
        d.frozen = mode / 9 % 2;
        d.use_scale = d.use_center = mode / 18;
        test_stage(device, d, random_inputs(random, d), static_cast<size_t>(mode % 2), Usual);
    }
}

// A mean of 1e4 with a deviation of 1; channels that begin with zeros, as behind a border, or with one value far away.
void test_robust(const Device& device) {
    for (int64_t channels : {3, 64, 70}) {
        cn_batch_normalization_desc d = desc_of(4, 900, channels);
        d.momentum = 0;
        Random random(31);
        Inputs in = random_inputs(random, d);
        auto rows = static_cast<int64_t>(in.x.size()) / channels;
        for (int64_t i = 0; i < rows * channels; ++i) {
            double sum = -6;
            for (int k = 0; k < 12; ++k) {
                sum += random.next(0, 1);
            }
            int64_t row = i / channels, kind = i % channels % 3;
            bool apart = (kind == 1 && row < rows / 3) || (kind == 2 && row == 0);
            in.x[static_cast<size_t>(i)] = static_cast<float>(apart ? 0 : 1e4 + sum);
        }
        test_stage(device, d, in, 0, {1e-4, 2e-5, 2e-6});
    }
}

// 1, 2, 3, 4 with Keras' defaults.
void test_known(const Device& device) {
    Context context(device);
    cn_batch_normalization_desc d = desc_of(4, 1, 1);
    d.momentum = 0;
    Op op(cn_batch_normalization_create, context, d);
    State state(context, state_of(4));
    Array<float> x(context, Floats{1, 2, 3, 4}), gamma(context, Floats{1}), beta(context, Floats{0}), mean(context, Floats{9}),
        variance(context, Floats{9}), y(context, 4), saved(context, 2), dy(context, Floats{1, 0, 0, 0}), dx(context, 4), dgamma(context, 1),
        dbeta(context, 1);
    ok(cn_batch_normalization_forward(op, state, x, gamma, beta, mean, variance, nullptr, nullptr, y, saved, nullptr));
    ok(cn_batch_normalization_backward(op, state, x, gamma, saved, y, nullptr, dy, dx, nullptr, dgamma, dbeta));
    CHECK(mean.values()[0] == 2.5f);
    CHECK(variance.values()[0] == 1.25f);
    CHECK_CLOSE((Doubles{-1.34110445, -0.44703482, 0.44703482, 1.34110445}), y, 1e-6, 0);
    CHECK_CLOSE((Doubles{0.26854250, -0.35752065, -0.08951417, 0.17849232}), dx, 1e-5, 0);
    CHECK_CLOSE((Doubles{-1.34110445}), dgamma, 1e-6, 0);
    CHECK_CLOSE((Doubles{1}), dbeta, 0, 0);
}

// A NaN takes its channel, in all that comes of it, and no other.
void test_nan(const Device& device) {
    for (int64_t channels : {4, 5}) {
        Context context(device);
        cn_batch_normalization_desc d = desc_of(2, 50, channels);
        d.activation = CN_ACTIVATION_RELU;
        Op op(cn_batch_normalization_create, context, d);
        State state(context, state_of(2));
        Random random(37);
        Inputs in = random_inputs(random, desc_of(3, 50, channels));
        in.x[static_cast<size_t>(channels * 77 + 1)] = NAN;
        Array<float> x(context, in.x), gamma(context, in.gamma), beta(context, in.beta), mean(context, in.moving_mean),
            variance(context, in.moving_variance), y(context, x.size()), saved(context, 2 * gamma.size()), dy(context, in.dy),
            dx(context, x.size()), dgamma(context, gamma.size()), dbeta(context, beta.size());
        ok(cn_batch_normalization_forward(op, state, x, gamma, beta, mean, variance, nullptr, nullptr, y, saved, nullptr));
        ok(cn_batch_normalization_backward(op, state, x, gamma, saved, y, nullptr, dy, dx, nullptr, dgamma, dbeta));
        for (const Floats& values : {y.values(), dx.values(), saved.values(), mean.values(), variance.values(), dgamma.values()}) {
            bool right = true;
            for (size_t i = 0; i < values.size(); ++i) {
                right = right && std::isnan(values[i]) == (i % static_cast<size_t>(channels) == 1);
            }
            CHECK(right);
        }
    }
}

// The same where the channel is averaged: each of its means, too.
void test_nan_average(const Device& device) {
    for (int64_t channels : {4, 5}) {
        Context context(device);
        cn_batch_normalization_desc d = desc_of(2, 50, channels);
        d.activation = CN_ACTIVATION_RELU;
        d.global_average = 1;
        Op op(cn_batch_normalization_create, context, d);
        State state(context, state_of(2));
        Random random(37);
        d.batch = 3;
        Inputs in = random_inputs(random, d);
        in.x[static_cast<size_t>(channels * 77 + 1)] = NAN;
        Array<float> x(context, in.x), gamma(context, in.gamma), beta(context, in.beta), mean(context, in.moving_mean),
            variance(context, in.moving_variance), y(context, in.dy.size()), saved(context, 2 * gamma.size()), dy(context, in.dy),
            dx(context, x.size()), dgamma(context, gamma.size()), dbeta(context, beta.size());
        Array<uint8_t> codes(context, x.size());
        ok(cn_batch_normalization_forward(op, state, x, gamma, beta, mean, variance, nullptr, nullptr, y, saved, codes));
        ok(cn_batch_normalization_backward(op, state, x, gamma, saved, y, codes, dy, dx, nullptr, dgamma, dbeta));
        for (const Floats& values : {y.values(), dx.values(), dgamma.values()}) {
            bool right = true;
            for (size_t i = 0; i < values.size(); ++i) {
                right = right && std::isnan(values[i]) == (i % static_cast<size_t>(channels) == 1);
            }
            CHECK(right);
        }
    }
}

// Not on the border of a double.
const double* fake_doubles(const double* doubles) {
    return reinterpret_cast<const double*>(reinterpret_cast<uintptr_t>(doubles) + sizeof(float));
}

void test_arguments(const Device& device) {
    Context context(device);
    State state(context, state_of(2));
    Array<float> a(context, 64);
    Op plain(cn_batch_normalization_create, context, desc_of(2, 4, 8));
    auto forward = [&](cn_op* op, const float* gamma, const float* beta, float* mean, const float* addend, float* saved) {
        return cn_batch_normalization_forward(op, state, a, gamma, beta, mean, a, addend, nullptr, a, saved, nullptr);
    };
    REFUSED_CALL(forward(plain, nullptr, a, a, nullptr, a), "gamma is null");
    REFUSED_CALL(forward(plain, a, nullptr, a, nullptr, a), "beta is null");
    REFUSED_CALL(forward(plain, a, a, nullptr, nullptr, a), "moving_mean is null");
    REFUSED_CALL(forward(plain, a, a, a, a, a), "addend must be null: use_addend is 0");
    REFUSED_CALL(forward(plain, a, a, a, nullptr, nullptr), "saved is null");
    REFUSED_CALL(cn_batch_normalization_predict(plain, state, a, a, a, a, nullptr, nullptr, a), "moving_variance is null");
    auto backward = [&](cn_op* op, float* dx, float* daddend, float* dgamma, float* dbeta) {
        return cn_batch_normalization_backward(op, state, a, a, a, a, nullptr, a, dx, daddend, dgamma, dbeta);
    };
    REFUSED_CALL(backward(plain, nullptr, nullptr, a, a), "dx is null");
    REFUSED_CALL(backward(plain, a, a, a, a), "daddend must be null: addend_gradient is CN_GRADIENT_NONE");
    REFUSED_CALL(backward(plain, a, nullptr, nullptr, a), "dgamma is null");
    REFUSED_CALL(backward(plain, a, nullptr, a, nullptr), "dbeta is null");
    cn_batch_normalization_desc d = desc_of(2, 4, 8);
    d.frozen = 1;
    Op frozen(cn_batch_normalization_create, context, d);
    REFUSED_CALL(backward(frozen, a, nullptr, a, nullptr), "dgamma must be null: frozen is 1");
    REFUSED_CALL(backward(frozen, a, nullptr, nullptr, a), "dbeta must be null: frozen is 1");
    d = desc_of(2, 4, 8);
    d.use_scale = d.use_center = 0;
    Op bare(cn_batch_normalization_create, context, d);
    REFUSED_CALL(forward(bare, a, nullptr, a, nullptr, a), "gamma must be null: use_scale is 0");
    REFUSED_CALL(forward(bare, nullptr, a, a, nullptr, a), "beta must be null: use_center is 0");
    Array<uint8_t> codes(context, 64);
    Array<double> moments(context, 16);
    auto pool = [&](cn_op* op, const double* given, uint8_t* notes) {
        return cn_batch_normalization_forward(op, state, a, a, a, a, a, nullptr, given, a, a, notes);
    };
    REFUSED_CALL(pool(plain, nullptr, codes), "codes must be null: the stage makes none");
    REFUSED_CALL(pool(plain, fake_doubles(moments), nullptr), "moments");
    REFUSED_CALL(pool(frozen, moments, nullptr), "moments must be null: frozen is 1");
    Op pooled(cn_batch_normalization_create, context, pooled_desc_of(2, 2, 2, 8, {2, 2, 2, 2, 1, 1, 0, 0}));
    REFUSED_CALL(pool(pooled, nullptr, nullptr), "codes is null");
    REFUSED_CALL(cn_batch_normalization_backward(pooled, state, a, a, a, a, nullptr, a, a, nullptr, a, a), "codes is null");
    d = desc_of(2, 4, 8);
    d.global_average = 1;
    Op linear_average(cn_batch_normalization_create, context, d);
    REFUSED_CALL(pool(linear_average, nullptr, codes), "codes must be null: the stage makes none");
    d.activation = CN_ACTIVATION_RELU;
    Op average(cn_batch_normalization_create, context, d);
    REFUSED_CALL(pool(average, nullptr, nullptr), "codes is null");
    REFUSED_CALL(cn_batch_normalization_backward(average, state, a, a, a, a, nullptr, a, a, nullptr, a, a), "codes is null");
    REFUSED_CALL(cn_batch_normalization_backward(linear_average, state, a, a, a, a, codes, a, a, nullptr, a, a), "codes must be null");
    CHECK(a.same_bits(Floats(64))); // none of it was written
}

void test_descriptors() {
    Context context;
    auto* create = cn_batch_normalization_create;
    cn_batch_normalization_desc desc = desc_of(2, 4, 8);
    REFUSED(create, context, desc, d.struct_size = 4, "struct_size is 4");
    REFUSED(create, context, desc, d.activation = CN_ACTIVATION_SILU, "activation is 16: its derivative is not in y");
    REFUSED(create, context, desc, d.activation_alpha = 1, "activation_alpha is 1: it must be 0 for activation 0");
    REFUSED(create, context, desc, d.global_average = 2, "global_average is 2");
    REFUSED(create, context, desc, (d.global_average = 1, d.activation = CN_ACTIVATION_TANH),
            "global_average is 1: it must be 0 with activation 3");
    REFUSED(create, context, desc, (d.global_average = 1, d.channels = 1, d.positions = int64_t{1} << 31),
            "positions is 2147483648: it must be from 1 to 2147483647");
    REFUSED(create, context, desc, (d.global_average = 1, d.dropout_rate = 0.5f), "dropout_rate is 0.5: it must be 0 without pooling");
    REFUSED(create, context, desc, d.batch = 0, "batch is 0");
    REFUSED(create, context, desc, d.positions = 0, "positions is 0");
    REFUSED(create, context, desc, d.channels = int64_t{1} << 31, "channels is 2147483648: it must be from 1 to 2147483647");
    REFUSED(create, context, desc, d.positions = int64_t{1} << 50, "has more than the limit");
    REFUSED(create, context, desc, d.epsilon = -1e-3f, "epsilon is -0.001: it must be at least 0 and finite");
    REFUSED(create, context, desc, d.epsilon = INFINITY, "epsilon is inf");
    REFUSED(create, context, desc, d.epsilon = NAN, "epsilon is nan");
    REFUSED(create, context, desc, d.momentum = 1.5f, "momentum is 1.5: it must be from 0 to 1");
    REFUSED(create, context, desc, d.momentum = NAN, "momentum is nan");
    REFUSED(create, context, desc, d.use_scale = 2, "use_scale is 2");
    REFUSED(create, context, desc, d.use_center = -1, "use_center is -1");
    REFUSED(create, context, desc, d.frozen = 2, "frozen is 2");
    REFUSED(create, context, desc, d.use_addend = 2, "use_addend is 2");
    REFUSED(create, context, desc, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(create, context, desc, (d.use_addend = 1, d.addend_gradient = 3), "addend_gradient is 3");
    REFUSED(create, context, desc, d.addend_gradient = 1, "addend_gradient is 1: it must be CN_GRADIENT_NONE, as use_addend is 0");
    REFUSED(create, context, desc, d.height = 2, "height is 2: it must be from 0 to 0: without pooling there is none");
    REFUSED(create, context, desc, d.output_width = 2, "output_width is 2");
    REFUSED(create, context, desc, d.dropout_rate = 0.5f, "dropout_rate is 0.5: it must be 0 without pooling");
    REFUSED(create, context, desc, d.dropout_rate = 1, "dropout_rate is 1");
    cn_batch_normalization_desc pooled = pooled_desc_of(2, 4, 6, 8, {2, 2, 2, 2, 1, 1, 0, 0});
    REFUSED(create, context, pooled, d.width = 5, "positions is 24, but the images that are pooled are 4 x 5: it must be their product");
    REFUSED(create, context, pooled, d.height = 0, "height is 0");
    REFUSED(create, context, pooled, d.output_height = 3, "lower output_height to that");
    REFUSED(create, context, pooled, d.pool.height = d.pool.width = 16, "at most 254 cells");
    REFUSED(create, context, pooled, d.pool.dilation_width = 2, "pool dilation");
    REFUSED(create, context, pooled, d.global_average = 1, "global_average is 1: it must be 0 with pooling, whose height is 2");
    REFUSED(create, context, pooled, d.use_addend = 1, "use_addend is 1: it must be 0 with pooling");
    REFUSED(create, context, pooled, d.dropout_stream = 65536, "dropout_stream is 65536");
}

} // namespace

int main() {
    test_descriptors();
    for_each_device([](const Device& device) {
        test_known(device);
        test_exact(device);
        test_exact_pooling(device);
        test_pooling(device);
        test_exact_average(device);
        test_average(device);
        test_modes(device);
        test_random(device);
        test_robust(device);
        test_nan(device);
        test_nan_average(device);
        test_arguments(device);
    });
    return check::result();
}
