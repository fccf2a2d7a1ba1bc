// Penalties l1 * |x| + l2 * x^2 of long runs of values, and their gradients.
#pragma once

#include "common/regularizer.h"
#include "elementwise.h"

namespace compiled::cpu::CN_ISA {

// Sums of |x| and of x^2.
class PenaltySums {
public:
    CN_INLINE void add(Vec x) {
        DoubleVec value = to_double(x);
        _magnitudes += to_double(select(x < 0.0f, -x, x));
        _squares += value * value;
    }

    CN_INLINE double penalty(float l1, float l2) const { return penalty_of(l1, l2, reduce_sum(_magnitudes), reduce_sum(_squares)); }

private:
    DoubleVec _magnitudes{}, _squares{};
};

// l1 * sign(x) + twice_l2 * x; of NaN, NaN.
CN_INLINE Vec penalty_slope(Vec x, float l1, float twice_l2) {
    Vec sign = select(x > 0.0f, broadcast(1.0f), select(x < 0.0f, broadcast(-1.0f), x));
    return l1 * sign + twice_l2 * x;
}

} // namespace compiled::cpu::CN_ISA
