// Means and variances for the normalizations.
//
// The moments of some values are their mean and the sum of their squared distances from it: no large number is taken from another, as a
// sum of squares would have it, so a mean of 1e4 leaves a variance of 1 its digits.
#pragma once

#include "host_device.h"

#include <cmath>

namespace compiled {

// Makes the moments of `count` values those of these and of `more` others (Chan, Golub and LeVeque, 1979). V is a floating-point number, T
// that or a vector of it.
template <class V, class T>
CN_HOST_DEVICE void merge_moments(V count, T& mean, T& squares, V more, T more_mean, T more_squares) {
    V share = more / (count + more);
    T distance = more_mean - mean;
    mean += distance * share;
    squares += more_squares + distance * distance * (count * share);
}

// Without Bessel's correction. Rounding may have left the sum of no distances below 0.
CN_HOST_DEVICE double variance_of(double squares, double count) {
    return squares < 0.0 ? 0.0 : squares / count;
}

CN_HOST_DEVICE double inverse_deviation(double variance, float epsilon) {
    return 1.0 / std::sqrt(variance + static_cast<double>(epsilon));
}

CN_HOST_DEVICE float moved(float moving, double value, float momentum) {
    auto weight = static_cast<double>(momentum);
    return static_cast<float>(weight * static_cast<double>(moving) + (1.0 - weight) * value);
}

// y = (x - center) * scale + shift, with which x becomes gamma * (x - mean) * inverse + beta. The mean can be finer than a float; what the
// center lacks of it is in the shift. (x * scale + shift alone would lose the digits of x around a large mean.)
struct Normalization {
    float center, scale, shift;

    CN_HOST_DEVICE Normalization(double mean, double inverse, float gamma, float beta)
        : center(static_cast<float>(mean)), scale(static_cast<float>(inverse * static_cast<double>(gamma))),
          shift(static_cast<float>(static_cast<double>(beta) - (mean - static_cast<double>(center)) * static_cast<double>(scale))) {}
};

// dx = g * scale + ((x - center) * slope + shift), with the gradient g of y and the sums over all values that share the statistics: of g,
// of g * (x - center) and of x - center. As the center is a float, that last sum is not 0: it tells what it lacks of the mean.
struct NormalizationGradient {
    double dot; // sum of g * xhat
    float scale, slope, shift;

    CN_HOST_DEVICE NormalizationGradient(double count, double sum, double product_sum, double distance_sum, double inverse, float gamma) {
        double lacking = distance_sum / count;
        dot = inverse * (product_sum - lacking * sum);
        double factor = inverse * static_cast<double>(gamma);
        double factor_of_distance = -factor * inverse * dot / count;
        scale = static_cast<float>(factor);
        slope = static_cast<float>(factor_of_distance);
        shift = static_cast<float>(-factor * sum / count - factor_of_distance * lacking);
    }
};

// A normalization by given statistics, multiplied into what it follows: y = gamma * (x + bias - mean) * inverse + beta, with which x
// becomes x * factor + bias.
struct FoldedNormalization {
    float factor, bias;

    CN_HOST_DEVICE FoldedNormalization(float mean, float variance, float epsilon, float gamma, float beta, float old_bias) {
        double scale = static_cast<double>(gamma) * inverse_deviation(static_cast<double>(variance), epsilon);
        factor = static_cast<float>(scale);
        bias = static_cast<float>(static_cast<double>(beta) + (static_cast<double>(old_bias) - static_cast<double>(mean)) * scale);
    }
};

} // namespace compiled
