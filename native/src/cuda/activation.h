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

// Where a kernel is made for all activations: y = f(x), or dx from y and dy, of some values in place.
template <int32_t Activation, int Count>
__device__ __forceinline__ void activate_all(float (&values)[Count]) {
    CN_UNROLL
    for (float& value : values) {
        value = activate<Activation>(value);
    }
}
template <int Count>
__device__ __forceinline__ void activate(int32_t activation, float (&values)[Count]) {
    if (activation == CN_ACTIVATION_RELU) {
        activate_all<CN_ACTIVATION_RELU>(values);
    } else if (activation == CN_ACTIVATION_SIGMOID) {
        activate_all<CN_ACTIVATION_SIGMOID>(values);
    } else if (activation == CN_ACTIVATION_TANH) {
        activate_all<CN_ACTIVATION_TANH>(values);
    }
}

template <int32_t Activation, int Count>
__device__ __forceinline__ void activation_gradient_all(const float (&y)[Count], float (&gradients)[Count]) {
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        gradients[e] = compiled::activation_gradient<Activation>(y[e], gradients[e]);
    }
}
template <int Count>
__device__ __forceinline__ void activation_gradient(int32_t activation, const float (&y)[Count], float (&gradients)[Count]) {
    if (activation == CN_ACTIVATION_RELU) {
        activation_gradient_all<CN_ACTIVATION_RELU>(y, gradients);
    } else if (activation == CN_ACTIVATION_SIGMOID) {
        activation_gradient_all<CN_ACTIVATION_SIGMOID>(y, gradients);
    } else if (activation == CN_ACTIVATION_TANH) {
        activation_gradient_all<CN_ACTIVATION_TANH>(y, gradients);
    }
}

} // namespace compiled::cuda
