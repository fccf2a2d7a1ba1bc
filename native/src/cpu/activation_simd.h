// Activations of a vector, for all kernels that end in one.
//
// Linear and ReLU are told apart when a kernel is compiled (with_activation), all others by a branch per vector: kernels do not multiply.
#pragma once

#include "common/activation.h"
#include "simd_math.h"

#include <type_traits>

namespace compiled::cpu::CN_ISA {

// What `Activation` is for all but CN_ACTIVATION_LINEAR and CN_ACTIVATION_RELU: the rule has to be asked.
constexpr int32_t OtherActivation = -1;

struct ActivationMaths {
    using V = Vec;
    static CN_INLINE Vec constant(float value) { return broadcast(value); }
    static CN_INLINE Vec select(IntVec mask, Vec if_set, Vec if_clear) { return CN_ISA::select(mask, if_set, if_clear); }
    static CN_INLINE Vec smaller(Vec a, Vec b) { return min(a, b); }
    static CN_INLINE Vec larger(Vec a, Vec b) { return max(a, b); }
    static CN_INLINE Vec quotient(Vec a, Vec b) { return a / b; }
    static CN_INLINE Vec exp(Vec x) { return CN_ISA::exp(x); }
    static CN_INLINE Vec expm1(Vec x) { return CN_ISA::expm1(x); }
    static CN_INLINE Vec log1p(Vec x) { return CN_ISA::log1p(x); }
    static CN_INLINE Vec sqrt(Vec x) { return CN_ISA::sqrt(x); }
    static CN_INLINE Vec tanh(Vec x) { return CN_ISA::tanh(x); }
    static CN_INLINE Vec sigmoid(Vec x) { return CN_ISA::sigmoid(x); }
    static CN_INLINE Vec normal_cdf(Vec x) { return CN_ISA::normal_cdf(x); }
};

// Out of line: one copy for all kernels of an instruction set.
inline __attribute__((noinline)) Vec activate_rare(const ActivationRule& rule, Vec x) {
    return activate_other<ActivationMaths>(rule, x);
}
inline __attribute__((noinline)) Vec rare_slope(const ActivationRule& rule, Vec y) {
    return activation_slope<ActivationMaths>(rule, y);
}

// y = f(x).
template <int32_t Activation>
CN_INLINE Vec activate(const ActivationRule& rule, Vec x) {
    if constexpr (Activation == CN_ACTIVATION_LINEAR) {
        return x;
    } else if constexpr (Activation == CN_ACTIVATION_RELU) {
        return relu(x);
    } else if (rule.form == ActivationForm::Sigmoid) {
        return sigmoid(x);
    } else if (rule.form == ActivationForm::Tanh) {
        return tanh(x);
    } else {
        return activate_rare(rule, x);
    }
}

// dx from y and dy, so that a stage need not keep its x. Behind a ReLU that gave a NaN the gradient passes.
template <int32_t Activation>
CN_INLINE Vec activation_gradient(const ActivationRule& rule, Vec y, Vec dy) {
    if constexpr (Activation == CN_ACTIVATION_LINEAR) {
        return dy;
    } else if constexpr (Activation == CN_ACTIVATION_RELU) {
        return select(y <= zero(), zero(), dy);
    } else {
        Vec slope;
        if (rule.form == ActivationForm::Sigmoid) {
            slope = y * (1.0f - y);
        } else if (rule.form == ActivationForm::Tanh) {
            slope = 1.0f - y * y;
        } else {
            slope = rare_slope(rule, y);
        }
        return dy * slope;
    }
}

// Calls body(std::integral_constant<int32_t, Activation>) for the activation of a descriptor:
//     with_activation(rule, [&](auto activation) { ... activate<activation.value>(rule, x) ... });
template <class Body>
CN_INLINE auto with_activation(const ActivationRule& rule, const Body& body) {
    switch (rule.form) {
    case ActivationForm::Linear:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_LINEAR>{});
    case ActivationForm::Relu:
        return body(std::integral_constant<int32_t, CN_ACTIVATION_RELU>{});
    default:
        return body(std::integral_constant<int32_t, OtherActivation>{});
    }
}

} // namespace compiled::cpu::CN_ISA
