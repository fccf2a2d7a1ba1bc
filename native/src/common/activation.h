// Activations (compiled.h, cn_activation), element by element. V is float or a vector of floats; Maths is what an instruction set or a
// device has for it: exp, expm1 (of x <= 0), log1p (of 0 <= x <= 1), sqrt, tanh, sigmoid, normal_cdf, quotient, constant, select, smaller,
// larger (the latter two give the second argument where it is NaN).
//
// The functions of the enumerator are told apart once, on the host: what remains is a few forms with parameters.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>
#include <limits>

namespace compiled {

// The first four are those of cn_activation.
enum class ActivationForm : int32_t {
    Linear = CN_ACTIVATION_LINEAR,
    Relu = CN_ACTIVATION_RELU,
    Sigmoid = CN_ACTIVATION_SIGMOID,
    Tanh = CN_ACTIVATION_TANH,
    // By y:
    Elu,         // x > 0: a x; else b (exp(c x) - 1); b c = `d`
    Exponential, // exp(x)
    Clip,        // a x + b within [c, d]
    Leaky,       // x > 0: x; else a x
    Softplus,    // log(1 + exp(x))
    LogSigmoid,  // -log(1 + exp(-x))
    Softsign,    // x / (1 + |x|)
    Squareplus,  // (x + sqrt(x^2 + a)) / 2; b = sqrt(a), c = a / 4
    // By x:
    Silu,
    Gelu,
    GeluTanh,
    Mish,
    HardSilu,
    TanhShrink,
    SoftShrink, // a
    HardShrink, // a
    SparsePlus,
    SparseSigmoid,
    ClippedRelu, // x >= b: b, with the slope d; x > c: x; else a (x - c)
    Threshold    // x > a: x; else b
};

struct ActivationRule {
    ActivationForm form;
    float a, b, c, d;
};

// Whether the derivative is taken from x instead of from y. Such activations end no stage.
CN_ALWAYS_INLINE bool activation_keeps_input(int32_t activation) {
    return activation >= CN_ACTIVATION_SILU;
}

// On the host, from validated parameters.
CN_ALWAYS_INLINE ActivationRule activation_rule(int32_t activation, float alpha = 0.0f, float upper = 0.0f, float threshold = 0.0f,
                                                float value = 0.0f) {
    constexpr float Scale = 1.0507009873554805f, Negative = 1.0507009873554805f * 1.6732632423543772f; // of SELU
    switch (activation) {
    case CN_ACTIVATION_ELU:
        return {ActivationForm::Elu, 1.0f, alpha, 1.0f, alpha};
    case CN_ACTIVATION_SELU:
        return {ActivationForm::Elu, Scale, Negative, 1.0f, Negative};
    case CN_ACTIVATION_CELU:
        return {ActivationForm::Elu, 1.0f, alpha, 1.0f / alpha, 1.0f};
    case CN_ACTIVATION_SOFTPLUS:
        return {ActivationForm::Softplus, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_SOFTSIGN:
        return {ActivationForm::Softsign, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_HARD_SIGMOID:
        return {ActivationForm::Clip, 0.2f, 0.5f, 0.0f, 1.0f};
    case CN_ACTIVATION_EXPONENTIAL:
        return {ActivationForm::Exponential, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_LEAKY_RELU:
        return {ActivationForm::Leaky, alpha, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_RELU6:
        return {ActivationForm::Clip, 1.0f, 0.0f, 0.0f, 6.0f};
    case CN_ACTIVATION_HARD_TANH:
        return {ActivationForm::Clip, 1.0f, 0.0f, -1.0f, 1.0f};
    case CN_ACTIVATION_LOG_SIGMOID:
        return {ActivationForm::LogSigmoid, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_SQUAREPLUS:
        return {ActivationForm::Squareplus, alpha, std::sqrt(alpha), 0.25f * alpha, 0.0f};
    case CN_ACTIVATION_SILU:
        return {ActivationForm::Silu, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_GELU:
        return {ActivationForm::Gelu, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_GELU_TANH:
        return {ActivationForm::GeluTanh, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_MISH:
        return {ActivationForm::Mish, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_HARD_SILU:
        return {ActivationForm::HardSilu, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_TANH_SHRINK:
        return {ActivationForm::TanhShrink, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_SOFT_SHRINK:
        return {ActivationForm::SoftShrink, alpha, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_HARD_SHRINK:
        return {ActivationForm::HardShrink, alpha, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_SPARSE_PLUS:
        return {ActivationForm::SparsePlus, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_SPARSE_SIGMOID:
        return {ActivationForm::SparseSigmoid, 0.0f, 0.0f, 0.0f, 0.0f};
    case CN_ACTIVATION_CLIPPED_RELU:
        return {ActivationForm::ClippedRelu, alpha, upper, threshold, std::isinf(upper) ? 1.0f : 0.0f};
    case CN_ACTIVATION_THRESHOLD:
        return {ActivationForm::Threshold, threshold, value, 0.0f, 0.0f};
    default:
        return {static_cast<ActivationForm>(activation), 0.0f, 0.0f, 0.0f, 0.0f};
    }
}

namespace activation {

constexpr float GeluSlope = 0.7978845608028654f; // sqrt(2 / pi)
constexpr float GeluCubic = 0.044715f;
constexpr float NormalDensity = 0.3989422804014327f; // 1 / sqrt(2 pi)

// Where an infinite factor would meet one that has become 0: there the product has its limit already.
template <class M>
CN_HOST_DEVICE typename M::V within(typename M::V x, float bound) {
    return M::smaller(M::constant(bound), M::larger(M::constant(-bound), x));
}
template <class M>
CN_HOST_DEVICE typename M::V at_least(typename M::V x, float bound) {
    return M::larger(M::constant(bound), x);
}

// factor * x, but 0 without a factor even if x is infinite.
template <class M>
CN_HOST_DEVICE typename M::V scaled(float factor, typename M::V x) {
    return factor == 0.0f ? M::select(x == x, M::constant(0.0f), x) : factor * x;
}

template <class M>
CN_HOST_DEVICE typename M::V magnitude(typename M::V x) {
    return M::select(x < M::constant(0.0f), -x, x);
}

// (tanh(x) - x) / x for |x| < 0.625: Cephes' tanhf.
template <class V>
CN_HOST_DEVICE V tanh_rest(V z) {
    return ((((-5.70498872745e-3f * z + 2.06390887954e-2f) * z - 5.37397155531e-2f) * z + 1.33314422036e-1f) * z - 3.33332819422e-1f) * z;
}

// log(1 + exp(x)) without overflow.
template <class M>
CN_HOST_DEVICE typename M::V softplus(typename M::V x) {
    return M::larger(M::constant(0.0f), x) + M::log1p(M::exp(-magnitude<M>(x)));
}

template <class M>
CN_HOST_DEVICE typename M::V squareplus(const ActivationRule& rule, typename M::V x) {
    using V = typename M::V;
    V size = magnitude<M>(x), root = M::constant(rule.b);
    V most = M::larger(root, size), least = M::smaller(root, size);
    V ratio = M::select(most == M::constant(0.0f), most, least / most);
    V length = most * M::sqrt(1.0f + ratio * ratio); // sqrt(x^2 + a)
    return M::select(x < M::constant(0.0f), (0.5f * rule.a) / (length + size), 0.5f * length + 0.5f * size);
}

} // namespace activation

// y = f(x) of all but the first four forms.
template <class M>
CN_HOST_DEVICE typename M::V activate_other(const ActivationRule& rule, typename M::V x) {
    using V = typename M::V;
    const V zero = M::constant(0.0f), one = M::constant(1.0f);
    switch (rule.form) {
    case ActivationForm::Elu:
        return M::select(x > zero, rule.a * x, activation::scaled<M>(rule.b, M::expm1(rule.c * M::smaller(zero, x))));
    case ActivationForm::Exponential:
        return M::exp(x);
    case ActivationForm::Clip:
        return M::smaller(M::constant(rule.d), M::larger(M::constant(rule.c), rule.a * x + rule.b));
    case ActivationForm::Leaky:
        return M::select(x > zero, x, activation::scaled<M>(rule.a, x));
    case ActivationForm::Softplus:
        return activation::softplus<M>(x);
    case ActivationForm::LogSigmoid:
        return -activation::softplus<M>(-x);
    case ActivationForm::Softsign: {
        // 1 / (1 / |x| + 1) where |x| may be infinite
        V size = activation::magnitude<M>(x);
        V ratio = M::select(size > one, 1.0f / (1.0f + 1.0f / size), size / (1.0f + size));
        return M::select(x < zero, -ratio, ratio);
    }
    case ActivationForm::Squareplus:
        return activation::squareplus<M>(rule, x);
    case ActivationForm::Silu:
        return activation::at_least<M>(x, -104.0f) * M::sigmoid(x);
    case ActivationForm::Gelu:
        return activation::at_least<M>(x, -20.0f) * M::normal_cdf(x);
    case ActivationForm::GeluTanh: {
        V near = activation::within<M>(x, 20.0f);
        return activation::at_least<M>(x, -20.0f) *
               M::sigmoid(2.0f * activation::GeluSlope * (near + activation::GeluCubic * near * near * near));
    }
    case ActivationForm::Mish: {
        // tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2)
        V e = M::exp(M::smaller(M::constant(20.0f), x));
        V n = e * (e + 2.0f);
        return activation::at_least<M>(x, -104.0f) * (n / (n + 2.0f));
    }
    case ActivationForm::HardSilu: {
        V inner = activation::within<M>(x, 3.0f);
        return M::select(x >= M::constant(3.0f), x, inner * (inner + 3.0f) * (1.0f / 6.0f));
    }
    case ActivationForm::TanhShrink: {
        V near = activation::within<M>(x, 0.625f);
        return M::select(activation::magnitude<M>(x) < M::constant(0.625f), -near * activation::tanh_rest(near * near), x - M::tanh(x));
    }
    case ActivationForm::SoftShrink: {
        V bound = M::constant(rule.a);
        return M::select(activation::magnitude<M>(x) <= bound, zero, M::select(x > zero, x - bound, x + bound));
    }
    case ActivationForm::HardShrink:
        return M::select(activation::magnitude<M>(x) <= M::constant(rule.a), zero, x);
    case ActivationForm::SparsePlus: {
        V inner = activation::within<M>(x, 1.0f) + 1.0f;
        return M::select(x >= one, x, 0.25f * inner * inner);
    }
    case ActivationForm::SparseSigmoid:
        return 0.5f * activation::within<M>(x, 1.0f) + 0.5f;
    case ActivationForm::ClippedRelu: {
        V upper = M::constant(rule.b), threshold = M::constant(rule.c);
        return M::select(x >= upper, upper, M::select(x > threshold, x, activation::scaled<M>(rule.a, x - threshold)));
    }
    case ActivationForm::Threshold:
        return M::select(x <= M::constant(rule.a), M::constant(rule.b), x);
    default:
        return x;
    }
}

// f'(x) from y, of the forms that have it there but the first four. At a kink that is 0, or the slope below it. Clip takes values within a
// millionth of its bounds for the bounds: those of y that had its dropout taken back are no better.
template <class M>
CN_HOST_DEVICE typename M::V activation_slope(const ActivationRule& rule, typename M::V y) {
    using V = typename M::V;
    const V zero = M::constant(0.0f), one = M::constant(1.0f);
    constexpr float Inner = 1.0f - 1.0f / (1 << 20);
    switch (rule.form) {
    case ActivationForm::Elu:
        return M::select(y > zero, M::constant(rule.a), y * rule.c + rule.d);
    case ActivationForm::Exponential:
        return y;
    case ActivationForm::Clip:
        return M::select(y <= M::constant(rule.c * Inner), zero, M::select(y >= M::constant(rule.d * Inner), zero, M::constant(rule.a)));
    case ActivationForm::Leaky:
        return M::select(y <= zero, M::constant(rule.a), one);
    case ActivationForm::Softplus:
        return -M::expm1(-y);
    case ActivationForm::LogSigmoid:
        return -M::expm1(y);
    case ActivationForm::Softsign: {
        V rest = 1.0f - activation::magnitude<M>(y);
        return rest * rest;
    }
    case ActivationForm::Squareplus:
        return M::select(y <= zero, zero, M::quotient(one, 1.0f + M::quotient(M::quotient(M::constant(rule.c), y), y)));
    default:
        return one;
    }
}

// f'(x) from x, of the others.
template <class M>
CN_HOST_DEVICE typename M::V activation_input_slope(const ActivationRule& rule, typename M::V x) {
    using V = typename M::V;
    const V zero = M::constant(0.0f), one = M::constant(1.0f);
    switch (rule.form) {
    case ActivationForm::Silu: {
        V s = M::sigmoid(x);
        return s * (1.0f + activation::within<M>(x, 104.0f) * M::sigmoid(-x));
    }
    case ActivationForm::Gelu: {
        V near = activation::within<M>(x, 20.0f);
        return M::normal_cdf(x) + near * (activation::NormalDensity * M::exp(-0.5f * near * near));
    }
    case ActivationForm::GeluTanh: {
        V near = activation::within<M>(x, 20.0f);
        V square = near * near;
        V inner = 2.0f * activation::GeluSlope * (near + activation::GeluCubic * square * near);
        V s = M::sigmoid(inner);
        return s + near * (s * M::sigmoid(-inner)) * (2.0f * activation::GeluSlope * (1.0f + 3.0f * activation::GeluCubic * square));
    }
    case ActivationForm::Mish: {
        V near = activation::within<M>(x, 104.0f);
        V e = M::exp(M::smaller(M::constant(20.0f), x));
        V n = e * (e + 2.0f), under = 1.0f / (n + 2.0f);
        return n * under + near * (4.0f * e * (1.0f + e) * under * under);
    }
    case ActivationForm::HardSilu:
        return M::select(x <= M::constant(-3.0f), zero, M::select(x >= M::constant(3.0f), one, x * (1.0f / 3.0f) + 0.5f));
    case ActivationForm::TanhShrink: {
        V y = M::tanh(x);
        return y * y;
    }
    case ActivationForm::SoftShrink:
    case ActivationForm::HardShrink:
        return M::select(activation::magnitude<M>(x) <= M::constant(rule.a), zero, one);
    case ActivationForm::SparsePlus:
        return 0.5f * activation::within<M>(x, 1.0f) + 0.5f;
    case ActivationForm::SparseSigmoid:
        return M::select(activation::magnitude<M>(x) >= one, zero, M::constant(0.5f));
    case ActivationForm::ClippedRelu:
        return M::select(x >= M::constant(rule.b), M::constant(rule.d), M::select(x <= M::constant(rule.c), M::constant(rule.a), one));
    case ActivationForm::Threshold:
        return M::select(x <= M::constant(rule.a), zero, one);
    default:
        return one;
    }
}

} // namespace compiled
