// Convolution and dense stages on a device, compared with the plain loops.
#pragma once

#include "frozen.h"
#include "layer_reference.h"

namespace layer {

struct Outputs {
    std::vector<float> y, predicted, dx, dkernel, dbias;
    std::vector<float> summed{}; // predicted with dy as addend
    std::vector<double> moments{};
    int64_t forward_runs = 0, kernel_gradients = 0; // how often a convolution was computed

    bool same_bits(const Outputs& other) const {
        return same(y, other.y) && same(predicted, other.predicted) && same(summed, other.summed) && same(dx, other.dx) &&
               same(dkernel, other.dkernel) && same(dbias, other.dbias) && same(moments, other.moments);
    }

private:
    template <class T>
    static bool same(const std::vector<T>& left, const std::vector<T>& right) {
        return left.size() == right.size() && (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(T)) == 0);
    }
};

// The tensors of a stage, each of exactly its size; what is overwritten holds NaN before.
class Tensors {
public:
    Tensors(cn_context* context, const ConvData& data, size_t shift)
        : x(context, data.x, shift), kernel(context, data.kernel, shift), bias(context, data.bias, shift), dy(context, data.dy, shift),
          y(context, nans(data.dy), shift), predicted(context, nans(data.dy), shift), dx(context, data.dx, shift),
          dkernel(context, nans(data.kernel), shift), dbias(context, nans(data.bias), shift) {}

    frozen::Whole whole(const ConvData& data, bool has_input_gradient, bool has_bias) const {
        return {data.dx, x, dx, dkernel, dbias, has_input_gradient, has_bias};
    }

    Outputs outputs(const ConvData& data) const {
        CHECK(x.same_bits(data.x) && kernel.same_bits(data.kernel) && bias.same_bits(data.bias) && dy.same_bits(data.dy));
        return {y, predicted, dx, dkernel, dbias};
    }

    device::Array<float> x, kernel, bias, dy, y, predicted, dx, dkernel, dbias;

private:
    static std::vector<float> nans(const std::vector<float>& like) { return std::vector<float>(like.size(), NAN); }
};

// forward, predict and backward of `d.batch` rows, by an op for `spare` rows more; all arrays begin `shift` elements after their buffers.
inline Outputs run(cn_context* context, const cn_conv2d_desc& d, int64_t spare, const ConvData& data, const cn_state& values,
                   size_t shift = 0) {
    cn_conv2d_desc larger = d;
    larger.batch += spare;
    device::Op op(cn_conv2d_create, context, larger);
    device::State state(context, values);
    Tensors t(context, data, shift);
    device::Array<uint8_t> codes(context, data.dy.size(), shift);
    uint8_t* saved = d.pool.height != 0 ? codes.data() : nullptr;
    float* bias = d.use_bias != 0 ? t.bias.data() : nullptr;
    float* dx = d.input_gradient != CN_GRADIENT_NONE ? t.dx.data() : nullptr;
    device::Array<double> moments(context, std::vector<double>(static_cast<size_t>(d.use_moments != 0 ? 2 * d.filters : 0), NAN));
    device::ok(cn_conv2d_forward(op, state, t.x, t.kernel, bias, t.y, saved, d.use_moments != 0 ? moments.data() : nullptr));
    device::ok(cn_conv2d_predict(op, state, t.x, t.kernel, bias, nullptr, t.predicted));
    device::Array<float> summed(context, std::vector<float>(d.pool.height != 0 ? 0 : data.dy.size(), NAN), shift);
    if (d.pool.height == 0) {
        device::ok(cn_conv2d_predict(op, state, t.x, t.kernel, bias, t.dy, summed));
    }
    auto backward = [&](const frozen::Gradients& g) {
        return cn_conv2d_backward(op, state, g.x, t.kernel, t.y, saved, t.dy, g.dx, g.dkernel, g.dbias);
    };
    device::ok(backward({t.x, dx, t.dkernel, bias != nullptr ? t.dbias.data() : nullptr}));
    bool made_again = frozen::test(context, shift, t.whole(data, dx != nullptr, bias != nullptr), backward);
    Outputs outputs = t.outputs(data);
    outputs.forward_runs = d.pool.height == 0 ? 3 : 2;
    outputs.kernel_gradients = made_again ? 2 : 1;
    outputs.summed = summed;
    outputs.moments = moments;
    return outputs;
}

inline Outputs run(cn_context* context, const cn_dense_desc& d, int64_t spare, const ConvData& data, const cn_state& values,
                   size_t shift = 0) {
    cn_dense_desc larger = d;
    larger.batch += spare;
    device::Op op(cn_dense_create, context, larger);
    device::State state(context, values);
    Tensors t(context, data, shift);
    float* bias = d.use_bias != 0 ? t.bias.data() : nullptr;
    float* dx = d.input_gradient != CN_GRADIENT_NONE ? t.dx.data() : nullptr;
    device::ok(cn_dense_forward(op, state, t.x, t.kernel, bias, t.y));
    device::ok(cn_dense_predict(op, state, t.x, t.kernel, bias, t.predicted));
    auto backward = [&](const frozen::Gradients& g) {
        return cn_dense_backward(op, state, g.x, t.kernel, t.y, t.dy, g.dx, g.dkernel, g.dbias);
    };
    device::ok(backward({t.x, dx, t.dkernel, bias != nullptr ? t.dbias.data() : nullptr}));
    frozen::test(context, shift, t.whole(data, dx != nullptr, bias != nullptr), backward);
    return t.outputs(data);
}

// A dense layer is a convolution of 1 x 1 over positions in a row.
inline cn_conv2d_desc as_conv2d(const cn_dense_desc& d) {
    cn_conv2d_desc conv{};
    conv.batch = d.batch;
    conv.input_height = conv.conv_height = conv.output_height = 1;
    conv.input_width = conv.conv_width = conv.output_width = d.positions;
    conv.input_channels = d.inputs;
    conv.filters = d.units;
    conv.window = {1, 1, 1, 1, 1, 1, 0, 0};
    conv.activation = d.activation;
    conv.activation_alpha = d.activation_alpha;
    conv.use_bias = d.use_bias;
    conv.dropout_rate = d.dropout_rate;
    conv.dropout_stream = d.dropout_stream;
    conv.input_gradient = d.input_gradient;
    conv.precision = d.precision;
    return conv;
}

// What a sum of `terms` products may be off: their factors are rounded, and errors of either sign mostly cancel.
inline double product_tolerance(int precision, double terms, double largest_product) {
    const double unit = precision == CN_PRECISION_FLOAT32 ? 1.3e-6 : precision == CN_PRECISION_TF32 ? 2e-3 : 1.6e-2;
    return 1e-5 + unit * std::sqrt(terms) * largest_product;
}

inline double largest_of(const std::vector<float>& values) {
    double largest = 0;
    for (float value : values) {
        largest = std::fmax(largest, std::fabs(static_cast<double>(value)));
    }
    return largest;
}

// The moments of what came out, in double.
inline void compare_moments(const cn_conv2d_desc& d, const Outputs& actual) {
    auto filters = static_cast<size_t>(d.filters);
    size_t rows = actual.y.size() / filters;
    Doubles expected(2 * filters);
    for (size_t i = 0; i < actual.y.size(); ++i) {
        expected[i % filters] += static_cast<double>(actual.y[i]) / static_cast<double>(rows);
    }
    double largest = largest_of(actual.y);
    for (size_t i = 0; i < actual.y.size(); ++i) {
        double distance = static_cast<double>(actual.y[i]) - expected[i % filters];
        expected[filters + i % filters] += distance * distance;
    }
    std::vector<float> found(actual.moments.begin(), actual.moments.end());
    Doubles means(expected.begin(), expected.begin() + d.filters), squares(expected.begin() + d.filters, expected.end());
    CHECK_CLOSE(means, std::vector<float>(found.begin(), found.begin() + d.filters), 1e-6, 1e-6 * largest);
    CHECK_CLOSE(squares, std::vector<float>(found.begin() + d.filters, found.end()), 1e-5, 1e-11 * static_cast<double>(rows) * largest);
}

// `precision` is that of the device: CPUs multiply in float32 whatever they are asked for. Backward is compared where the gradient of the
// convolution depends little on how it was rounded: with numbers that it does not round, without kinks, or in float32.
inline void compare(const cn_conv2d_desc& d, const ConvData& data, Numbers numbers, int precision, const ConvResult& expected,
                    const Outputs& actual) {
    double window = static_cast<double>(d.window.height * d.window.width),
           positions = static_cast<double>(d.batch * d.conv_height * d.conv_width);
    double x = largest_of(data.x), kernel = largest_of(data.kernel), terms = window * static_cast<double>(d.input_channels / groups_of(d));
    double relative = 1.3e-6 * std::sqrt(terms), scale = 1 / (1 - static_cast<double>(d.dropout_rate));
    int forward = numbers == Numbers::Any ? precision : CN_PRECISION_FLOAT32;
    if (d.use_moments != 0) {
        compare_moments(d, actual);
    }
    CHECK_CLOSE(expected.y, actual.y, relative, scale * product_tolerance(forward, terms, x * kernel));
    CHECK_CLOSE(expected.predicted, actual.predicted, relative, product_tolerance(forward, terms, x * kernel));
    if (!actual.summed.empty()) { // of a convolution without pooling
        CHECK_CLOSE(expected.summed, actual.summed, relative, product_tolerance(forward, terms, x * kernel));
    }
    if (forward != CN_PRECISION_FLOAT32 && (d.pool.height != 0 || d.activation != CN_ACTIVATION_LINEAR)) {
        return;
    }
    CHECK_CLOSE(expected.dkernel, actual.dkernel, 5e-5, product_tolerance(precision, positions, x * expected.largest_dz));
    if (d.use_bias != 0) { // a sum without products
        CHECK_CLOSE(expected.dbias, actual.dbias, 5e-5, product_tolerance(CN_PRECISION_FLOAT32, positions, expected.largest_dz));
    }
    if (d.input_gradient != CN_GRADIENT_NONE) {
        double filters = static_cast<double>(d.filters / groups_of(d));
        CHECK_CLOSE(expected.dx, actual.dx, 5e-5, product_tolerance(precision, window * filters, kernel * expected.largest_dz));
    } else {
        CHECK(actual.dx == data.dx);
    }
}

} // namespace layer
