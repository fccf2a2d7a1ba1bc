// Weighted sums of rectangles of memory, what the gradients of a convolution are made of when most gradients of its pixels are zero:
//
//   target[r * target_row + n] += sum over entries of weight * source[offset + r * source_row + n]
//
// for `rows` rows of `vectors` vectors. A block of the target stays in registers while the entries go by, in their order: so the
// result does not depend on the blocks.
#pragma once

#include "simd.h"

namespace compiled::cpu::CN_ISA {

struct GatherEntry {
    int32_t offset; // floats
    float weight;
};

struct GatherList {
    const GatherEntry* first;
    int64_t count;
};

// As many sums as registers allow beside a weight: a window of 3×3 pixels takes one block per 6 or 4 vectors of a row.
constexpr int GatherRows = 3;
constexpr int GatherVectors = CN_LANES == 16 ? 6 : 4;

template <int Rows, int Vectors>
void gather_block(GatherList entries, const float* source, int64_t source_row, float* target, int64_t target_row) {
    Vec sum[Rows][Vectors];
    for (int r = 0; r < Rows; ++r) {
        for (int v = 0; v < Vectors; ++v) {
            sum[r][v] = load(target + r * target_row + v * Lanes);
        }
    }
    for (int64_t e = 0; e < entries.count; ++e) {
        Vec weight = broadcast(entries.first[e].weight);
        const float* at = source + entries.first[e].offset;
        for (int r = 0; r < Rows; ++r) {
            for (int v = 0; v < Vectors; ++v) {
                sum[r][v] = fma(weight, load(at + r * source_row + v * Lanes), sum[r][v]);
            }
        }
    }
    for (int r = 0; r < Rows; ++r) {
        for (int v = 0; v < Vectors; ++v) {
            store(target + r * target_row + v * Lanes, sum[r][v]);
        }
    }
}

template <int Rows, int Vectors>
CN_INLINE void dispatch_gather(int64_t rows, int64_t vectors, GatherList entries, const float* source, int64_t source_row, float* target,
                               int64_t target_row) {
    if constexpr (Rows > 0 && Vectors > 0) {
        if (rows < Rows) {
            dispatch_gather<Rows - 1, Vectors>(rows, vectors, entries, source, source_row, target, target_row);
        } else if (vectors < Vectors) {
            dispatch_gather<Rows, Vectors - 1>(rows, vectors, entries, source, source_row, target, target_row);
        } else {
            gather_block<Rows, Vectors>(entries, source, source_row, target, target_row);
        }
    }
}

CN_INLINE void accumulate_gathered(GatherList entries, const float* source, int64_t source_row, int64_t rows, int64_t vectors,
                                   float* target, int64_t target_row) {
    int64_t blocks = (vectors + GatherVectors - 1) / GatherVectors;
    for (int64_t row = 0; row < rows; row += GatherRows) {
        int64_t count = rows - row < GatherRows ? rows - row : GatherRows;
        for (int64_t block = 0; block < blocks; ++block) {
            int64_t begin = vectors * block / blocks;
            int64_t end = vectors * (block + 1) / blocks;
            dispatch_gather<GatherRows, GatherVectors>(count, end - begin, entries, source + row * source_row + begin * Lanes, source_row,
                                                       target + row * target_row + begin * Lanes, target_row);
        }
    }
}

} // namespace compiled::cpu::CN_ISA
