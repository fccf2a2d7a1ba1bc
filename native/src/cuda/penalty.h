// Penalties l1 * |x| + l2 * x^2 and their gradients, element by element.
#pragma once

#include "common/regularizer.h"
#include "cuda.h"

namespace compiled::cuda {

// Sums of |x| and of x^2.
class PenaltySums {
public:
    __device__ void add(float x) {
        double value = x;
        _magnitudes += value < 0.0 ? -value : value;
        _squares += value * value;
    }

    __device__ double penalty(float l1, float l2) const { return penalty_of(l1, l2, _magnitudes, _squares); }

private:
    double _magnitudes = 0.0, _squares = 0.0;
};

// l1 * sign(x) + twice_l2 * x; of NaN, NaN.
__device__ __forceinline__ float penalty_slope(float x, float l1, float twice_l2) {
    float sign = x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x);
    return l1 * sign + twice_l2 * x;
}

} // namespace compiled::cuda
