// The gradient of what a stage averaged over the positions of a sample: for any run of positions, without a tensor of their size.
#pragma once

#include "elementwise.h"
#include "pooled_row.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

struct AveragedGradient {
    int64_t positions, channels; // of a sample
    const uint8_t* codes;        // of each element that was averaged: NoGradient lets nothing through; null: all pass
    const float* dy;             // [samples, channels]

    // For the positions [first, first + count) of all samples and the channels [begin, end): end - begin floats for each position.
    void fill(int64_t first, int64_t count, int64_t begin, int64_t end, float* target) const {
        auto divisor = static_cast<float>(positions);
        for (int64_t position = first; position < first + count; ++position, target += end - begin) {
            const float* from = dy + position / positions * channels;
            const uint8_t* own = codes == nullptr ? nullptr : codes + position * channels;
            for (int64_t c = begin; c < end; c += Lanes) {
                int64_t lanes = std::min(Lanes, end - c);
                Vec share = load_upto(from + c, lanes) / divisor;
                if (own != nullptr) {
                    IntVec code = lanes == Lanes ? load_bytes(own + c) : load_bytes_partial(own + c, lanes);
                    share = select(code == NoGradient, zero(), share);
                }
                store_upto(target + c - begin, lanes, share);
            }
        }
    }
};

} // namespace compiled::cpu::CN_ISA
