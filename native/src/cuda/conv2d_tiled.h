// The convolution stages that most of a network's time goes into, without an unfolded input: a block reads a tile of the input and its
// halo into shared memory once, and all taps of the window are multiplied from there.
//
// Suited are small windows of stride and dilation 1 over inputs of a multiple of 8 channels, or of at most 4, where the kernel has no more
// than 48 rows; with a multiple of 8 filters, and a pooling of 2 x 2 windows side by side, or none. An input of at most 4 channels gets no
// gradient.
#pragma once

#include "conv2d_tiled_shape.h"
#include "ops.h"

#include <memory>

namespace compiled::cuda {

class TiledConv2D {
public:
    static bool suits_forward(const cn_conv2d_desc& desc);
    static bool suits_backward(const cn_conv2d_desc& desc);

    // What of the two directions is suited can be run.
    TiledConv2D(Context& context, const cn_conv2d_desc& desc);

    // Not training: neither dropout nor codes, which only a stage with pooling has.
    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                 uint8_t* codes, bool training);

    // Codes: the winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias);

private:
    Context& _context;
    cn_conv2d_desc _desc;
    tiled::HaloProduct _forward{};
    tiled::HaloProduct _input_gradient{};
    tiled::KernelGradient _kernel_gradient{};
    std::unique_ptr<DeviceMemory> _tickets;
    size_t _forward_bytes = 0, _backward_bytes = 0; // of shared memory
};

} // namespace compiled::cuda
