// The kernels around cuDNN's: two launches per direction, one before and one after its products.
#pragma once

#include "cuda/context.h"
#include "cuda/conv2d_general_shape.h"
#include "staging.h"

namespace compiled::cuda::cudnn {

// A stage as these kernels see it.
struct StageShape {
    general::Conv2DShape conv2d;
    general::Plane staged; // an image of x with its padding
    int64_t batch;

    StageShape(const cn_conv2d_desc& desc, const Staging& staging)
        : conv2d(desc), staged(staging.rows, staging.columns), batch(desc.batch) {}
};

// How the gradient of the bias is summed: tiles of filters, each by several blocks.
struct BiasPlan {
    static constexpr int TileFilters = 32;

    int tiles, splits;

    explicit BiasPlan(const cn_conv2d_desc& desc);
    int64_t partial_floats() const;
};

struct PrepareArguments {
    const float *x, *kernel;
    const float *y, *dy;  // backward
    const uint8_t* codes; // backward with pooling
    float* staged_x;      // null: not needed
    float* turned_kernel; // null: not needed
    float* dz;            // null: forward
};

struct EpilogueArguments {
    const float* z;
    const float* bias;
    const float* addend; // like y; null: none, as with pooling
    float* y;
    uint8_t* codes; // null: nothing is saved
    bool drops;
};

struct FinishArguments {
    const float* turned_dkernel;
    const float* staged_dx; // null: not wanted
    const float* dz;
    float* dkernel; // null: not wanted
    float* dx;
    float* dbias; // null: not wanted
    float* partials;
    unsigned* tickets; // one for each tile of the bias
    bool accumulates;  // dx
};

// x into its padding and the kernel turned; backward, dz from y, dy and codes. All of the batch, zeros beyond the rows.
void launch_prepare(Context& context, const cn_state* state, const StageShape& shape, const PrepareArguments& arguments);
// z to y and codes: bias, addend, activation, pooling, dropout.
void launch_epilogue(Context& context, const cn_state* state, const StageShape& shape, const EpilogueArguments& arguments);
// The gradients to where they are wanted, and that of the bias from dz.
void launch_finish(Context& context, const cn_state* state, const StageShape& shape, const BiasPlan& bias,
                   const FinishArguments& arguments);

} // namespace compiled::cuda::cudnn
