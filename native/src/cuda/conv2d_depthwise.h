// Depthwise convolution stages: each channel has filters of its own, so there is no product of matrices, and memory is what limits.
#pragma once

#include "context.h"
#include "conv2d_general_shape.h"

namespace compiled::cuda {

class DepthwiseConv2D {
public:
    static bool suits(const cn_conv2d_desc& desc) { return desc.groups > 1 && desc.groups == desc.input_channels; }

    DepthwiseConv2D(Context& context, const cn_conv2d_desc& desc);

    // Codes are those of GeneralConv2DForward.
    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                 uint8_t* codes, bool training);
    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias);

private:
    // Blocks of the kernel's gradient.
    struct Plan {
        int64_t filter_tiles, cell_tiles;
        int splits; // of the positions

        explicit Plan(const cn_conv2d_desc& desc);
        int64_t tiles() const { return filter_tiles * cell_tiles; }
        int64_t blocks() const { return tiles() * splits; }
    };

    Context& _context;
    cn_conv2d_desc _desc; // as of one group
    general::Conv2DShape _shape;
    int64_t _multiplier; // filters of a channel
    Plan _plan;
    int64_t _partial_floats;
    bool _overlaps; // windows of the pooling: then dz lies in scratch memory, behind the partial sums
    DeviceMemory _tickets;
};

} // namespace compiled::cuda
