// exp, sigmoid and tanh of a vector, to within about two units in the last place.
#pragma once

#include "simd.h"

namespace compiled::cpu::CN_ISA {

// exp(x) = 2^n exp(r), |r| <= ln(2) / 2. The polynomial is Cephes' expf (Moshier). 0 below -104, infinity above 88.73, NaN for NaN.
CN_INLINE Vec exp(Vec x) {
    // 1.5 * 2^23: adding it leaves the nearest integer in the low bits.
    const Vec magic = broadcast(12582912.0f);
    x = max(broadcast(-104.0f), x);
    x = min(broadcast(89.0f), x);
    Vec shifted = fma(x, broadcast(1.44269504088896341f), magic);
    Vec n = shifted - magic;
    // ln(2) in two parts, the first one short: n times it is exact.
    Vec r = fma(n, broadcast(-0.693359375f), x);
    r = fma(n, broadcast(2.12194440e-4f), r);
    Vec p = broadcast(1.9875691500e-4f);
    p = fma(p, r, broadcast(1.3981999507e-3f));
    p = fma(p, r, broadcast(8.3334519073e-3f));
    p = fma(p, r, broadcast(4.1665795894e-2f));
    p = fma(p, r, broadcast(1.6666665459e-1f));
    p = fma(p, r, broadcast(5.0000001201e-1f));
    p = fma(p, r * r, r) + 1.0f;
    // 2^n in two factors: 2^128 and 2^-150 are no floats.
    IntVec exponent = bit_cast<IntVec>(shifted) - bit_cast<IntVec>(magic);
    IntVec half = exponent >> 1;
    UIntVec low = bit_cast<UIntVec>(half + 127) << 23;
    UIntVec high = bit_cast<UIntVec>(exponent - half + 127) << 23;
    return p * bit_cast<Vec>(low) * bit_cast<Vec>(high);
}

CN_INLINE Vec sigmoid(Vec x) {
    return 1.0f / (1.0f + exp(-x));
}

// An odd polynomial near zero (Cephes' tanhf), where 1 - 2 / (exp(2x) + 1) would lose its digits.
CN_INLINE Vec tanh(Vec x) {
    const IntVec sign_bit = broadcast_int(INT32_MIN);
    IntVec sign = bit_cast<IntVec>(x) & sign_bit;
    Vec magnitude = bit_cast<Vec>(bit_cast<IntVec>(x) & ~sign_bit);
    Vec z = x * x;
    Vec p = broadcast(-5.70498872745e-3f);
    p = fma(p, z, broadcast(2.06390887954e-2f));
    p = fma(p, z, broadcast(-5.37397155531e-2f));
    p = fma(p, z, broadcast(1.33314422036e-1f));
    p = fma(p, z, broadcast(-3.33332819422e-1f));
    Vec small = fma(p * z, x, x);
    Vec large = 1.0f - 2.0f / (exp(magnitude + magnitude) + 1.0f);
    large = bit_cast<Vec>(bit_cast<IntVec>(large) | sign);
    return select(magnitude < 0.625f, small, large);
}

} // namespace compiled::cpu::CN_ISA
