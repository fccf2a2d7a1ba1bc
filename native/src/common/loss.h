// The maths of the losses (compiled.h, cn_loss_desc) that every backend shares: in double, as losses are few beside what makes the
// predictions. A NaN passes through all of it, so that a network that diverges shows it.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>

namespace compiled {

// Probabilities are clipped to these floats, as in Keras.
constexpr double SmallestProbability = 1e-7f;
constexpr double LargestProbability = 1.0f - 1e-7f; // rounds to 0.99999988

CN_HOST_DEVICE double at_least(double smallest, double x) {
    return x < smallest ? smallest : x;
}

CN_HOST_DEVICE double clip_probability(double p) {
    p = at_least(SmallestProbability, p);
    return p > LargestProbability ? LargestProbability : p;
}

// Where the clip lets a gradient through.
CN_HOST_DEVICE bool is_unclipped(double p) {
    return !(p < SmallestProbability) && !(p > LargestProbability);
}

// A target or prediction of the Kullback-Leibler divergence.
CN_HOST_DEVICE double clip_share(double p) {
    p = at_least(SmallestProbability, p);
    return p > 1.0 ? 1.0 : p;
}

// A loss as its kernels know it.
struct LossRule {
    int32_t loss;
    bool from_logits;
    bool balance;
    double keep, add; // a target t counts as keep * t + add: label smoothing, and hinge labels 0 and 1 that become -1 and 1
    double delta, alpha, gamma, beta;
};

CN_HOST_DEVICE LossRule loss_rule(const cn_loss_desc& desc) {
    double smoothing = desc.label_smoothing;
    bool binary = desc.loss == CN_LOSS_BINARY_CROSSENTROPY || desc.loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY;
    double shared = smoothing / (binary ? 2.0 : static_cast<double>(desc.classes));
    return {desc.loss, desc.from_logits != 0, desc.balance != 0, 1.0 - smoothing, shared, desc.delta, desc.alpha, desc.gamma, desc.beta};
}

// Whether logits become probabilities one by one, by a sigmoid.
CN_HOST_DEVICE bool is_binary(const LossRule& rule) {
    return rule.loss == CN_LOSS_BINARY_CROSSENTROPY || rule.loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY;
}

// Whether labels 0 and 1 stand for -1 and 1, if a batch has no others.
CN_HOST_DEVICE bool takes_signs(int32_t loss) {
    return loss == CN_LOSS_HINGE || loss == CN_LOSS_SQUARED_HINGE;
}

CN_HOST_DEVICE LossRule with_signs(LossRule rule) {
    rule.keep = 2.0;
    rule.add = -1.0;
    return rule;
}

CN_HOST_DEVICE double probability_of(double z) {
    double e = exp(z > 0.0 ? -z : z);
    return z > 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

// What one element adds to the value of its position, and the derivative by its prediction; both before the mean over the elements.
struct LossTerm {
    double value;
    double slope;
};

namespace loss {

CN_HOST_DEVICE double sign(double x) {
    return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : x);
}

CN_HOST_DEVICE LossTerm logarithmic(double t, double p) {
    double error = log(at_least(SmallestProbability, p) + 1.0) - log(at_least(SmallestProbability, t) + 1.0);
    return {error * error, p < SmallestProbability ? 0.0 : 2.0 * error / (p + 1.0)};
}

// log cosh d = |d| + log(1 + exp(-2 |d|)) - log 2, which does not overflow.
CN_HOST_DEVICE LossTerm log_cosh(double d) {
    constexpr double LogTwo = 0.69314718055994530942;
    double magnitude = d < 0.0 ? -d : d;
    return {magnitude + log1p(exp(-2.0 * magnitude)) - LogTwo, tanh(d)};
}

CN_HOST_DEVICE LossTerm huber(double delta, double d) {
    double magnitude = d < 0.0 ? -d : d;
    if (magnitude > delta) {
        return {delta * magnitude - 0.5 * delta * delta, delta * sign(d)};
    }
    return {0.5 * d * d, d};
}

CN_HOST_DEVICE LossTerm hinge(double t, double p, bool squared) {
    double lack = at_least(0.0, 1.0 - t * p);
    if (squared) {
        return {lack * lack, -2.0 * lack * t};
    }
    return {lack, lack > 0.0 ? -t : 0.0 * lack};
}

CN_HOST_DEVICE LossTerm divergence(double t, double p) {
    double target = clip_share(t), share = clip_share(p);
    return {target * log(target / share), p < SmallestProbability || p > 1.0 ? 0.0 : -target / p};
}

CN_HOST_DEVICE LossTerm crossentropy(double t, double p) {
    double q = clip_probability(p);
    return {-(t * log(q) + (1.0 - t) * log(1.0 - q)), is_unclipped(p) ? (1.0 - t) / (1.0 - p) - t / p : 0.0};
}

// The part of a target that is 0 adds nothing, even where the logit is infinite.
CN_HOST_DEVICE LossTerm crossentropy_of_logit(double t, double z) {
    double e = exp(z > 0.0 ? -z : z);
    double value = log1p(e);
    if (z > 0.0) {
        value += t == 1.0 ? 0.0 : (1.0 - t) * z;
        return {value, 1.0 / (1.0 + e) - t};
    }
    value -= t == 0.0 ? 0.0 : t * z;
    return {value, e / (1.0 + e) - t};
}

// (1 - q)^gamma, q the probability of what is right, times the cross-entropy.
CN_HOST_DEVICE LossTerm focal(const LossRule& rule, double t, double prediction) {
    double p = rule.from_logits ? probability_of(prediction) : prediction;
    double wrong = 1.0 - t * p - (1.0 - t) * (1.0 - p);
    LossTerm entropy = crossentropy(t, p);
    double power = pow(wrong, rule.gamma);
    double slope = power * entropy.slope;
    // Where nothing is wrong, a power below 1 is infinitely steep.
    if (rule.gamma >= 1.0 || wrong > 0.0) {
        slope += (1.0 - 2.0 * t) * rule.gamma * pow(wrong, rule.gamma - 1.0) * entropy.value;
    }
    double weight = rule.balance ? t * rule.alpha + (1.0 - t) * (1.0 - rule.alpha) : 1.0;
    return {weight * power * entropy.value, weight * slope * (rule.from_logits ? p * (1.0 - p) : 1.0)};
}

} // namespace loss

// Losses whose value is a mean, or a sum, of one term per element.
CN_HOST_DEVICE bool has_terms(int32_t loss) {
    switch (loss) {
    case CN_LOSS_CATEGORICAL_CROSSENTROPY:
    case CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY:
    case CN_LOSS_COSINE_SIMILARITY:
    case CN_LOSS_CATEGORICAL_HINGE:
    case CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
    case CN_LOSS_DICE:
    case CN_LOSS_TVERSKY:
        return false;
    default:
        return true;
    }
}

// What the sum of the terms is multiplied by.
CN_HOST_DEVICE double term_share(int32_t loss, int64_t classes) {
    return loss == CN_LOSS_KL_DIVERGENCE ? 1.0 : 1.0 / static_cast<double>(classes);
}

CN_HOST_DEVICE LossTerm loss_term(const LossRule& rule, float target, float prediction) {
    double t = rule.keep * static_cast<double>(target) + rule.add;
    double p = prediction;
    double d = p - t;
    switch (rule.loss) {
    case CN_LOSS_MEAN_SQUARED_ERROR:
        return {d * d, 2.0 * d};
    case CN_LOSS_MEAN_ABSOLUTE_ERROR:
        return {d < 0.0 ? -d : d, loss::sign(d)};
    case CN_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR: {
        double scale = 100.0 / at_least(SmallestProbability, t < 0.0 ? -t : t);
        return {scale * (d < 0.0 ? -d : d), scale * loss::sign(d)};
    }
    case CN_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR:
        return loss::logarithmic(t, p);
    case CN_LOSS_LOG_COSH:
        return loss::log_cosh(d);
    case CN_LOSS_HUBER:
        return loss::huber(rule.delta, d);
    case CN_LOSS_POISSON:
        return {p - t * log(p + SmallestProbability), 1.0 - t / (p + SmallestProbability)};
    case CN_LOSS_KL_DIVERGENCE:
        return loss::divergence(t, p);
    case CN_LOSS_HINGE:
    case CN_LOSS_SQUARED_HINGE:
        return loss::hinge(t, p, rule.loss == CN_LOSS_SQUARED_HINGE);
    case CN_LOSS_BINARY_CROSSENTROPY:
        return rule.from_logits ? loss::crossentropy_of_logit(t, p) : loss::crossentropy(t, p);
    default:
        return loss::focal(rule, t, p);
    }
}

// The term of a class in the categorical focal loss: its value, and its derivative by the class' share of the probability.
CN_HOST_DEVICE LossTerm focal_share(const LossRule& rule, float target, double unclipped) {
    double t = rule.keep * static_cast<double>(target) + rule.add;
    double share = clip_probability(unclipped), rest = 1.0 - share;
    double power = pow(rest, rule.gamma), entropy = log(share); // the rest is greater than 0
    double slope = rule.gamma * pow(rest, rule.gamma - 1.0) * entropy - power / share;
    return {-rule.alpha * t * power * entropy, is_unclipped(unclipped) ? rule.alpha * t * slope : 0.0};
}

// Losses of how predictions and targets overlap: one value for many positions.
CN_HOST_DEVICE bool is_overlap(int32_t loss) {
    return loss == CN_LOSS_DICE || loss == CN_LOSS_TVERSKY;
}

// The sums that an overlap is made of, each element as often as its position counts; and what the positions count.
struct OverlapSums {
    double products, targets, predictions; // of t p, t, p
    double weight;
};

// Its value, and the derivative of value * weight by p_i as weight_i * (of_target * t_i + of_rest * (1 - t_i)).
struct Overlap {
    double value, of_target, of_rest;
};

// Dice is Tversky's with halves, and half of its epsilon.
CN_HOST_DEVICE Overlap overlap_of(const LossRule& rule, const OverlapSums& sums) {
    bool dice = rule.loss == CN_LOSS_DICE;
    double alpha = dice ? 0.5 : rule.alpha, beta = dice ? 0.5 : rule.beta, epsilon = dice ? 0.5e-7 : 1e-7;
    double right = sums.products;
    double whole = right + alpha * (sums.predictions - right) + beta * (sums.targets - right) + epsilon;
    double square = whole * whole;
    return {1.0 - right / whole, (right * (1.0 - beta) - whole) / square * sums.weight, alpha * right / square * sums.weight};
}

// The sums that a cosine is made of.
struct CosineSums {
    double targets, predictions, products; // of t^2, p^2, t p
};

// A row that is shorter than this has no direction.
constexpr double ShortestSquare = 1e-12;

// -cos, and its derivative by p_i as target_factor * t_i + prediction_factor * p_i.
struct CosineLoss {
    double value, target_factor, prediction_factor;
};

CN_HOST_DEVICE CosineLoss cosine_loss(const CosineSums& sums) {
    double t = sqrt(at_least(ShortestSquare, sums.targets)), p = sqrt(at_least(ShortestSquare, sums.predictions));
    double cosine = sums.products / (t * p);
    return {-cosine, -1.0 / (t * p), sums.predictions < ShortestSquare ? 0.0 : cosine / (p * p)};
}

} // namespace compiled
