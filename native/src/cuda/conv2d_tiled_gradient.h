// The backward kernels of TiledConv2D; see conv2d_tiled_gradient.cu.
#pragma once

#include "context.h"
#include "conv2d_tiled_shape.h"

namespace compiled::cuda::tiled {

struct BackwardArguments {
    HaloProduct input_gradient; // its image_tiles() are 0 where it is not wanted
    KernelGradient kernel_gradient;
    GradientSource source;
    const cn_state* state;
    const float* x;
    const float* kernel;
    float* dx;
    float* dkernel; // null: not wanted
    float* dbias;   // likewise
    float* partial;
    unsigned* tickets;
    bool accumulates; // dx
    bool aligned;     // all pointers to 16 bytes, the codes to 4

    CN_HOST_DEVICE bool small() const { return kernel_gradient.channels <= 4; }
    // Those that sum the gradients of the weights, the first of all.
    CN_HOST_DEVICE int64_t kernel_blocks() const { return dkernel != nullptr || dbias != nullptr ? kernel_gradient.blocks() : 0; }
};

// Chooses the tiles for a precision (cn_precision) and returns the bytes of shared memory that a block needs.
size_t prepare_backward(Context& context, int32_t precision, int64_t batch, bool pooled, bool wants_input_gradient,
                        HaloProduct& input_gradient, KernelGradient& kernel_gradient);
void launch_backward(Context& context, int32_t precision, int64_t batch, size_t shared_bytes, const BackwardArguments& arguments);

} // namespace compiled::cuda::tiled
