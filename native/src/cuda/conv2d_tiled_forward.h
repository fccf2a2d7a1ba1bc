// The forward kernels of TiledConv2D; see conv2d_tiled_forward.cu.
#pragma once

#include "context.h"
#include "conv2d_tiled_shape.h"

namespace compiled::cuda::tiled {

struct ForwardArguments {
    HaloProduct product;
    const cn_state* state;
    const float* x;
    const float* kernel;
    const float* bias;   // null: none
    const float* addend; // like y; null: none, as with pooling
    float* y;
    uint8_t* codes; // null: nothing is saved
    int activation;
    int output_height, output_width;
    bool pooled;
    bool drops; // elements, by the rule and the stream
    DropoutRule dropout;
    uint32_t stream;
    bool aligned; // all pointers, and the input's channels, to their vectors

    CN_HOST_DEVICE bool small() const { return product.source_channels <= 4; }
};

// Chooses the tiles for a precision (cn_precision) and returns the bytes of shared memory that a block needs.
size_t prepare_forward(Context& context, int32_t precision, int64_t batch, bool pooled, HaloProduct& product);
void launch_forward(Context& context, int32_t precision, int64_t batch, size_t shared_bytes, const ForwardArguments& arguments);

} // namespace compiled::cuda::tiled
