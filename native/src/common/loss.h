// Constants and rules of the losses (compiled.h, cn_loss_desc) that every backend shares.
#pragma once

#include "host_device.h"

namespace compiled {

// Probabilities are clipped to these floats, as in Keras.
constexpr double SmallestProbability = 1e-7f;
constexpr double LargestProbability = 1.0f - 1e-7f; // rounds to 0.99999988

CN_HOST_DEVICE double clip_probability(double p) {
    p = p < SmallestProbability ? SmallestProbability : p;
    return p > LargestProbability ? LargestProbability : p;
}

// Where the clip lets a gradient through; a NaN passes, so that a network that diverges shows it.
CN_HOST_DEVICE bool is_unclipped(double p) {
    return !(p < SmallestProbability) && !(p > LargestProbability);
}

} // namespace compiled
