// The mask of a dropout, drawn Lanes Philox blocks (4 * Lanes elements) at a time. Equal to common/philox.h bit for bit.
#pragma once

#include "common/dropout.h"
#include "common/philox.h"
#include "compiled.h"
#include "simd.h"

#include <utility>

namespace compiled::cpu::CN_ISA {

namespace detail {

// a0 b0 a1 b1 ... of the lower or of the upper halves.
template <bool Upper, int... I>
CN_INLINE UInt64Vec zip(UInt64Vec a, UInt64Vec b, std::integer_sequence<int, I...>) {
    constexpr int Count = CN_LANES / 2;
    constexpr int Start = Upper ? Count / 2 : 0;
    return __builtin_shufflevector(a, b, (Start + I / 2 + I % 2 * Count)...);
}

template <bool Upper>
CN_INLINE UInt64Vec zip(UInt64Vec a, UInt64Vec b) {
    return zip<Upper>(a, b, std::make_integer_sequence<int, CN_LANES / 2>{});
}

} // namespace detail

class DropoutMask {
public:
    static constexpr int64_t DrawElements = 4 * Lanes;

    // One stream at the update that `state` stands at. `rate` is in [0, 1).
    CN_INLINE DropoutMask(const cn_state& state, uint32_t stream, float rate)
        : _rule(dropout_rule(rate)), _seed(state.seed), _step(state.step), _stream(stream) {
        for (uint32_t round = 0; round < philox::Rounds; ++round) {
            _keys[round][0] = static_cast<uint32_t>(_seed) + round * philox::Weyl0;
            _keys[round][1] = static_cast<uint32_t>(_seed >> 32) + round * philox::Weyl1;
        }
    }

    CN_INLINE float scale() const { return _rule.scale; }

    // Whether the elements first to first + 4 * Lanes - 1 are kept: all bits set or none. `first` is a multiple of 4.
    CN_INLINE void draw(int64_t first, IntVec (&kept)[4]) const {
        UIntVec words[4];
        draw(first, words);
        for (int part = 0; part < 4; ++part) {
            kept[part] = bit_cast<IntVec>(words[part] >> 8) >= static_cast<int32_t>(_rule.threshold);
        }
    }

    // The random words of these elements, in their order.
    CN_INLINE void draw(int64_t first, UIntVec (&drawn)[4]) const {
        // One block in each 64-bit lane, of which only the lower halves count: the products then need no shuffling. Two such vectors side
        // by side, as one alone would wait for its multiplications.
        UInt64Vec words[2][4];
        UInt64Vec block = UInt64Vec{} + static_cast<uint64_t>(first) / 4;
        for (int half = 0; half < 2; ++half) {
            for (int lane = 0; lane < CN_LANES / 2; ++lane) {
                words[half][0][lane] = static_cast<uint64_t>(half * (CN_LANES / 2) + lane);
            }
            words[half][0] += block;
            words[half][1] = words[half][0] >> 32;
            words[half][2] = UInt64Vec{} + philox_step_word(_step);
            words[half][3] = UInt64Vec{} + philox_stream_word(_step, _stream);
        }
        for (int round = 0; round < philox::Rounds; ++round) {
            for (auto& word : words) {
                UInt64Vec product0 = multiply_even(bit_cast<UIntVec>(word[0]), philox::Multiplier0);
                UInt64Vec product1 = multiply_even(bit_cast<UIntVec>(word[2]), philox::Multiplier1);
                word[0] = (product1 >> 32) ^ word[1] ^ _keys[round][0];
                word[1] = product1;
                word[2] = (product0 >> 32) ^ word[3] ^ _keys[round][1];
                word[3] = product0;
            }
        }
        for (int half = 0; half < 2; ++half) {
            UInt64Vec front = (words[half][0] & 0xFFFFFFFFull) | (words[half][1] << 32);
            UInt64Vec back = (words[half][2] & 0xFFFFFFFFull) | (words[half][3] << 32);
            drawn[2 * half] = bit_cast<UIntVec>(detail::zip<false>(front, back));
            drawn[2 * half + 1] = bit_cast<UIntVec>(detail::zip<true>(front, back));
        }
    }

    // The same as multipliers: 0 or the scale.
    CN_INLINE void draw(int64_t first, Vec (&multipliers)[4]) const {
        IntVec kept[4];
        draw(first, kept);
        for (int part = 0; part < 4; ++part) {
            multipliers[part] = bit_cast<Vec>(kept[part] & bit_cast<IntVec>(broadcast(_rule.scale)));
        }
    }

    // The multipliers of any run of elements, also one that begins or ends within a block.
    void fill(int64_t first, int64_t count, float* multipliers) const {
        int64_t lead = (4 - first % 4) % 4;
        lead = lead < count ? lead : count;
        for (int64_t i = 0; i < lead; ++i) {
            multipliers[i] = one(first + i);
        }
        Vec drawn[4];
        int64_t i = lead;
        for (; i + DrawElements <= count; i += DrawElements) {
            draw(first + i, drawn);
            for (int part = 0; part < 4; ++part) {
                store(multipliers + i + part * Lanes, drawn[part]);
            }
        }
        if (i < count) {
            draw(first + i, drawn);
            for (int part = 0; part < 4; ++part) {
                int64_t left = count - i - part * Lanes;
                if (left > 0) {
                    store_partial(multipliers + i + part * Lanes, left < Lanes ? left : Lanes, drawn[part]);
                }
            }
        }
    }

private:
    CN_INLINE float one(int64_t element) const {
        PhiloxBlock block = philox_stream_block(_seed, _step, _stream, static_cast<uint64_t>(element) / 4);
        return dropout_multiplier(_rule, block.words[element % 4]);
    }

    DropoutRule _rule;
    uint64_t _seed;
    uint64_t _step;
    uint32_t _stream;
    uint64_t _keys[philox::Rounds][2]; // in memory, where each round broadcasts them from for the price of a load
};

} // namespace compiled::cpu::CN_ISA
