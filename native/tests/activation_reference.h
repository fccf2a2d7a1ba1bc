// Activations in double precision.
#pragma once

#include "compiled.h"

#include <algorithm>
#include <cmath>

namespace reference {

struct Activation {
    int32_t kind;
    double alpha = 0, upper = 0, threshold = 0, value = 0;
};

inline double softplus(double x) {
    return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x)));
}

// For every x but infinity.
inline double activate_finite(const Activation& a, double x) {
    switch (a.kind) {
    case CN_ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case CN_ACTIVATION_SIGMOID:
        return 1 / (1 + std::exp(-x));
    case CN_ACTIVATION_TANH:
        return std::tanh(x);
    case CN_ACTIVATION_ELU:
        return x > 0 ? x : a.alpha * std::expm1(x);
    case CN_ACTIVATION_SELU:
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case CN_ACTIVATION_SOFTPLUS:
        return softplus(x);
    case CN_ACTIVATION_SOFTSIGN:
        return x / (1 + std::fabs(x));
    case CN_ACTIVATION_HARD_SIGMOID:
        return std::clamp(0.2 * x + 0.5, 0.0, 1.0);
    case CN_ACTIVATION_EXPONENTIAL:
        return std::exp(x);
    case CN_ACTIVATION_LEAKY_RELU:
        return x > 0 ? x : a.alpha * x;
    case CN_ACTIVATION_RELU6:
        return std::clamp(x, 0.0, 6.0);
    case CN_ACTIVATION_CELU:
        return x > 0 ? x : a.alpha * std::expm1(x / a.alpha);
    case CN_ACTIVATION_HARD_TANH:
        return std::clamp(x, -1.0, 1.0);
    case CN_ACTIVATION_LOG_SIGMOID:
        return -softplus(-x);
    case CN_ACTIVATION_SQUAREPLUS: {
        double length = std::hypot(x, std::sqrt(a.alpha));
        return x < 0 ? a.alpha / 2 / (length - x) : x / 2 + length / 2;
    }
    case CN_ACTIVATION_SILU:
        return x / (1 + std::exp(-x));
    case CN_ACTIVATION_GELU:
        return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case CN_ACTIVATION_GELU_TANH:
        return x / (1 + std::exp(-2 * std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
    case CN_ACTIVATION_MISH:
        return x * std::tanh(softplus(x));
    case CN_ACTIVATION_HARD_SILU:
        return x * std::clamp((x + 3) / 6, 0.0, 1.0);
    case CN_ACTIVATION_TANH_SHRINK:
        return std::fabs(x) < 0.01 ? x * x * x * (1.0 / 3 - x * x * (2.0 / 15 - x * x * 17.0 / 315)) : x - std::tanh(x);
    case CN_ACTIVATION_SOFT_SHRINK:
        return x > a.alpha ? x - a.alpha : x < -a.alpha ? x + a.alpha : 0;
    case CN_ACTIVATION_HARD_SHRINK:
        return std::fabs(x) > a.alpha ? x : 0;
    case CN_ACTIVATION_SPARSE_PLUS:
        return x >= 1 ? x : x > -1 ? (x + 1) * (x + 1) / 4 : 0;
    case CN_ACTIVATION_SPARSE_SIGMOID:
        return std::clamp((x + 1) / 2, 0.0, 1.0);
    case CN_ACTIVATION_CLIPPED_RELU:
        return x >= a.upper ? a.upper : x > a.threshold ? x : a.alpha * (x - a.threshold);
    case CN_ACTIVATION_THRESHOLD:
        return x > a.threshold ? x : a.value;
    default:
        return x;
    }
}

// A number so far out that every float is at the limit there.
inline double finite(double x) {
    return std::isinf(x) ? std::copysign(1e200, x) : x;
}

inline double activate(const Activation& a, double x) {
    return std::isnan(x) ? NAN : activate_finite(a, finite(x));
}

// f'(x) of those that end stages, from y.
inline double derivative_from_output(const Activation& a, double y) {
    switch (a.kind) {
    case CN_ACTIVATION_RELU:
        return y > 0 ? 1 : 0;
    case CN_ACTIVATION_SIGMOID:
        return y * (1 - y);
    case CN_ACTIVATION_TANH:
        return 1 - y * y;
    case CN_ACTIVATION_ELU:
        return y > 0 ? 1 : y + a.alpha;
    case CN_ACTIVATION_SELU:
        return y > 0 ? 1.0507009873554805 : y + 1.0507009873554805 * 1.6732632423543772;
    case CN_ACTIVATION_SOFTPLUS:
        return -std::expm1(-y);
    case CN_ACTIVATION_SOFTSIGN:
        return (1 - std::fabs(y)) * (1 - std::fabs(y));
    case CN_ACTIVATION_HARD_SIGMOID:
        return y > 0 && y < 1 - 1e-6 ? 0.2 : 0;
    case CN_ACTIVATION_EXPONENTIAL:
        return y;
    case CN_ACTIVATION_LEAKY_RELU:
        return y > 0 ? 1 : a.alpha;
    case CN_ACTIVATION_RELU6:
        return y > 0 && y < 6 - 6e-6 ? 1 : 0;
    case CN_ACTIVATION_CELU:
        return y > 0 ? 1 : y / a.alpha + 1;
    case CN_ACTIVATION_HARD_TANH:
        return std::fabs(y) < 1 - 1e-6 ? 1 : 0;
    case CN_ACTIVATION_LOG_SIGMOID:
        return -std::expm1(y);
    case CN_ACTIVATION_SQUAREPLUS:
        return y > 0 ? y * y / (y * y + a.alpha / 4) : 0;
    default:
        return 1;
    }
}

} // namespace reference
