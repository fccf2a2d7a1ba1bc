// Max pooling of a band of a convolution that stays in scratch memory, with dropout; and the way back.
#pragma once

#include "common/max_pooling.h"
#include "conv2d_shape.h"

namespace compiled::cpu::CN_ISA {

// The code of an output element that passes no gradient on.
constexpr int32_t NoGradient = 255;

struct PooledBand {
    const Conv2DShape& shape;
    Band band;
    const float* conv;
    float* y;
    uint8_t* codes; // null: nothing is saved

    // `multipliers` has one float per output element, null without dropout.
    void run(const float* multipliers) const {
        if (codes == nullptr) {
            rows<false, false>(nullptr);
        } else if (multipliers == nullptr) {
            rows<true, false>(nullptr);
        } else {
            rows<true, true>(multipliers);
        }
    }

private:
    template <bool Save, bool Dropout>
    void rows(const float* multipliers) const {
        const cn_conv2d_desc& d = shape.desc;
        const cn_window& w = d.pool;
        int64_t at = 0;
        for (int64_t oy = band.begin; oy < band.end; ++oy) {
            int64_t top = oy * w.stride_height - w.pad_top;
            int64_t first_row = std::max<int64_t>(0, -top);
            int64_t last_row = std::min(w.height, d.conv_height - top);
            for (int64_t ox = 0; ox < d.output_width; ++ox) {
                int64_t left = ox * w.stride_width - w.pad_left;
                int64_t first_column = std::max<int64_t>(0, -left);
                int64_t last_column = std::min(w.width, d.conv_width - left);
                const float* corner = conv + ((top - band.conv_begin) * d.conv_width + left) * d.filters;
                for (int64_t c = 0; c < d.filters; c += Lanes) {
                    int64_t count = std::min(Lanes, d.filters - c);
                    Vec best = load_upto(corner + (first_row * d.conv_width + first_column) * d.filters + c, count);
                    IntVec code = broadcast_int(static_cast<int32_t>(first_row * w.width + first_column));
                    for (int64_t ky = first_row; ky < last_row; ++ky) {
                        for (int64_t kx = first_column; kx < last_column; ++kx) {
                            Vec candidate = load_upto(corner + (ky * d.conv_width + kx) * d.filters + c, count);
                            IntVec takes = max_pooling_takes(candidate, best);
                            best = select(takes, candidate, best);
                            code = takes ? broadcast_int(static_cast<int32_t>(ky * w.width + kx)) : code;
                        }
                    }
                    finish<Save, Dropout>(best, code, at + c, count, multipliers);
                }
                at += d.filters;
            }
        }
    }

    template <bool Save, bool Dropout>
    CN_INLINE void finish(Vec best, IntVec code, int64_t at, int64_t count, const float* multipliers) const {
        if constexpr (Save) {
            if (shape.desc.activation == CN_ACTIVATION_RELU) {
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
