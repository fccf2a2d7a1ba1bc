// Kernels over the positions of a sample: a block has some neighbouring columns of one sample, and a range of its positions.
#pragma once

#include "columns.h"

namespace compiled::cuda {

constexpr int MeanBatchRows = 8; // that a thread sums in float32, before they join a sum in float64

// What a thread has of a sample: line l of a block takes every lines-th position, from the l-th of the block's on.
template <int Width>
struct SampleThread {
    int64_t sample, column;
    int64_t split; // of the positions
    int lines, line;
    bool has_column;

    __device__ SampleThread(const ColumnPlan& plan, int64_t splits)
        : lines(ColumnThreads / plan.lanes), line(static_cast<int>(threadIdx.x) / plan.lanes) {
        unsigned group = blockIdx.x % plan.groups;
        int64_t rest = blockIdx.x / plan.groups;
        split = rest % splits;
        sample = rest / splits;
        column = (static_cast<int64_t>(group) * plan.lanes + (static_cast<int>(threadIdx.x) & (plan.lanes - 1))) * Width;
        has_column = column < plan.columns;
    }

    // Of all threads that have this column the first, in the first block.
    __device__ bool is_first() const { return sample == 0 && split == 0 && line == 0; }
};

// How the positions of a sample are averaged, by one block for each group of its columns.
inline ColumnPlan mean_plan(int64_t positions, int64_t columns, int width) {
    return ColumnPlan(1, positions, columns, width, MeanBatchRows, 1);
}

template <int Width>
struct MeanTotals {
    double values[Width];
};

// The means of values that may exist nowhere else: value(position) gives a pack of them. Every thread of the block calls this.
template <int Width, class Value>
__device__ __forceinline__ void write_position_means(const SampleThread<Width>& thread, const ColumnPlan& plan, const Value& value,
                                                     float* y) {
    MeanTotals<Width> totals{};
    for (int64_t first = thread.line; first < plan.positions && thread.has_column; first += MeanBatchRows * thread.lines) {
        float sums[Width] = {};
        CN_UNROLL
        for (int k = 0; k < MeanBatchRows; ++k) {
            int64_t position = first + static_cast<int64_t>(k) * thread.lines;
            if (position < plan.positions) {
                Pack<Width> values = value(position);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    sums[e] += values.values[e];
                }
            }
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            totals.values[e] += static_cast<double>(sums[e]);
        }
    }
    merge_lines(totals, plan.lanes, [](MeanTotals<Width>& own, const MeanTotals<Width>& other) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            own.values[e] += other.values[e];
        }
    });
    if (thread.line == 0 && thread.has_column) {
        Pack<Width> means;
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            means.values[e] = static_cast<float>(totals.values[e] / static_cast<double>(plan.positions));
        }
        means.store(y + thread.sample * plan.columns + thread.column);
    }
}

} // namespace compiled::cuda
