// Means over the positions of a sample, of values that may exist nowhere else.
#pragma once

#include "folded_rows.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

constexpr int64_t MeanChannels = 128;      // of an item for the threads
constexpr int64_t MeanBlockPositions = 16; // that are summed in float32, before they join a sum in float64

// Of `channels` neighbouring ones, at most MeanChannels. value(position, c, vector) gives those from c on.
template <class Value>
CN_INLINE void write_position_means(int64_t positions, int64_t channels, const Value& value, float* y) {
    alignas(64) float sums[MeanChannels];
    alignas(64) double totals[MeanChannels] = {};
    for (int64_t first = 0; first < positions; first += MeanBlockPositions) {
        std::fill(sums, sums + MeanChannels, 0.0f);
        for_strips(std::min(MeanBlockPositions, positions - first), [&](int64_t begin, auto count) {
            for_vectors(0, channels, [&](int64_t c, auto vector) {
                Vec sum = load(sums + c);
                for (int64_t p = first + begin; p < first + begin + count.value; ++p) {
                    sum = sum + value(p, c, vector);
                }
                store(sums + c, sum);
            });
        });
        for (int64_t c = 0; c < channels; c += Lanes) {
            store_doubles(totals + c, load_doubles(totals + c) + to_double(load(sums + c)));
        }
    }
    for_vectors(0, channels,
                [&](int64_t c, auto vector) { vector.store(y + c, to_float(load_doubles(totals + c) / static_cast<double>(positions))); });
}

} // namespace compiled::cpu::CN_ISA
