// The rule of dropout (compiled.h, "Dropout"), decided in integers so that every device draws the same mask.
#pragma once

#include "host_device.h"

#include <cstdint>

namespace compiled {

struct DropoutRule {
    uint32_t threshold; // a word r drops its element when (r >> 8) < threshold
    float scale;        // what a kept element is multiplied by
};

// ceil(rate * 2^24) and 1 / (1 - rate), for a rate in [0, 1). In double both products are exact.
CN_ALWAYS_INLINE DropoutRule dropout_rule(float rate) {
    double scaled = static_cast<double>(rate) * 16777216.0;
    auto threshold = static_cast<uint32_t>(scaled);
    if (static_cast<double>(threshold) < scaled) {
        ++threshold;
    }
    return {threshold, static_cast<float>(1.0 / (1.0 - static_cast<double>(rate)))};
}

CN_HOST_DEVICE bool dropout_keeps(DropoutRule rule, uint32_t word) {
    return (word >> 8) >= rule.threshold;
}

// 0 or the scale.
CN_HOST_DEVICE float dropout_multiplier(DropoutRule rule, uint32_t word) {
    return dropout_keeps(rule, word) ? rule.scale : 0.0f;
}

} // namespace compiled
