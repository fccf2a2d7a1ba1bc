// The class that a row of predictions stands for.
#pragma once

#include "isa.h"

#include <cstdint>

namespace compiled::cpu::CN_ISA {

// Nothing is greater than a NaN in front; others are passed over.
CN_INLINE int64_t first_maximum(const float* values, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
        if (values[i] > values[best]) {
            best = i;
        }
    }
    return best;
}

} // namespace compiled::cpu::CN_ISA
