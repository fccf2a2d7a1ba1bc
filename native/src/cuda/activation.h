// Activations of a float, for all kernels that end in one.
#pragma once

#include "common/activation.h"
#include "cuda.h"

#include <cmath>

namespace compiled::cuda {

struct ActivationMaths {
    using V = float;
    __device__ static float constant(float value) { return value; }
    __device__ static float select(bool condition, float if_true, float if_false) { return condition ? if_true : if_false; }
    __device__ static float smaller(float a, float b) { return b >= a ? a : b; }
    __device__ static float larger(float a, float b) { return b <= a ? a : b; }
    __device__ static float exp(float x) { return expf(x); }
    __device__ static float expm1(float x) { return expm1f(x); }
    __device__ static float log1p(float x) { return log1pf(x); }
    __device__ static float sqrt(float x) { return sqrtf(x); }
    __device__ static float tanh(float x) { return tanhf(x); }
    __device__ static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
    __device__ static float normal_cdf(float x) { return 0.5f * erfcf(-0.707106781186547524f * x); }
    // To two units in the last place, 0 where b is beyond 2^126: the exact one is a call, for which kernels at the limit have no registers.
    __device__ static float quotient(float a, float b) {
#if defined(__CUDACC__)
        return __fdividef(a, b);
#else
        return a / b;
#endif
    }
};

// y = f(x) of the first four. A NaN stays one.
template <int32_t Activation>
__device__ __forceinline__ float activate(float x) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        return x <= 0.0f ? 0.0f : x;
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return ActivationMaths::sigmoid(x);
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return tanhf(x);
    } else {
        return x;
    }
}

// dx from y and dy, so that a stage need not keep its x. Behind a ReLU that gave a NaN the gradient passes.
template <int32_t Activation>
__device__ __forceinline__ float activation_gradient(float y, float dy) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        return y <= 0.0f ? 0.0f : dy;
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return dy * (y * (1.0f - y));
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return dy * (1.0f - y * y);
    } else {
        return dy;
    }
}

// Where a kernel is made for all activations: one branch for some values together, which are replaced.
template <int32_t Activation, int Count>
__device__ __forceinline__ void activate_all(float (&values)[Count]) {
    CN_UNROLL
    for (float& value : values) {
        value = activate<Activation>(value);
    }
}
template <ActivationForm Form, int Count>
__device__ __forceinline__ void activate_form(const ActivationRule& rule, float (&values)[Count]) {
    ActivationRule known = rule;
    known.form = Form;
    CN_UNROLL
    for (float& value : values) {
        value = activate_other<ActivationMaths>(known, value);
    }
}
// Those that may end a stage.
template <int Count>
__device__ __forceinline__ void activate(const ActivationRule& rule, float (&values)[Count]) {
    switch (rule.form) {
    case ActivationForm::Relu:
        return activate_all<CN_ACTIVATION_RELU>(values);
    case ActivationForm::Sigmoid:
        return activate_all<CN_ACTIVATION_SIGMOID>(values);
    case ActivationForm::Tanh:
        return activate_all<CN_ACTIVATION_TANH>(values);
    case ActivationForm::Elu:
        return activate_form<ActivationForm::Elu>(rule, values);
    case ActivationForm::Exponential:
        return activate_form<ActivationForm::Exponential>(rule, values);
    case ActivationForm::Clip:
        return activate_form<ActivationForm::Clip>(rule, values);
    case ActivationForm::Leaky:
        return activate_form<ActivationForm::Leaky>(rule, values);
    case ActivationForm::Softplus:
        return activate_form<ActivationForm::Softplus>(rule, values);
    case ActivationForm::LogSigmoid:
        return activate_form<ActivationForm::LogSigmoid>(rule, values);
    case ActivationForm::Softsign:
        return activate_form<ActivationForm::Softsign>(rule, values);
    case ActivationForm::Squareplus:
        return activate_form<ActivationForm::Squareplus>(rule, values);
    default:
        return;
    }
}

template <int32_t Activation, int Count>
__device__ __forceinline__ void activation_gradient_all(const float (&y)[Count], float (&gradients)[Count]) {
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        gradients[e] = activation_gradient<Activation>(y[e], gradients[e]);
    }
}
template <ActivationForm Form, int Count>
__device__ __forceinline__ void activation_gradient_form(const ActivationRule& rule, const float (&y)[Count], float (&gradients)[Count]) {
    ActivationRule known = rule;
    known.form = Form;
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        gradients[e] *= activation_slope<ActivationMaths>(known, y[e]);
    }
}
template <int Count>
__device__ __forceinline__ void activation_gradient(const ActivationRule& rule, const float (&y)[Count], float (&gradients)[Count]) {
    switch (rule.form) {
    case ActivationForm::Relu:
        return activation_gradient_all<CN_ACTIVATION_RELU>(y, gradients);
    case ActivationForm::Sigmoid:
        return activation_gradient_all<CN_ACTIVATION_SIGMOID>(y, gradients);
    case ActivationForm::Tanh:
        return activation_gradient_all<CN_ACTIVATION_TANH>(y, gradients);
    case ActivationForm::Elu:
        return activation_gradient_form<ActivationForm::Elu>(rule, y, gradients);
    case ActivationForm::Exponential:
        return activation_gradient_form<ActivationForm::Exponential>(rule, y, gradients);
    case ActivationForm::Clip:
        return activation_gradient_form<ActivationForm::Clip>(rule, y, gradients);
    case ActivationForm::Leaky:
        return activation_gradient_form<ActivationForm::Leaky>(rule, y, gradients);
    case ActivationForm::Softplus:
        return activation_gradient_form<ActivationForm::Softplus>(rule, y, gradients);
    case ActivationForm::LogSigmoid:
        return activation_gradient_form<ActivationForm::LogSigmoid>(rule, y, gradients);
    case ActivationForm::Softsign:
        return activation_gradient_form<ActivationForm::Softsign>(rule, y, gradients);
    case ActivationForm::Squareplus:
        return activation_gradient_form<ActivationForm::Squareplus>(rule, y, gradients);
    default:
        return;
    }
}

} // namespace compiled::cuda
