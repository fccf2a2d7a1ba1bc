// The update rules (compiled.h, cn_optimizer_kind), element by element: V is float or a vector of floats, Maths has what depends on which.
//
// A rule names its slots by their places in the array of a cn_optimizer_step; a place that no slot has holds zeros, and what is left there
// is forgotten. Its coefficients are the same for all elements: made once per update, in double.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>

namespace compiled {

constexpr int OptimizerSlots = 3;

// A moving mean of x: keep * itself + take * x.
struct MeanCoefficients {
    float keep, take;
};

CN_HOST_DEVICE MeanCoefficients mean_coefficients(double momentum) {
    return {static_cast<float>(momentum), static_cast<float>(1.0 - momentum)};
}

template <class V>
CN_HOST_DEVICE V moving_mean(MeanCoefficients c, V mean, V x) {
    return c.keep * mean + c.take * x;
}

CN_HOST_DEVICE double update_number(const cn_state& state) {
    return static_cast<double>(state.updates) + 1.0;
}

struct SgdRule {
    struct Coefficients {
        float rate, momentum;
    };
    static constexpr int Slots = 0;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {static_cast<float>(state.learning_rate), static_cast<float>(desc.momentum)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&)[OptimizerSlots]) {
        parameter = parameter - c.rate * gradient;
    }
};

template <bool Nesterov>
struct MomentumRule : SgdRule {
    static constexpr int Slots = 1;

    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        V& velocity = slots[0];
        velocity = c.momentum * velocity - c.rate * gradient;
        if constexpr (Nesterov) {
            parameter = parameter + (c.momentum * velocity - c.rate * gradient);
        } else {
            parameter = parameter + velocity;
        }
    }
};

struct AdamRule {
    struct Coefficients {
        MeanCoefficients mean, square;
        float epsilon;
        float rate; // of this update: with both bias corrections
    };
    static constexpr int Slots = 3;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        double t = update_number(state);
        double rate = state.learning_rate * std::sqrt(1.0 - std::pow(desc.beta_2, t)) / (1.0 - std::pow(desc.beta_1, t));
        return {mean_coefficients(desc.beta_1), mean_coefficients(desc.beta_2), static_cast<float>(desc.epsilon), static_cast<float>(rate)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = moving_mean(c.mean, slots[0], gradient);
        slots[1] = moving_mean(c.square, slots[1], gradient * gradient);
        slots[2] = Maths::larger(slots[2], slots[1]); // without AMSGrad, of zeros
        parameter = parameter - c.rate * slots[0] / (Maths::square_root(slots[2]) + c.epsilon);
    }
};

struct AdagradRule {
    struct Coefficients {
        float rate, epsilon;
    };
    static constexpr int Slots = 1;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {static_cast<float>(state.learning_rate), static_cast<float>(desc.epsilon)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = slots[0] + gradient * gradient;
        parameter = parameter - c.rate * gradient / (Maths::square_root(slots[0]) + c.epsilon);
    }
};

struct AdadeltaRule {
    struct Coefficients {
        MeanCoefficients mean;
        float epsilon, rate;
    };
    static constexpr int Slots = 2;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {mean_coefficients(desc.rho), static_cast<float>(desc.epsilon), static_cast<float>(state.learning_rate)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = moving_mean(c.mean, slots[0], gradient * gradient);
        V step = gradient * Maths::square_root(slots[1] + c.epsilon) / Maths::square_root(slots[0] + c.epsilon);
        slots[1] = moving_mean(c.mean, slots[1], step * step);
        parameter = parameter - c.rate * step;
    }
};

// The velocity has the second place, the mean the last that there is.
template <bool Momentum, bool Centered>
struct RmsPropRule {
    struct Coefficients {
        MeanCoefficients mean;
        float epsilon, rate, momentum;
    };
    static constexpr int Slots = 1 + (Momentum ? 1 : 0) + (Centered ? 1 : 0);

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {mean_coefficients(desc.rho), static_cast<float>(desc.epsilon), static_cast<float>(state.learning_rate),
                static_cast<float>(desc.momentum)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = moving_mean(c.mean, slots[0], gradient * gradient);
        V variance = slots[0];
        if constexpr (Centered) {
            V& mean = slots[Slots - 1];
            mean = moving_mean(c.mean, mean, gradient);
            variance = Maths::larger(V{}, variance - mean * mean); // rounding can take it below zero
        }
        V step = c.rate * gradient / (Maths::square_root(variance) + c.epsilon);
        if constexpr (Momentum) {
            slots[1] = c.momentum * slots[1] + step;
            step = slots[1];
        }
        parameter = parameter - step;
    }
};

struct AdamaxRule {
    struct Coefficients {
        MeanCoefficients mean;
        float keep, epsilon;
        float rate; // of this update: with the bias correction
    };
    static constexpr int Slots = 2;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        double rate = state.learning_rate / (1.0 - std::pow(desc.beta_1, update_number(state)));
        return {mean_coefficients(desc.beta_1), static_cast<float>(desc.beta_2), static_cast<float>(desc.epsilon),
                static_cast<float>(rate)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = moving_mean(c.mean, slots[0], gradient);
        slots[1] = Maths::larger(c.keep * slots[1], Maths::larger(gradient, -gradient));
        parameter = parameter - c.rate * slots[0] / (slots[1] + c.epsilon);
    }
};

struct NadamRule {
    struct Coefficients {
        MeanCoefficients mean, square;
        float of_gradient, of_mean; // with the rate
        float of_square;
        float epsilon;
    };
    static constexpr int Slots = 2;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        double t = update_number(state);
        double base = std::pow(0.96, desc.schedule_decay);
        double now = momentum(desc, std::pow(base, t)), next = momentum(desc, std::pow(base, t + 1.0));
        double product = momentum_product(desc, base, t);
        return {mean_coefficients(desc.beta_1),
                mean_coefficients(desc.beta_2),
                static_cast<float>(state.learning_rate * (1.0 - now) / (1.0 - product)),
                static_cast<float>(state.learning_rate * next / (1.0 - product * next)),
                static_cast<float>(1.0 / (1.0 - std::pow(desc.beta_2, t))),
                static_cast<float>(desc.epsilon)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        slots[0] = moving_mean(c.mean, slots[0], gradient);
        slots[1] = moving_mean(c.square, slots[1], gradient * gradient);
        V step = c.of_gradient * gradient + c.of_mean * slots[0];
        parameter = parameter - step / (Maths::square_root(slots[1] * c.of_square) + c.epsilon);
    }

private:
    CN_HOST_DEVICE static double momentum(const cn_optimizer_desc& desc, double power) { return desc.beta_1 * (1.0 - 0.5 * power); }

    // c_1 * ... * c_t, from t alone: nothing to keep, or to lose, between updates. One minus it is what counts, so it ends where it is
    // nothing beside 1: with the usual schedule after some 60 factors. Where the schedule ends sooner, the rest is a power of beta_1.
    CN_HOST_DEVICE static double momentum_product(const cn_optimizer_desc& desc, double base, double t) {
        double product = 1.0, power = base;
        for (double i = 1.0; i <= t; i += 1.0) {
            if (product < 1e-20) {
                return 0.0;
            }
            if (power < 1e-17) {
                return product * std::pow(desc.beta_1, t - i + 1.0);
            }
            product *= momentum(desc, power);
            power *= base;
        }
        return product;
    }
};

struct LionRule {
    struct Coefficients {
        MeanCoefficients direction, mean;
        float rate;
    };
    static constexpr int Slots = 1;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {mean_coefficients(desc.beta_1), mean_coefficients(desc.beta_2), static_cast<float>(state.learning_rate)};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V gradient, V (&slots)[OptimizerSlots]) {
        parameter = parameter - c.rate * Maths::sign(moving_mean(c.direction, slots[0], gradient));
        slots[0] = moving_mean(c.mean, slots[0], gradient);
    }
};

// Muon: the direction of a matrix before it is orthogonalized, and the step along it after that, which takes it for its only slot. What is
// no matrix follows AdamRule.
struct MuonDirection {
    float momentum;
    bool nesterov;

    template <class V>
    CN_HOST_DEVICE V next(V& mean, V gradient) const {
        mean = momentum * mean + gradient;
        return nesterov ? gradient + momentum * mean : mean;
    }
};

struct MuonStepRule {
    struct Coefficients {
        float rate;
    };
    static constexpr int Slots = 1;

    CN_HOST_DEVICE static Coefficients coefficients(const cn_matrix& matrix, const cn_state& state) {
        double ratio = static_cast<double>(matrix.rows) / static_cast<double>(matrix.columns);
        return {static_cast<float>(state.learning_rate * std::sqrt(ratio > 1.0 ? ratio : 1.0))};
    }
    template <class Maths, class V>
    CN_HOST_DEVICE static void update(const Coefficients& c, V& parameter, V, V (&slots)[OptimizerSlots]) {
        parameter = parameter - c.rate * slots[0];
    }
};

CN_HOST_DEVICE AdamRule::Coefficients muon_adam_coefficients(const cn_optimizer_desc& desc, cn_state state) {
    state.learning_rate *= desc.adam_rate_ratio;
    return AdamRule::coefficients(desc, state);
}

namespace muon {

// x <- A x + (B a + C a a) x, with a = x x'.
constexpr float A = 3.4445f, B = -4.7750f, C = 2.0315f;

// What makes x of a direction with this sum of squares.
CN_HOST_DEVICE float first_scale(double squares) {
    return static_cast<float>(1.0 / (std::sqrt(squares) + 1e-7));
}

} // namespace muon

// What comes before and after every rule.
struct AroundCoefficients {
    float decay;      // rate * weight_decay
    float clip_value; // infinite: none
    MeanCoefficients ema;
    bool overwrites; // parameters, with their averages
};

CN_HOST_DEVICE AroundCoefficients around_coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
    return {static_cast<float>(state.learning_rate * desc.weight_decay),
            desc.clip_value == 0.0 ? static_cast<float>(HUGE_VAL) : static_cast<float>(desc.clip_value),
            mean_coefficients(state.updates == 0 ? 0.0 : desc.ema_momentum),
            desc.use_ema != 0 && desc.ema_overwrite_frequency != 0 &&
                (state.updates + 1) % static_cast<uint64_t>(desc.ema_overwrite_frequency) == 0};
}

// `factor` takes the gradient to the norm that it may have.
template <class Maths, class V>
CN_HOST_DEVICE V clipped(const AroundCoefficients& around, float factor, V gradient) {
    return Maths::clamp(gradient * factor, around.clip_value);
}

template <class Rule, class Maths, class V>
CN_HOST_DEVICE void optimizer_update(const AroundCoefficients& around, const typename Rule::Coefficients& c, float factor, V& parameter,
                                     V gradient, V (&slots)[OptimizerSlots]) {
    gradient = clipped<Maths>(around, factor, gradient);
    parameter = parameter - around.decay * parameter;
    Rule::template update<Maths>(c, parameter, gradient, slots);
}

template <class V>
CN_HOST_DEVICE void average_update(const AroundCoefficients& around, V& parameter, V& ema) {
    ema = moving_mean(around.ema, ema, parameter);
    if (around.overwrites) {
        parameter = ema;
    }
}

// Calls body(rule) with the rule that the descriptor asks for; CN_OPTIMIZER_MUON has two, and kernels of its own.
template <class Body>
auto with_optimizer_rule(const cn_optimizer_desc& desc, const Body& body) {
    bool momentum = desc.momentum != 0.0, centered = desc.centered != 0;
    switch (desc.optimizer) {
    case CN_OPTIMIZER_ADAM:
        return body(AdamRule{});
    case CN_OPTIMIZER_ADAGRAD:
        return body(AdagradRule{});
    case CN_OPTIMIZER_ADADELTA:
        return body(AdadeltaRule{});
    case CN_OPTIMIZER_RMSPROP:
        if (momentum) {
            return centered ? body(RmsPropRule<true, true>{}) : body(RmsPropRule<true, false>{});
        }
        return centered ? body(RmsPropRule<false, true>{}) : body(RmsPropRule<false, false>{});
    case CN_OPTIMIZER_ADAMAX:
        return body(AdamaxRule{});
    case CN_OPTIMIZER_NADAM:
        return body(NadamRule{});
    case CN_OPTIMIZER_LION:
        return body(LionRule{});
    default:
        if (!momentum) {
            return body(SgdRule{});
        }
        return desc.nesterov != 0 ? body(MomentumRule<true>{}) : body(MomentumRule<false>{});
    }
}

} // namespace compiled
