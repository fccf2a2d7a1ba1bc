// The update rules (compiled.h, cn_optimizer_kind), element by element: V is float or a vector of floats.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>

namespace compiled {

struct SgdCoefficients {
    float rate;
    float momentum;
};

template <class V>
CN_HOST_DEVICE void sgd_update(SgdCoefficients c, V& parameter, V gradient) {
    parameter = parameter - c.rate * gradient;
}

template <bool Nesterov, class V>
CN_HOST_DEVICE void momentum_update(SgdCoefficients c, V& parameter, V gradient, V& velocity) {
    velocity = c.momentum * velocity - c.rate * gradient;
    if constexpr (Nesterov) {
        parameter = parameter + (c.momentum * velocity - c.rate * gradient);
    } else {
        parameter = parameter + velocity;
    }
}

struct AdamCoefficients {
    float beta_1, one_minus_beta_1;
    float beta_2, one_minus_beta_2;
    float epsilon;
    float rate; // of this update: with both bias corrections
};

// The bias corrections are the same for all elements: once per update, in double.
CN_HOST_DEVICE AdamCoefficients adam_coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
    double t = static_cast<double>(state.updates) + 1.0;
    double rate = state.learning_rate * std::sqrt(1.0 - std::pow(desc.beta_2, t)) / (1.0 - std::pow(desc.beta_1, t));
    return {static_cast<float>(desc.beta_1),       static_cast<float>(1.0 - desc.beta_1), static_cast<float>(desc.beta_2),
            static_cast<float>(1.0 - desc.beta_2), static_cast<float>(desc.epsilon),      static_cast<float>(rate)};
}

template <class V, class SquareRoot>
CN_HOST_DEVICE void adam_update(AdamCoefficients c, V& parameter, V gradient, V& mean, V& square, SquareRoot square_root) {
    mean = c.beta_1 * mean + c.one_minus_beta_1 * gradient;
    square = c.beta_2 * square + c.one_minus_beta_2 * (gradient * gradient);
    parameter = parameter - c.rate * mean / (square_root(square) + c.epsilon);
}

} // namespace compiled
