// Activations of a vector, for all kernels that end in one.
#pragma once

#include "common/activation.h"
#include "simd_math.h"

#include <type_traits>

namespace compiled::cpu::CN_ISA {

// y = f(x). Gradients: compiled::activation_gradient<Activation>(y, dy).
template <int32_t Activation>
CN_INLINE Vec activate(Vec x) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        return relu(x);
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return sigmoid(x);
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return tanh(x);
    } else {
        return x;
    }
}

// Calls body(std::integral_constant<int32_t, Activation>) for the activation of a descriptor:
//     with_activation(desc.activation, [&](auto activation) { ... activate<activation.value>(x) ... });
template <class Body>
CN_INLINE auto with_activation(int32_t activation, const Body& body) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_RELU>{});
    case CN_ACTIVATION_SIGMOID:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_SIGMOID>{});
    case CN_ACTIVATION_TANH:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_TANH>{});
    default:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_LINEAR>{});
    }
}

} // namespace compiled::cpu::CN_ISA
