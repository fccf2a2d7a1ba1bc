// The backward pass of a convolution stage of any geometry, as products of matrices that are gathered from x, kernel, y, dy and codes.
#pragma once

#include "context.h"
#include "conv2d_general_phases.h"
#include "conv2d_general_tile.h"

namespace compiled::cuda {

namespace general {

// The tiles of the input's gradient; those of a phase follow each other.
struct InputPlan {
    TilePlan tiles;
    InputPhases phases;
    int64_t tile_rows_of_phase;

    explicit InputPlan(const cn_conv2d_desc& d) : phases(d), tile_rows_of_phase(ceil_div(d.batch * phases.plane.size(), TileRows)) {
        if (d.input_gradient != CN_GRADIENT_NONE) {
            tiles = plan_tiles(phases.count() * tile_rows_of_phase * TileRows, d.input_channels / d.groups);
        }
    }
};

// Whether windows of a pooling overlap; then `dz` [positions of the convolution][filters], the gradient before the activation, is written
// out.
bool windows_overlap(const cn_window& pool, const Conv2DShape& shape);
void spread_gradient(Context& context, const cn_conv2d_desc& desc, const cn_state* state, const float* y, const uint8_t* codes,
                     const float* dy, float* dz);

} // namespace general

class GeneralConv2DGradient {
public:
    GeneralConv2DGradient(Context& context, const cn_conv2d_desc& desc);

    // Of the context's scratch memory, from its beginning; a multiple of 4.
    int64_t scratch_floats() const { return (_partial_floats * _desc.groups + (_overlaps ? conv_elements() : 0) + 3) / 4 * 4; }

    // Codes are those of GeneralConv2DForward.
    void run(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy, float* dx,
             float* dkernel, float* dbias);

private:
    int64_t conv_elements() const { return _desc.batch * _desc.conv_height * _desc.conv_width * _desc.filters; }

    Context& _context;
    cn_conv2d_desc _desc;
    general::Conv2DShape _shape;
    general::TilePlan _kernel_plan;
    general::InputPlan _input_plan;
    bool _overlaps;          // windows of the pooling: then dz lies in scratch memory, behind the partial sums
    int64_t _partial_floats; // of a group
    DeviceMemory _tickets;
};

} // namespace compiled::cuda
