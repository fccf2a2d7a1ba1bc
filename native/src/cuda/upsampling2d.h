// Up-sampling (upsampling2d.cu), also into a part of the channels of an image, whose pixels then lie `pitch` floats apart, and back.
#pragma once

#include "context.h"

namespace compiled::cuda {

// y becomes x, enlarged.
void enlarge(Context& context, const cn_upsampling2d_desc& desc, const cn_state* state, const float* x, int64_t pitch, float* y);

// What dy gives to dx, which must be wanted: by desc.input_gradient.
void sum_enlarged(Context& context, const cn_upsampling2d_desc& desc, const cn_state* state, const float* dy, int64_t pitch, float* dx);

} // namespace compiled::cuda
