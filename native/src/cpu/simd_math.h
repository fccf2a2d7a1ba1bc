// Functions of a vector, to within about two units in the last place unless said otherwise. Polynomials are those of Cephes (Moshier):
// expf, tanhf, logf and ndtrf.
#pragma once

#include "simd.h"

#include <cmath>

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

// exp(x) - 1 without the loss of digits near 0, for x up to 88: 2^n (exp(r) - 1) + (2^n - 1) with n and r as in exp.
CN_INLINE Vec expm1(Vec x) {
    const Vec magic = broadcast(12582912.0f);
    x = max(broadcast(-30.0f), x); // where it is -1 already
    x = min(broadcast(88.0f), x);
    Vec shifted = fma(x, broadcast(1.44269504088896341f), magic);
    Vec n = shifted - magic;
    Vec r = fma(n, broadcast(-0.693359375f), x);
    r = fma(n, broadcast(2.12194440e-4f), r);
    Vec p = broadcast(1.9875691500e-4f);
    p = fma(p, r, broadcast(1.3981999507e-3f));
    p = fma(p, r, broadcast(8.3334519073e-3f));
    p = fma(p, r, broadcast(4.1665795894e-2f));
    p = fma(p, r, broadcast(1.6666665459e-1f));
    p = fma(p, r, broadcast(5.0000001201e-1f));
    p = fma(p, r * r, r);
    IntVec exponent = bit_cast<IntVec>(shifted) - bit_cast<IntVec>(magic);
    Vec power = bit_cast<Vec>(bit_cast<UIntVec>(exponent + 127) << 23);
    return fma(power, p, power - 1.0f);
}

// log(x) = e ln(2) + log(m) with m from sqrt(1/2) to sqrt(2). -infinity for 0, NaN below it; subnormal numbers count as 0.
CN_INLINE Vec log(Vec x) {
    // The bits of x minus those of sqrt(1/2) are a whole exponent and what m has beyond sqrt(1/2).
    const IntVec half_root = broadcast_int(0x3F3504F3);
    IntVec shifted = bit_cast<IntVec>(x) - half_root;
    IntVec exponent = shifted >> 23;
    Vec m = bit_cast<Vec>((shifted & 0x007FFFFF) + half_root);
    Vec e = __builtin_convertvector(exponent, Vec);
    Vec f = m - 1.0f;
    Vec z = f * f;
    Vec p = broadcast(7.0376836292e-2f);
    p = fma(p, f, broadcast(-1.1514610310e-1f));
    p = fma(p, f, broadcast(1.1676998740e-1f));
    p = fma(p, f, broadcast(-1.2420140846e-1f));
    p = fma(p, f, broadcast(1.4249322787e-1f));
    p = fma(p, f, broadcast(-1.6668057665e-1f));
    p = fma(p, f, broadcast(2.0000714765e-1f));
    p = fma(p, f, broadcast(-2.4999993993e-1f));
    p = fma(p, f, broadcast(3.3333331174e-1f));
    p = p * f * z;
    p = fma(e, broadcast(-2.12194440e-4f), p);
    p = fma(z, broadcast(-0.5f), p);
    Vec result = fma(e, broadcast(0.693359375f), f + p);
    result = select(x <= 0.0f, select(x == 0.0f, broadcast(-INFINITY), broadcast(NAN)), result);
    return select(x < INFINITY, result, x); // infinity and NaN are what they were
}

// log(1 + x) for 0 <= x <= 1: what rounding takes from 1 + x is added again, to first order.
CN_INLINE Vec log1p(Vec x) {
    Vec u = 1.0f + x;
    return log(u) + (x - (u - 1.0f)) / u;
}

// 1 - erf(x) for x >= 1, by exp(-x^2): its relative error grows with x^2, to 3e-6 at 5 and 1e-5 where it becomes 0.
CN_INLINE Vec erfc_above_1(Vec x) {
    Vec q = 1.0f / x;
    Vec z = q * q;
    Vec p = broadcast(2.326819970068386e-2f);
    p = fma(p, z, broadcast(-1.387039388740657e-1f));
    p = fma(p, z, broadcast(3.687424674597105e-1f));
    p = fma(p, z, broadcast(-5.824733027278666e-1f));
    p = fma(p, z, broadcast(6.210004621745983e-1f));
    p = fma(p, z, broadcast(-4.944515323274145e-1f));
    p = fma(p, z, broadcast(3.404879937665872e-1f));
    p = fma(p, z, broadcast(-2.741127028184656e-1f));
    p = fma(p, z, broadcast(5.638259427386472e-1f));
    Vec r = broadcast(-1.047766399936249e+1f);
    r = fma(r, z, broadcast(1.297719955372516e+1f));
    r = fma(r, z, broadcast(-7.495518717768503e+0f));
    r = fma(r, z, broadcast(2.921019019210786e+0f));
    r = fma(r, z, broadcast(-1.015265279202700e+0f));
    r = fma(r, z, broadcast(4.218463358204948e-1f));
    r = fma(r, z, broadcast(-2.820767439740514e-1f));
    r = fma(r, z, broadcast(5.641895067754075e-1f));
    return exp(-x * x) * q * select(x < 2.0f, p, r);
}

// erf(x) / x for |x| < 1, from z = x^2.
CN_INLINE Vec erf_ratio(Vec z) {
    Vec p = broadcast(7.853861353153693e-5f);
    p = fma(p, z, broadcast(-8.010193625184903e-4f));
    p = fma(p, z, broadcast(5.188327685732524e-3f));
    p = fma(p, z, broadcast(-2.685381193529856e-2f));
    p = fma(p, z, broadcast(1.128358514861418e-1f));
    p = fma(p, z, broadcast(-3.761262582423300e-1f));
    return fma(p, z, broadcast(1.128379165726710e+0f));
}

CN_INLINE Vec absolute(Vec x) {
    return bit_cast<Vec>(bit_cast<IntVec>(x) & INT32_MAX);
}

CN_INLINE Vec erf(Vec x) {
    Vec size = absolute(x);
    Vec large = 1.0f - erfc_above_1(max(broadcast(1.0f), size));
    return select(size < 1.0f, x * erf_ratio(x * x), select(x < 0.0f, -large, large));
}

// The normal distribution function, (1 + erf(x / sqrt(2))) / 2, with all its digits on either side.
CN_INLINE Vec normal_cdf(Vec x) {
    Vec z = x * 0.707106781186547524f;
    Vec size = absolute(z);
    Vec tail = 0.5f * erfc_above_1(max(broadcast(1.0f), size));
    return select(size < 1.0f, fma(0.5f * z, erf_ratio(z * z), broadcast(0.5f)), select(z < 0.0f, tail, 1.0f - tail));
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
