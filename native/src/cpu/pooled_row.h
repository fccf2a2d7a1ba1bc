// Max pooling at the end of a stage, with dropout: rows of the output, from values that exist nowhere else.
#pragma once

#include "common/max_pooling.h"
#include "common/pooling_window.h"
#include "compiled.h"
#include "tile_kernel.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

// The code of an output element that passes no gradient on.
constexpr int32_t NoGradient = 255;

struct PooledRow {
    const cn_window& window;
    int64_t height, width, channels; // of the images that are pooled
    int64_t output_width;
    bool is_relu; // they end in one: no gradient passes below 0

    // Row `oy` of an image. value(position, c, count) gives the activated values of `count` channels from c on; positions are numbered by
    // row. `multipliers` has one float per output element, null without dropout; with `codes` null nothing is saved, and nothing dropped.
    template <class Value>
    CN_INLINE void write(int64_t oy, const Value& value, float* y, uint8_t* codes, const float* multipliers) const {
        if (codes == nullptr) {
            run<false, false>(oy, value, y, nullptr, nullptr);
        } else if (multipliers == nullptr) {
            run<true, false>(oy, value, y, codes, nullptr);
        } else {
            run<true, true>(oy, value, y, codes, multipliers);
        }
    }

private:
    template <bool Save, bool Dropout, class Value>
    void run(int64_t oy, const Value& value, float* y, uint8_t* codes, const float* multipliers) const {
        PoolingCells rows(oy, window.stride_height, window.pad_top, window.height, height);
        for (int64_t ox = 0; ox < output_width; ++ox) {
            PoolingCells columns(ox, window.stride_width, window.pad_left, window.width, width);
            int64_t corner = rows.origin * width + columns.origin;
            for (int64_t c = 0; c < channels; c += Lanes) {
                int64_t count = std::min(Lanes, channels - c);
                Vec best = value(corner + rows.first * width + columns.first, c, count);
                IntVec code = broadcast_int(static_cast<int32_t>(rows.first * window.width + columns.first));
                for (int64_t ky = rows.first; ky < rows.last; ++ky) {
                    for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                        Vec candidate = value(corner + ky * width + kx, c, count);
                        IntVec takes = max_pooling_takes(candidate, best);
                        best = select(takes, candidate, best);
                        code = takes ? broadcast_int(static_cast<int32_t>(ky * window.width + kx)) : code;
                    }
                }
                int64_t at = ox * channels + c;
                finish<Save, Dropout>(best, code, at, count, y, codes, multipliers);
            }
        }
    }

    template <bool Save, bool Dropout>
    CN_INLINE void finish(Vec best, IntVec code, int64_t at, int64_t count, float* y, uint8_t* codes, const float* multipliers) const {
        if constexpr (Save) {
            if (is_relu) {
                code = best <= 0.0f ? broadcast_int(NoGradient) : code;
            }
            if constexpr (Dropout) {
                Vec multiplier = load_upto(multipliers + at, count);
                IntVec kept = multiplier != 0.0f;
                best = select(kept, best * multiplier, zero());
                code = kept ? code : broadcast_int(NoGradient);
            }
            if (count == Lanes) {
                store_bytes(codes + at, code);
            } else {
                store_bytes_partial(codes + at, count, code);
            }
        }
        store_upto(y + at, count, best);
    }
};

} // namespace compiled::cpu::CN_ISA
