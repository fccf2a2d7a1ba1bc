// The moments of the columns of a matrix: by blocks of rows, around the mean of what came before, so that no sum of squares loses its
// digits to a large mean.
#pragma once

#include "common/normalization.h"
#include "folded_rows.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

constexpr int Moments = 2; // per column: mean, sum of squared distances

// The moments of a block of rows and of some columns, around a pivot for each.
struct alignas(64) BlockMoments {
    Columns pivots, sums, squares;

    // Without rows that came before, the pivots are means of the first strip: near enough, however far away it is from what follows.
    CN_INLINE void begin(const float* x, int64_t width, int64_t rows, int64_t columns, int64_t before, const double* means) {
        int64_t first = std::min(rows, StripRows);
        for_vectors(0, columns, [&](int64_t c, auto vector) {
            Vec pivot = zero();
            if (before > 0) {
                pivot = to_float(load_doubles(means + c));
            } else {
                for (int64_t row = 0; row < first; ++row) {
                    pivot = pivot + vector.load(x + row * width + c);
                }
                pivot = pivot / static_cast<float>(first);
            }
            store(pivots + c, pivot);
            store(sums + c, zero());
            store(squares + c, zero());
        });
    }

    CN_INLINE void add(const float* x, int64_t width, int64_t rows, int64_t columns) {
        for_strips(rows, [&](int64_t first, auto count) {
            for_vectors(0, columns, [&](int64_t c, auto vector) {
                Vec pivot = load(pivots + c), sum = load(sums + c), square = load(squares + c);
                for (int64_t row = first; row < first + count.value; ++row) {
                    Vec distance = vector.load(x + row * width + c) - pivot;
                    sum = sum + distance;
                    square = fma(distance, distance, square);
                }
                store(sums + c, sum);
                store(squares + c, square);
            });
        });
    }

    // Adds them to the moments of `before` rows.
    CN_INLINE void end(int64_t rows, int64_t columns, int64_t before, double* means, double* all_squares) const {
        auto count = static_cast<double>(rows);
        for (int64_t c = 0; c < columns; c += Lanes) {
            DoubleVec offset = to_double(load(sums + c)) / count;
            DoubleVec own_mean = to_double(load(pivots + c)) + offset;
            DoubleVec own_squares = to_double(load(squares + c)) - offset * offset * count;
            DoubleVec mean{}, squared{};
            if (before > 0) {
                mean = load_doubles(means + c);
                squared = load_doubles(all_squares + c);
            }
            merge_moments(static_cast<double>(before), mean, squared, count, own_mean, own_squares);
            store_doubles(means + c, mean);
            store_doubles(all_squares + c, squared);
        }
    }
};

// Of `rows` rows, at most FoldedShape::ColumnBlock columns; `means` and `squares` have whole vectors. Out of line: one copy for all kernels
// of an instruction set.
inline __attribute__((noinline)) void find_moments(const float* x, int64_t width, int64_t rows, int64_t columns, double* means,
                                                   double* squares) {
    BlockMoments block;
    for (int64_t row = 0; row < rows; row += FoldedBlockRows) {
        int64_t count = std::min(FoldedBlockRows, rows - row);
        block.begin(x + row * width, width, count, columns, row, means);
        block.add(x + row * width, width, count, columns);
        block.end(count, columns, row, means, squares);
    }
}

// The moments of a vector of columns, from `count` parts of rows_of(part) rows in their order. A part has an array of `stride` means, then
// one of squares.
template <class RowsOf>
CN_INLINE void merge_parts(const double* parts, int64_t count, int64_t stride, const RowsOf& rows_of, DoubleVec& mean, DoubleVec& squares) {
    int64_t before = 0;
    for (int64_t part = 0; part < count; ++part) {
        const double* means = parts + part * Moments * stride;
        int64_t rows = rows_of(part);
        merge_moments(static_cast<double>(before), mean, squares, static_cast<double>(rows), load_doubles(means),
                      load_doubles(means + stride));
        before += rows;
    }
}

} // namespace compiled::cpu::CN_ISA
