// The forward pass of a convolution stage of any geometry, as a product of matrices whose first factor is gathered from x.
#pragma once

#include "context.h"
#include "conv2d_general_shape.h"
#include "conv2d_general_tile.h"

namespace compiled::cuda {

class GeneralConv2DForward {
public:
    GeneralConv2DForward(Context& context, const cn_conv2d_desc& desc);

    // Not training: neither dropout nor codes. Codes: the winning cell of the window, row-major; 255 where no gradient passes: dropped, or
    // dead under ReLU. `addend`, null or like y, comes before the activation; it may be y.
    void run(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y, uint8_t* codes,
             bool training);

private:
    Context& _context;
    cn_conv2d_desc _desc;
    general::Conv2DShape _shape;
    general::TilePlan _plan;
};

} // namespace compiled::cuda
