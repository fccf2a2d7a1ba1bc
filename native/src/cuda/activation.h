// Activations of a float, for all kernels that end in one.
#pragma once

#include "common/activation.h"
#include "cuda.h"

#include <cmath>
#include <type_traits>

namespace compiled::cuda {

using compiled::activation_gradient; // <Activation>(y, dy)

// y = f(x). A NaN stays one.
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

// Where a kernel is made for all activations.
__device__ __forceinline__ float activate(int32_t activation, float x) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return activate<CN_ACTIVATION_RELU>(x);
    case CN_ACTIVATION_SIGMOID:
        return activate<CN_ACTIVATION_SIGMOID>(x);
    case CN_ACTIVATION_TANH:
        return activate<CN_ACTIVATION_TANH>(x);
    default:
        return x;
    }
}
__device__ __forceinline__ float activation_gradient(int32_t activation, float y, float dy) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return activation_gradient<CN_ACTIVATION_RELU>(y, dy);
    case CN_ACTIVATION_SIGMOID:
        return activation_gradient<CN_ACTIVATION_SIGMOID>(y, dy);
    case CN_ACTIVATION_TANH:
        return activation_gradient<CN_ACTIVATION_TANH>(y, dy);
    default:
        return dy;
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
