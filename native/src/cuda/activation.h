// Activations of a float, for all kernels that end in one.
#pragma once

#include "common/activation.h"
#include "cuda.h"

#include <cmath>
#include <type_traits>

namespace compiled::cuda {

// y = f(x). Gradients: compiled::activation_gradient<Activation>(y, dy). A NaN stays one.
template <int32_t Activation>
__device__ __forceinline__ float activate(float x) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        return x <= 0.0f ? 0.0f : x;
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return 1.0f / (1.0f + expf(-x));
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return tanhf(x);
    } else {
        return x;
    }
}

// Calls body(std::integral_constant<int32_t, Activation>) for the activation of a descriptor.
template <class Body>
auto with_activation(int32_t activation, const Body& body) {
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

} // namespace compiled::cuda
