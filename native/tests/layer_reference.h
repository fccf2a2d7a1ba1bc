// A convolution stage in plain double loops.
#pragma once

#include "activation_reference.h"
#include "device.h"

#include <algorithm>

namespace layer {

using Doubles = std::vector<double>;

// What tensors hold.
enum class Numbers {
    Any,
    Grid, // few bits, so that the convolution itself is exact in every precision and order of its sums: maxima and kinks are where they are
    Whole // small whole numbers: with them everything is exact
};

inline int64_t groups_of(const cn_conv2d_desc& d) {
    return std::max<int64_t>(1, d.groups);
}

struct ConvData {
    ConvData(const cn_conv2d_desc& d, device::Random& random, Numbers numbers = Numbers::Any) {
        int64_t inputs = d.batch * d.input_height * d.input_width * d.input_channels;
        int64_t weights = d.window.height * d.window.width * d.input_channels / groups_of(d) * d.filters;
        int64_t outputs = d.batch * d.output_height * d.output_width * d.filters;
        if (numbers == Numbers::Any) {
            x = random.floats(inputs);
            kernel = random.floats(weights, -0.3, 0.3);
            bias = random.floats(d.filters);
            dy = random.floats(outputs);
            dx = random.floats(inputs);
            return;
        }
        bool whole = numbers == Numbers::Whole;
        x = random.whole(inputs, -3, 3);
        // Sums stay where sigmoid and tanh are steep: neighbours on the grid differ there in float, too.
        auto terms = static_cast<double>(weights / d.filters);
        kernel = random.whole(weights, whole ? -2 : -grid_steps(terms), whole ? 2 : grid_steps(terms));
        bias = random.whole(d.filters, -4, 4);
        dy = whole ? random.whole(outputs, -2, 2) : random.floats(outputs);
        dx = whole ? random.whole(inputs, -9, 9) : random.floats(inputs);
        if (!whole) {
            scale(x, 1.0f / 4);
            scale(kernel, 1.0f / 256);
            scale(bias, 1.0f / 16);
        }
    }

    std::vector<float> x, kernel, bias, dy, dx;

private:
    // A convolution of about 0.7: values of x are 0.5 at the root of their mean square, those of the kernel 0.58 of the largest.
    static int64_t grid_steps(double terms) { return std::max<int64_t>(1, std::lround(std::min(0.3, 2.4 / std::sqrt(terms)) * 256)); }
    static void scale(std::vector<float>& values, float factor) {
        for (float& value : values) {
            value *= factor;
        }
    }
};

struct ConvResult {
    Doubles y, predicted, dx, dkernel, dbias;
    Doubles summed;        // predicted with dy as addend; nothing with pooling
    double largest_dz = 0; // |gradient of the convolution with its bias|
};

inline reference::Activation activation_of(const cn_conv2d_desc& d) {
    return {d.activation, static_cast<double>(d.activation_alpha)};
}

inline double dropout_multiplier(const cn_state& state, uint32_t stream, float rate, size_t element) {
    if (rate == 0.0f) {
        return 1.0;
    }
    uint64_t block = element / 4;
    uint32_t counter[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(state.step),
                           stream + 65536u * static_cast<uint32_t>((state.step >> 32) & 0xFFFF)};
    uint32_t key[2] = {static_cast<uint32_t>(state.seed), static_cast<uint32_t>(state.seed >> 32)};
    uint32_t words[4];
    device::ok(cn_philox(counter, key, words));
    return (words[element % 4] >> 8) < std::ceil(static_cast<double>(rate) * 16777216.0) ? 0.0 : 1.0 / (1.0 - static_cast<double>(rate));
}

// Calls body(x index, kernel index, conv index) for every product of the convolution.
template <class Body>
void for_products(const cn_conv2d_desc& d, const Body& body) {
    int64_t channels = d.input_channels / groups_of(d), filters = d.filters / groups_of(d);
    for (int64_t n = 0; n < d.batch; ++n) {
        for (int64_t oy = 0; oy < d.conv_height; ++oy) {
            for (int64_t ox = 0; ox < d.conv_width; ++ox) {
                for (int64_t ky = 0; ky < d.window.height; ++ky) {
                    for (int64_t kx = 0; kx < d.window.width; ++kx) {
                        int64_t iy = oy * d.window.stride_height - d.window.pad_top + ky * d.window.dilation_height;
                        int64_t ix = ox * d.window.stride_width - d.window.pad_left + kx * d.window.dilation_width;
                        if (iy < 0 || iy >= d.input_height || ix < 0 || ix >= d.input_width) {
                            continue;
                        }
                        for (int64_t c = 0; c < channels; ++c) {
                            for (int64_t f = 0; f < d.filters; ++f) {
                                int64_t channel = f / filters * channels + c; // of the filter's group
                                body(static_cast<size_t>(((n * d.input_height + iy) * d.input_width + ix) * d.input_channels + channel),
                                     static_cast<size_t>(((ky * d.window.width + kx) * channels + c) * d.filters + f),
                                     static_cast<size_t>(((n * d.conv_height + oy) * d.conv_width + ox) * d.filters + f));
                            }
                        }
                    }
                }
            }
        }
    }
}

// The element of the convolution that output `o` was taken from.
inline size_t winner_of(const cn_conv2d_desc& d, const Doubles& values, size_t o) {
    if (d.pool.height == 0) {
        return o;
    }
    auto index = static_cast<int64_t>(o);
    int64_t f = index % d.filters, ox = index / d.filters % d.output_width, oy = index / d.filters / d.output_width % d.output_height;
    int64_t n = index / d.filters / d.output_width / d.output_height, best = -1;
    for (int64_t ky = 0; ky < d.pool.height; ++ky) {
        for (int64_t kx = 0; kx < d.pool.width; ++kx) {
            int64_t cy = oy * d.pool.stride_height - d.pool.pad_top + ky, cx = ox * d.pool.stride_width - d.pool.pad_left + kx;
            if (cy < 0 || cy >= d.conv_height || cx < 0 || cx >= d.conv_width) {
                continue;
            }
            int64_t at = ((n * d.conv_height + cy) * d.conv_width + cx) * d.filters + f;
            if (best < 0 || values[static_cast<size_t>(at)] > values[static_cast<size_t>(best)]) {
                best = at;
            }
        }
    }
    return static_cast<size_t>(best);
}

inline ConvResult convolve(const cn_conv2d_desc& d, const ConvData& data, const cn_state& state) {
    Doubles conv(static_cast<size_t>(d.batch * d.conv_height * d.conv_width * d.filters)), dconv(conv.size());
    for_products(d, [&](size_t x, size_t k, size_t o) { conv[o] += static_cast<double>(data.x[x]) * static_cast<double>(data.kernel[k]); });
    auto filters = static_cast<size_t>(d.filters);
    for (size_t o = 0; o < conv.size(); ++o) {
        conv[o] += d.use_bias != 0 ? static_cast<double>(data.bias[o % filters]) : 0.0;
    }
    ConvResult result;
    for (size_t o = 0; d.pool.height == 0 && o < conv.size(); ++o) {
        result.summed.push_back(reference::activate(activation_of(d), conv[o] + static_cast<double>(data.dy[o])));
    }
    for (double& value : conv) {
        value = reference::activate(activation_of(d), value);
    }
    for (size_t o = 0; o < data.dy.size(); ++o) {
        double multiplier = dropout_multiplier(state, d.dropout_stream, d.dropout_rate, o);
        size_t winner = winner_of(d, conv, o);
        result.predicted.push_back(conv[winner]);
        result.y.push_back(conv[winner] * multiplier);
        dconv[winner] += static_cast<double>(data.dy[o]) * multiplier;
    }
    result.dbias.resize(filters);
    for (size_t o = 0; o < conv.size(); ++o) {
        dconv[o] *= reference::derivative_from_output(activation_of(d), conv[o]);
        result.dbias[o % filters] += dconv[o];
        result.largest_dz = std::fmax(result.largest_dz, std::fabs(dconv[o]));
    }
    result.dkernel.resize(data.kernel.size());
    result.dx.assign(data.dx.begin(), data.dx.end());
    if (d.input_gradient != CN_GRADIENT_ACCUMULATE) {
        result.dx.assign(data.dx.size(), 0.0);
    }
    for_products(d, [&](size_t x, size_t k, size_t o) {
        result.dkernel[k] += static_cast<double>(data.x[x]) * dconv[o];
        result.dx[x] += static_cast<double>(data.kernel[k]) * dconv[o];
    });
    return result;
}

} // namespace layer
