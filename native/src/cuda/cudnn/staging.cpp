#include "staging.h"

#include <initializer_list>

namespace compiled::cuda::cudnn {

namespace {

constexpr int64_t MostElements = (int64_t{1} << 31) - 1; // of a tensor, by cuDNN's own limit

bool fits(std::initializer_list<int64_t> extents) {
    int64_t elements = 1;
    for (int64_t extent : extents) {
        if (extent < 1 || extent > MostElements / elements) {
            return false;
        }
        elements *= extent;
    }
    return true;
}

int64_t reached(int64_t outputs, int64_t stride, int64_t cells, int64_t dilation) {
    return (outputs - 1) * stride + (cells - 1) * dilation + 1;
}

} // namespace

Staging::Staging(const cn_conv2d_desc& d)
    : rows(reached(d.conv_height, d.window.stride_height, d.window.height, d.window.dilation_height)),
      columns(reached(d.conv_width, d.window.stride_width, d.window.width, d.window.dilation_width)), input(0), kernel(0), conv(0) {
    if (suits(d)) {
        input = d.batch * rows * columns * d.input_channels;
        kernel = d.window.height * d.window.width * d.input_channels * d.filters;
        conv = d.batch * d.conv_height * d.conv_width * d.filters;
    }
}

int64_t Staging::forward_bytes() const {
    return float_bytes(kernel) + float_bytes(input) + float_bytes(conv);
}

int64_t Staging::backward_bytes() const {
    return 2 * float_bytes(kernel) + float_bytes(input) + float_bytes(conv);
}

bool Staging::suits(const cn_conv2d_desc& d) {
    const cn_window& w = d.window;
    int64_t staged_rows = reached(d.conv_height, w.stride_height, w.height, w.dilation_height);
    int64_t staged_columns = reached(d.conv_width, w.stride_width, w.width, w.dilation_width);
    bool multiplies_floats = d.precision == CN_PRECISION_FLOAT32 || d.precision == CN_PRECISION_TF32;
    return multiplies_floats && fits({d.batch, staged_rows, staged_columns, d.input_channels}) &&
           fits({w.height, w.width, d.input_channels, d.filters}) && fits({d.batch, d.conv_height, d.conv_width, d.filters});
}

} // namespace compiled::cuda::cudnn
