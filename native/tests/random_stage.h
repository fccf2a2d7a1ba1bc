// Descriptors of random convolution and dense stages, small enough to be many.
#pragma once

#include "layer_reference.h"

namespace layer {

using device::Random;

inline bool chance(Random& random, double probability) {
    return random.next(0, 1) < probability;
}

template <class T>
T one_of(Random& random, const std::vector<T>& values) {
    return values[static_cast<size_t>(random.next_int(0, static_cast<int64_t>(values.size()) - 1))];
}

// Numbers that kernels like, and others.
inline int64_t channels(Random& random) {
    return chance(random, 0.5) ? random.next_int(1, 20) : one_of<int64_t>(random, {8, 16, 24, 32, 32, 40, 48, 64, 64, 72, 96, 128});
}

// One axis of a window over an input.
struct Axis {
    int64_t size, stride, dilation, pad;
    int64_t output;

    int64_t reach() const { return (size - 1) * dilation + 1; }
};

inline Axis convolution_axis(Random& random, int64_t size, int64_t most_outputs) {
    Axis axis{size, 1, 1, 0, random.next_int(1, most_outputs)};
    axis.stride = chance(random, 0.75) ? 1 : random.next_int(2, 3);
    axis.dilation = chance(random, 0.8) ? 1 : random.next_int(2, 3);
    if (chance(random, 0.4)) {
        axis.pad = (axis.reach() - 1) / 2;
    } else if (chance(random, 0.3)) {
        axis.pad = random.next_int(0, axis.reach() - 1);
    } else if (chance(random, 0.4)) {
        axis.pad = random.next_int(-3, axis.reach() + 3); // below 0, something is cut off
    }
    return axis;
}

// Windows may end behind the input, or begin there, and the input may go on behind the last window.
inline int64_t convolution_input(Random& random, const Axis& axis) {
    int64_t whole = (axis.output - 1) * axis.stride + axis.reach() - axis.pad;
    if (chance(random, 0.1)) {
        return random.next_int(std::max<int64_t>(1, 1 - axis.pad), std::max<int64_t>(1, whole + 2));
    }
    int64_t pad_behind = chance(random, 0.5) ? axis.pad : random.next_int(0, axis.reach() - 1);
    int64_t dead = chance(random, 0.3) ? random.next_int(1, 3) : 0;
    return std::max<int64_t>(std::max<int64_t>(1, 1 - axis.pad),
                             std::max(whole - pad_behind, (axis.output - 1) * axis.stride + 1 - axis.pad) + dead);
}

inline Axis pooling_axis(Random& random, bool half, int64_t input) {
    Axis axis{2, 2, 1, 0, 1};
    if (!half) {
        axis = {random.next_int(1, 4), random.next_int(1, 4), 1, 0, 1};
        axis.pad = chance(random, 0.5) ? random.next_int(0, axis.size - 1) : 0;
    }
    int64_t most = (input - 1 + axis.pad) / axis.stride + 1;
    int64_t inside = input + axis.pad < axis.size ? 1 : (input + axis.pad - axis.size) / axis.stride + 1;
    axis.output = chance(random, 0.7) ? inside : random.next_int(1, most);
    return axis;
}

inline cn_window window_of(const Axis& rows, const Axis& columns) {
    return {rows.size, columns.size, rows.stride, columns.stride, rows.dilation, columns.dilation, rows.pad, columns.pad};
}

// 0 where the activation has no such parameter.
inline float draw_alpha(Random& random, int32_t activation) {
    switch (activation) {
    case CN_ACTIVATION_ELU:
    case CN_ACTIVATION_LEAKY_RELU:
    case CN_ACTIVATION_CELU:
    case CN_ACTIVATION_SQUAREPLUS:
        return one_of<float>(random, {0.25f, 1.0f, 1.5f});
    default:
        return 0.0f;
    }
}

// What only Numbers::Whole restricts.
template <class Desc>
void draw_epilogue(Random& random, Numbers numbers, Desc& d) {
    bool whole = numbers == Numbers::Whole;
    int32_t last = whole ? CN_ACTIVATION_RELU : chance(random, 0.5) ? CN_ACTIVATION_TANH : CN_ACTIVATION_SQUAREPLUS;
    d.activation = static_cast<int32_t>(random.next_int(CN_ACTIVATION_LINEAR, last));
    d.use_bias = chance(random, 0.7) ? 1 : 0;
    d.dropout_rate = chance(random, 0.5) ? 0.0f : whole ? 0.5f : one_of<float>(random, {0.1f, 0.25f, 0.5f, 0.8f});
    d.dropout_stream = static_cast<uint32_t>(random.next_int(0, 65535));
    d.input_gradient = static_cast<int32_t>(random.next_int(CN_GRADIENT_NONE, CN_GRADIENT_ACCUMULATE));
    d.precision = chance(random, 0.5) ? CN_PRECISION_FLOAT32 : static_cast<int32_t>(random.next_int(1, CN_PRECISION_BFLOAT16));
    if (d.activation == CN_ACTIVATION_EXPONENTIAL && d.precision != CN_PRECISION_FLOAT32) { // it magnifies what factors are rounded by
        d.activation = CN_ACTIVATION_ELU;
    }
    d.activation_alpha = draw_alpha(random, d.activation);
}

// Sizes of the batch and of what is multiplied, and a window.
struct Core {
    int64_t rows, channels, filters;
    Axis height, width;
    bool pools, half;
};

// `cells` of the convolution that about `products` products leave.
inline int64_t cells_of(const Core& core, int64_t products) {
    return std::max<int64_t>(1, products / (core.rows * core.height.size * core.width.size * core.channels * core.filters));
}

// What networks are made of, and kernels for them are specialised in.
inline Core usual_core(Random& random, int64_t products) {
    int64_t size = one_of<int64_t>(random, {1, 3, 3, 3, 3, 5}), pad = chance(random, 0.5) ? size / 2 : 0;
    int64_t channels = chance(random, 0.3) ? random.next_int(1, 4) : 8 * random.next_int(1, 8);
    Core core{random.next_int(1, 4), channels, 8 * random.next_int(1, 9), {size, 1, 1, pad, 1}, {size, 1, 1, pad, 1}, true, true};
    int64_t cells = cells_of(core, products);
    core.height.output = random.next_int(1, std::min<int64_t>(20, cells));
    core.width.output = random.next_int(1, std::min<int64_t>(24, std::max<int64_t>(1, cells / core.height.output)));
    core.pools = chance(random, 0.5);
    return core;
}

inline Core any_core(Random& random, int64_t products) {
    Core core{random.next_int(1, 4), channels(random), channels(random), {}, {}, chance(random, 0.6), chance(random, 0.6)};
    core.height.size = core.width.size = one_of<int64_t>(random, {1, 3, 3, 3, 5});
    if (chance(random, 0.4)) {
        core.height.size = random.next_int(1, 5);
        core.width.size = random.next_int(1, 5);
    }
    int64_t cells = cells_of(core, products);
    core.height = convolution_axis(random, core.height.size, std::min<int64_t>(20, cells));
    core.width = convolution_axis(random, core.width.size, std::min<int64_t>(24, std::max<int64_t>(1, cells / core.height.output)));
    return core;
}

// `d.batch` rows with about `products` products at most.
inline cn_conv2d_desc random_conv2d(Random& random, Numbers numbers, int64_t products) {
    Core core = chance(random, 0.4) ? usual_core(random, products) : any_core(random, products);
    cn_conv2d_desc d{};
    d.batch = core.rows;
    d.input_channels = core.channels;
    d.filters = core.filters;
    d.window = window_of(core.height, core.width);
    d.input_height = convolution_input(random, core.height);
    d.input_width = convolution_input(random, core.width);
    d.conv_height = d.output_height = core.height.output;
    d.conv_width = d.output_width = core.width.output;
    if (core.pools) {
        Axis rows = pooling_axis(random, core.half, d.conv_height), columns = pooling_axis(random, core.half, d.conv_width);
        d.pool = window_of(rows, columns);
        d.output_height = rows.output;
        d.output_width = columns.output;
    }
    draw_epilogue(random, numbers, d);
    if (!core.pools && chance(random, 0.3)) {
        d.activation = CN_ACTIVATION_LINEAR;
        d.activation_alpha = d.dropout_rate = 0;
        d.use_moments = 1;
    }
    return d;
}

// Whether every window begins within the input, as it must where not a convolution reads it.
inline bool begins_inside(const cn_conv2d_desc& d) {
    auto axis = [](int64_t size, int64_t stride, int64_t dilation, int64_t pad, int64_t input, int64_t conv) {
        return pad >= 0 && pad <= (size - 1) * dilation && (conv - 1) * stride - pad < input;
    };
    const cn_window& w = d.window;
    return axis(w.height, w.stride_height, w.dilation_height, w.pad_top, d.input_height, d.conv_height) &&
           axis(w.width, w.stride_width, w.dilation_width, w.pad_left, d.input_width, d.conv_width);
}

// With groups of a few channels and filters, or depthwise.
inline cn_conv2d_desc random_grouped_conv2d(Random& random, Numbers numbers, int64_t products) {
    cn_conv2d_desc d = random_conv2d(random, numbers, products);
    bool depthwise = chance(random, 0.5);
    d.groups = depthwise ? std::max<int64_t>(2, channels(random)) : random.next_int(2, 6);
    d.input_channels = depthwise ? d.groups : d.groups * one_of<int64_t>(random, {1, 2, 3, 4, 5, 8, 12});
    d.filters = d.groups * (depthwise ? one_of<int64_t>(random, {1, 1, 1, 2, 3, 4}) : one_of<int64_t>(random, {1, 2, 3, 4, 7, 8, 12, 17}));
    return d;
}

inline cn_dense_desc random_dense(Random& random, Numbers numbers, int64_t products) {
    cn_dense_desc d{};
    d.batch = random.next_int(1, 70);
    d.positions = chance(random, 0.7) ? 1 : random.next_int(2, 5);
    d.units = channels(random);
    int64_t most = std::clamp<int64_t>(products / (d.batch * d.positions * d.units), 1, 3000);
    d.inputs = chance(random, 0.5) ? random.next_int(1, most) : (random.next_int(1, most) + 15) / 16 * 16;
    draw_epilogue(random, numbers, d);
    return d;
}

inline std::string describe(const cn_window& w) {
    char text[128];
    std::snprintf(text, sizeof(text), "%d x %d, stride %d x %d, dilation %d x %d, pad %d, %d", static_cast<int>(w.height),
                  static_cast<int>(w.width), static_cast<int>(w.stride_height), static_cast<int>(w.stride_width),
                  static_cast<int>(w.dilation_height), static_cast<int>(w.dilation_width), static_cast<int>(w.pad_top),
                  static_cast<int>(w.pad_left));
    return text;
}

template <class Desc>
std::string describe_epilogue(const Desc& d) {
    char text[128];
    std::snprintf(text, sizeof(text), "activation %d, bias %d, dropout %g, gradient %d, precision %d", d.activation, d.use_bias,
                  static_cast<double>(d.dropout_rate), d.input_gradient, d.precision);
    return text;
}

inline std::string describe(const cn_conv2d_desc& d) {
    char text[160];
    std::snprintf(text, sizeof(text), "x [%d, %d, %d, %d], %d filters, %d groups, convolution %d x %d, output %d x %d",
                  static_cast<int>(d.batch), static_cast<int>(d.input_height), static_cast<int>(d.input_width),
                  static_cast<int>(d.input_channels), static_cast<int>(d.filters), static_cast<int>(groups_of(d)),
                  static_cast<int>(d.conv_height), static_cast<int>(d.conv_width), static_cast<int>(d.output_height),
                  static_cast<int>(d.output_width));
    return std::string(text) + "; window " + describe(d.window) + "; pool " + (d.pool.height == 0 ? "none" : describe(d.pool)) + "; " +
           describe_epilogue(d);
}

inline std::string describe(const cn_dense_desc& d) {
    char text[96];
    std::snprintf(text, sizeof(text), "x [%d, %d, %d], %d units; ", static_cast<int>(d.batch), static_cast<int>(d.positions),
                  static_cast<int>(d.inputs), static_cast<int>(d.units));
    return text + describe_epilogue(d);
}

} // namespace layer
