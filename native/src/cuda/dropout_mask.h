// The mask of a dropout (compiled.h, "Dropout"), by Philox blocks of four elements.
#pragma once

#include "common/dropout.h"
#include "common/philox.h"
#include "compiled.h"
#include "cuda.h"

namespace compiled::cuda {

// Made on the host, given to kernels.
struct DropoutPlan {
    DropoutRule rule;
    uint32_t stream;
};

inline DropoutPlan dropout_plan(float rate, uint32_t stream) {
    return {dropout_rule(rate), stream};
}

// At the update that `state` stands at.
class DropoutMask {
public:
    __device__ DropoutMask(const DropoutPlan& plan, const cn_state* state)
        : _rule(plan.rule), _stream(plan.stream), _seed(state->seed), _step(state->step) {}

    // The words of the elements 4 * index to 4 * index + 3.
    __device__ PhiloxBlock draw(int64_t index) const { return philox_stream_block(_seed, _step, _stream, static_cast<uint64_t>(index)); }

    // Some neighbouring elements, at most 4, from element `first` on.
    template <int Count>
    __device__ void apply(int64_t first, float (&values)[Count]) const {
        static_assert(Count <= 4, "two draws at most");
        int64_t index = first / 4;
        int word = static_cast<int>(first % 4);
        PhiloxBlock block = draw(index);
        for (int e = 0; e < Count; ++e, ++word) {
            if (word == 4) {
                block = draw(index + 1);
                word = 0;
            }
            uint32_t low = word % 2 == 0 ? block.words[0] : block.words[1], high = word % 2 == 0 ? block.words[2] : block.words[3];
            values[e] = apply(word < 2 ? low : high, values[e]);
        }
    }

    // The same, and the codes of those that are dropped become `dropped`.
    template <int Count>
    __device__ void apply(int64_t first, float (&values)[Count], int (&codes)[Count], int dropped) const {
        float kept[Count];
        CN_UNROLL
        for (float& each : kept) {
            each = 1.0f;
        }
        apply(first, kept);
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            values[e] = kept[e] != 0.0f ? values[e] * kept[e] : 0.0f;
            codes[e] = kept[e] != 0.0f ? codes[e] : dropped;
        }
    }

    // A dropped element becomes 0 whatever it was: 0 times infinity would be NaN.
    __device__ float apply(uint32_t word, float value) const { return dropout_keeps(_rule, word) ? value * _rule.scale : 0.0f; }

private:
    DropoutRule _rule;
    uint32_t _stream;
    uint64_t _seed;
    uint64_t _step;
};

} // namespace compiled::cuda
