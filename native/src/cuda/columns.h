// Kernels over the columns of a matrix of `positions` rows for each sample: a block has some neighbouring columns and a range of rows. Its
// threads stand in lines of `lanes`, each thread with a pack of columns; line l takes every lines-th row, from the l-th on.
#pragma once

#include "elementwise.h"
#include "ticket.h"

#include <algorithm>

namespace compiled::cuda {

constexpr int ColumnThreads = 256;
constexpr int64_t MostColumnLanes = 32;

struct ColumnPlan {
    int64_t positions, columns;
    int64_t rows_of_block;
    unsigned groups; // of columns: blocks side by side
    int lanes;       // a power of two

    // `rows_of_line` rows at least for each line of a block, and `most_blocks` or a few more blocks.
    ColumnPlan(int64_t batch, int64_t positions_, int64_t columns_, int width, int64_t rows_of_line, int64_t most_blocks)
        : positions(positions_), columns(columns_), lanes(1) {
        while (lanes < MostColumnLanes && lanes * width < columns) {
            lanes *= 2;
        }
        groups = static_cast<unsigned>((columns + lanes * width - 1) / (lanes * width));
        int64_t rows = batch * positions, step = lines() * rows_of_line;
        int64_t splits = std::clamp<int64_t>((rows + step - 1) / step, 1, std::max<int64_t>(1, most_blocks / groups));
        rows_of_block = ((rows + splits - 1) / splits + step - 1) / step * step;
    }

    int lines() const { return ColumnThreads / lanes; }
    int64_t splits(int64_t batch) const { return (batch * positions + rows_of_block - 1) / rows_of_block; }
    Grid grid(int64_t batch) const { return Grid(static_cast<unsigned>(splits(batch) * groups)); }
};

template <int Width>
class ColumnThread {
public:
    __device__ ColumnThread(const ColumnPlan& plan, const cn_state* state)
        : group(blockIdx.x % plan.groups), split(blockIdx.x / plan.groups), lines(ColumnThreads / plan.lanes),
          line(static_cast<int>(threadIdx.x) / plan.lanes), rows(state->rows * plan.positions), _first(split * plan.rows_of_block),
          _last(rows - _first < plan.rows_of_block ? rows : _first + plan.rows_of_block) {
        column = (static_cast<int64_t>(group) * plan.lanes + (static_cast<int>(threadIdx.x) & (plan.lanes - 1))) * Width;
        has_column = column < plan.columns;
    }

    // The same for all threads of a block.
    __device__ bool has_rows() const { return _first < rows; }
    __device__ int64_t first_row() const { return _first + line; }
    __device__ int64_t last_row() const { return _last; }

    // Of all threads that have this column the first, in the first block.
    __device__ bool is_first() const { return split == 0 && line == 0; }

    unsigned group, split;
    int lines, line;
    int64_t rows;   // of the whole matrix
    int64_t column; // the first one
    bool has_column;

private:
    int64_t _first, _last;
};

// Merges what the lines of a block know of their columns, in a fixed order; the first line gets it. Every thread calls this.
template <class Known, class Merge>
__device__ __forceinline__ void merge_lines(Known& own, int lanes, const Merge& merge) {
    CN_SHARED(others, Known[ColumnThreads]);
    int line = static_cast<int>(threadIdx.x) / lanes;
    for (int distance = ColumnThreads / lanes / 2; distance > 0; distance /= 2) {
        __syncthreads(); // what is there from the last time has been read
        if (line >= distance && line < 2 * distance) {
            others[threadIdx.x] = own;
        }
        __syncthreads();
        if (line < distance) {
            merge(own, others[threadIdx.x + distance * lanes]);
        }
    }
}

} // namespace compiled::cuda
