// What the optimizers share: the maths of their rules on a float, and the arrays that they walk over.
#pragma once

#include "common/optimizer.h"
#include "cuda.h"

namespace compiled::cuda {

struct FloatMaths {
    __device__ static float square_root(float x) { return sqrtf(x); }
    // b when either is NaN.
    __device__ static float larger(float a, float b) { return a > b ? a : b; }
    // 0 of 0, NaN of NaN.
    __device__ static float sign(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); }
    __device__ static float clamp(float x, float limit) { return x > limit ? limit : (x < -limit ? -limit : x); }
};

struct OptimizerArrays {
    float* parameters;
    const float* gradients;
    float* slots[OptimizerSlots];
    float* ema;
};

// As many blocks as fit at a time: whoever comes later would wait for the powers of the betas once more.
constexpr int64_t OptimizerBlocksPerMultiprocessor = 4;

} // namespace compiled::cuda
