// A transposed convolution as a part of the convolution that takes y to x, with the roles swapped: y is its input, x its result, and the
// kernel's rows are filters.
#pragma once

#include "compiled.h"

namespace compiled {

inline cn_conv2d_desc as_convolution(const cn_conv2d_transpose_desc& d, int32_t input_gradient) {
    cn_conv2d_desc conv{};
    conv.input_gradient = input_gradient;
    conv.batch = d.batch;
    conv.input_height = d.output_height, conv.input_width = d.output_width, conv.input_channels = d.filters;
    conv.filters = d.input_channels;
    conv.groups = 1;
    conv.conv_height = conv.output_height = d.input_height;
    conv.conv_width = conv.output_width = d.input_width;
    conv.window = d.window;
    conv.precision = d.precision;
    return conv;
}

} // namespace compiled
