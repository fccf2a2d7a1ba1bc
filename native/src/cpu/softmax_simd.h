// The parts of a softmax that the softmax op and the losses from logits share.
#pragma once

#include "elementwise.h"
#include "simd_math.h"

namespace compiled::cpu::CN_ISA {

// How many positions make one item for the threads: some thousand elements.
CN_INLINE int64_t positions_per_block(int64_t classes) {
    constexpr int64_t Elements = 4096;
    return classes >= Elements ? 1 : Elements / classes;
}

struct SoftmaxSum {
    float maximum;
    double sum; // of exp(x - maximum), at least 1 for finite x
    CN_INLINE float inverse() const { return static_cast<float>(1.0 / sum); }
};

CN_INLINE float maximum(const float* x, int64_t count) {
    Vec largest = broadcast(x[0]);
    for_vectors(0, count, [&](int64_t i, auto vector) {
        if constexpr (std::is_same_v<decltype(vector), PartialVector>) {
            largest = max(load_partial(x + i, vector.count, x[0]), largest);
        } else {
            largest = max(vector.load(x + i), largest);
        }
    });
    return reduce_max(largest);
}

// target = exp(x - max x); the sum of it. `target` may be x.
CN_INLINE SoftmaxSum exponentials(const float* x, int64_t count, float* target) {
    SoftmaxSum result{maximum(x, count), 0.0};
    Vec shift = broadcast(result.maximum);
    DoubleVec sums{};
    for_vectors(0, count, [&](int64_t i, auto vector) {
        Vec value = exp(vector.load(x + i) - shift);
        vector.store(target + i, value);
        if constexpr (std::is_same_v<decltype(vector), PartialVector>) {
            value = select(first_lanes(vector.count), value, zero());
        }
        sums += to_double(value);
    });
    result.sum = reduce_sum(sums);
    return result;
}

CN_INLINE void scale(float* values, int64_t count, float factor) {
    for_vectors(0, count, [=](int64_t i, auto vector) { vector.store(values + i, vector.load(values + i) * factor); });
}

} // namespace compiled::cpu::CN_ISA
