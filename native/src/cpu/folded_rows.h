// Matrices of which columns are summed. Where there are few columns some rows count as one wide row, so that vectors are full: column
// r * channels + c of a wide row is channel c of its r-th row.
#pragma once

#include "elementwise.h"

#include <type_traits>

namespace compiled::cpu::CN_ISA {

// What is summed in float32 before it joins a sum in float64: short enough for the rounding, long enough for the speed.
constexpr int64_t FoldedBlockRows = 64;

struct FoldedShape {
    static constexpr int64_t WideRow = 64;
    static constexpr int64_t MostLanes = 16;
    static constexpr int64_t ColumnBlock = 512; // of an item for the threads

    int64_t channels;
    int64_t fold;       // rows in a wide row
    int64_t width;      // columns of a wide row
    int64_t stride;     // of arrays with an element for each column, which may be read and written by whole vectors
    int64_t chunk_rows; // wide rows of an item for the threads, a multiple of FoldedBlockRows

    explicit FoldedShape(int64_t channels_)
        : channels(channels_), fold(channels < WideRow ? WideRow / channels : 1), width(fold * channels),
          stride((width + MostLanes - 1) / MostLanes * MostLanes),
          chunk_rows(width < ChunkElements / FoldedBlockRows ? ChunkElements / width / FoldedBlockRows * FoldedBlockRows
                                                             : FoldedBlockRows) {}

    int64_t chunks(int64_t wide_rows) const { return (wide_rows + chunk_rows - 1) / chunk_rows; }
    int64_t column_blocks() const { return (width + ColumnBlock - 1) / ColumnBlock; }
};

// A range of wide rows and of their columns.
struct FoldedItem {
    int64_t chunk;
    int64_t first_row, last_row;
    int64_t first_column, last_column;
};

// body(item, thread) for all items of `wide_rows` rows.
template <class Body>
CN_INLINE void for_folded_items(Context& context, const FoldedShape& shape, int64_t wide_rows, const Body& body) {
    int64_t blocks = shape.column_blocks();
    context.parallel_for(shape.chunks(wide_rows) * blocks, [&](int64_t index, int thread) {
        FoldedItem item{};
        item.chunk = index / blocks;
        item.first_row = item.chunk * shape.chunk_rows;
        item.last_row = wide_rows - item.first_row < shape.chunk_rows ? wide_rows : item.first_row + shape.chunk_rows;
        item.first_column = index % blocks * FoldedShape::ColumnBlock;
        item.last_column =
            shape.width - item.first_column < FoldedShape::ColumnBlock ? shape.width : item.first_column + FoldedShape::ColumnBlock;
        body(item, thread);
    });
}

// Rows are read in strips, in the order of memory as nearly as can be: whoever reads one group of columns down a block of rows, and then
// the next, waits for memory in between. The sums of a block stay in the first cache.
constexpr int64_t StripRows = 4;

using Columns = float[FoldedShape::ColumnBlock];

// body(row, count) for strips of `rows` rows: `count`, an integral constant, is StripRows or 1.
template <class Body>
CN_INLINE void for_strips(int64_t rows, const Body& body) {
    int64_t row = 0;
    for (; row + StripRows <= rows; row += StripRows) {
        body(row, std::integral_constant<int64_t, StripRows>{});
    }
    for (; row < rows; ++row) {
        body(row, std::integral_constant<int64_t, 1>{});
    }
}

CN_INLINE DoubleVec load_doubles(const double* source) {
    DoubleVec value;
    std::memcpy(&value, source, sizeof(value));
    return value;
}

CN_INLINE void store_doubles(double* target, DoubleVec value) {
    std::memcpy(target, &value, sizeof(value));
}

CN_INLINE Vec to_float(DoubleVec x) {
    return __builtin_convertvector(x, Vec);
}

// What has been found for the channels, [channels], becomes [width].
CN_INLINE void repeat(const FoldedShape& shape, float* values) {
    for (int64_t r = 1; r < shape.fold; ++r) {
        std::memcpy(values + r * shape.channels, values, static_cast<size_t>(shape.channels) * sizeof(float));
    }
}

} // namespace compiled::cpu::CN_ISA
