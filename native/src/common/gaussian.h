// Two normal numbers from two random words, by the transformation of Box and Muller (compiled.h, cn_gaussian_noise_desc). V is float or a
// vector of floats, I its integers; Maths has log, sqrt, select and to_float. The angle is reduced to an eighth of a turn in integers,
// where Cephes' sinf and cosf (Moshier) are exact to a rounding: so all devices agree.
#pragma once

#include "host_device.h"

#include <cstdint>

namespace compiled {

// sqrt(-2 log(u)) with u = (word + 1) / 2^24, of 24 random bits.
template <class Maths, class I>
CN_HOST_DEVICE typename Maths::V gaussian_radius(I bits) {
    return Maths::sqrt(-2.0f * Maths::log(Maths::to_float(bits + 1) * 5.9604644775390625e-8f));
}

// The cosine and the sine of 2 pi word / 2^24.
template <class V>
struct GaussianDirection {
    V cosine, sine;
};

template <class Maths, class I>
CN_HOST_DEVICE GaussianDirection<typename Maths::V> gaussian_direction(I bits) {
    using V = typename Maths::V;
    constexpr float Unit = 3.7450702829238e-7f; // 2 pi / 2^24
    I quarter = (bits + (1 << 21)) >> 22;       // the nearest, 0 to 4
    V angle = Maths::to_float(bits - (quarter << 22)) * Unit;
    V z = angle * angle;
    V sine = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * angle + angle;
    V cosine = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.0f;
    V along = Maths::select((quarter & 1) != 0, sine, cosine), across = Maths::select((quarter & 1) != 0, cosine, sine);
    return {Maths::select(((quarter + 1) & 2) != 0, -along, along), Maths::select((quarter & 2) != 0, -across, across)};
}

} // namespace compiled
