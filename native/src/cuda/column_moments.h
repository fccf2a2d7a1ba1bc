// The moments of the columns of a matrix, which a batch normalization needs.
#pragma once

#include "common/normalization.h"

#include "columns.h"

namespace compiled::cuda {

constexpr int64_t MostBlocks = 1024; // that sum
constexpr int BatchRows = 8;         // that a thread takes together
constexpr int Moments = 2;           // per column: mean, sum of squared distances

template <int Width>
struct ColumnMoments {
    double count;
    double means[Width], squares[Width];

    __device__ void merge(const ColumnMoments& other) {
        if (other.count > 0.0) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                merge_moments(count, means[e], squares[e], other.count, other.means[e], other.squares[e]);
            }
            count += other.count;
        }
    }
};

// Of a thread's rows. By batches, all in float32: relative to the mean of the first batch, a pivot, even a large mean leaves small numbers.
template <int Width>
__device__ __forceinline__ ColumnMoments<Width> own_moments(const ColumnThread<Width>& thread, const float* x, int64_t columns) {
    float pivots[Width] = {}, offsets[Width] = {}, squares[Width] = {};
    int64_t count = 0;
    for (int64_t row = thread.first_row(); row < thread.last_row() && thread.has_column; row += BatchRows * thread.lines) {
        int64_t left = (thread.last_row() - row + thread.lines - 1) / thread.lines;
        int valid = left < BatchRows ? static_cast<int>(left) : BatchRows;
        Pack<Width> values[BatchRows] = {};
        CN_UNROLL
        for (int k = 0; k < BatchRows; ++k) {
            if (k < valid) {
                values[k] = Pack<Width>::load(x + (row + static_cast<int64_t>(k) * thread.lines) * columns + thread.column);
            }
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            auto more = static_cast<float>(valid);
            float sum = 0.0f, square = 0.0f;
            if (count == 0) {
                CN_UNROLL
                for (int k = 0; k < BatchRows; ++k) {
                    sum += values[k].values[e];
                }
                pivots[e] = sum / more;
                sum = 0.0f;
            }
            CN_UNROLL
            for (int k = 0; k < BatchRows; ++k) {
                sum += k < valid ? values[k].values[e] - pivots[e] : 0.0f;
            }
            float offset = sum / more;
            CN_UNROLL
            for (int k = 0; k < BatchRows; ++k) {
                float distance = k < valid ? values[k].values[e] - pivots[e] - offset : 0.0f;
                square += distance * distance;
            }
            merge_moments(static_cast<float>(count), offsets[e], squares[e], more, offset, square);
        }
        count += valid;
    }
    ColumnMoments<Width> moments;
    moments.count = static_cast<double>(count);
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        moments.means[e] = static_cast<double>(pivots[e]) + static_cast<double>(offsets[e]);
        moments.squares[e] = static_cast<double>(squares[e]);
    }
    return moments;
}

// Every thread calls it; true for those of the last block that have the moments of their columns. `partials` has Moments arrays of columns
// for each range of rows.
template <int Width>
__device__ __forceinline__ bool find_moments(const ColumnThread<Width>& thread, const ColumnPlan& plan, const float* x, double* partials,
                                             unsigned* tickets, ColumnMoments<Width>& moments) {
    if (!thread.has_rows()) {
        return false;
    }
    auto merge = [](ColumnMoments<Width>& own, const ColumnMoments<Width>& other) { own.merge(other); };
    moments = own_moments<Width>(thread, x, plan.columns);
    merge_lines(moments, plan.lanes, merge);
    if (thread.line == 0 && thread.has_column) {
        double* own = partials + static_cast<int64_t>(thread.split) * Moments * plan.columns + thread.column;
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            own[e] = moments.means[e];
            own[plan.columns + e] = moments.squares[e];
        }
    }
    auto splits = static_cast<unsigned>((thread.rows + plan.rows_of_block - 1) / plan.rows_of_block);
    if (!is_last_block(tickets + thread.group, splits)) {
        return false;
    }
    moments = {};
    for (unsigned split = thread.line; split < splits && thread.has_column; split += thread.lines) {
        const double* of_split = partials + static_cast<int64_t>(split) * Moments * plan.columns + thread.column;
        int64_t left = thread.rows - split * plan.rows_of_block;
        ColumnMoments<Width> other;
        other.count = static_cast<double>(left < plan.rows_of_block ? left : plan.rows_of_block);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            other.means[e] = of_split[e];
            other.squares[e] = of_split[plan.columns + e];
        }
        moments.merge(other);
    }
    merge_lines(moments, plan.lanes, merge);
    return thread.line == 0 && thread.has_column;
}

} // namespace compiled::cuda
