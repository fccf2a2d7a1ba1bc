// The threads that work on one row of floats together: a few lanes of a warp, as many as fit the row, or for long rows a whole block.
// Every element belongs to one thread, so a row may be overwritten in place once `synchronize` tells that all of it has been read.
#pragma once

#include "reduce.h"

#include <cstdint>

namespace compiled::cuda {

constexpr int RowThreads = 256; // of a block
constexpr int64_t LongRow = 256;

// `Whole`: the block; else `size` neighbouring lanes, a power of two.
template <bool Whole>
class RowGroup {
public:
    __device__ explicit RowGroup(int size) : _size(Whole ? RowThreads : size) {}

    // Of the group in its block, and of the thread in its group.
    __device__ int index() const { return static_cast<int>(threadIdx.x) / _size; }
    __device__ int rank() const { return static_cast<int>(threadIdx.x) & (_size - 1); }

    // Calls body(i) for this thread's elements of a row.
    template <class Body>
    __device__ void for_own(int64_t count, const Body& body) const {
        for (int64_t i = rank(); i < count; i += _size) {
            body(i);
        }
    }

    // Of one value per thread; all get the result. combine(a, b) is commutative.
    template <class T, class Combine>
    __device__ T reduce(T value, const Combine& combine) const {
        if constexpr (Whole) {
            return reduce_block<RowThreads>(value, combine);
        } else {
            return reduce_lanes(mask(), _size, value, combine);
        }
    }

    __device__ double sum(double value) const {
        return reduce(value, [](double a, double b) { return a + b; });
    }
    // NaN does not count.
    __device__ float maximum(float value) const {
        return reduce(value, [](float a, float b) { return fmaxf(a, b); });
    }

    __device__ void synchronize() const {
        if constexpr (Whole) {
            __syncthreads();
        } else {
            __syncwarp(mask());
        }
    }

private:
    __device__ unsigned mask() const {
        unsigned lane = threadIdx.x % WarpLanes;
        return (AllLanes >> (WarpLanes - _size)) << (lane & ~static_cast<unsigned>(_size - 1));
    }

    int _size;
};

// How many threads a row of `count` floats gets.
inline int row_group_size(int64_t count) {
    if (count > LongRow) {
        return RowThreads;
    }
    int lanes = 1;
    while (lanes < WarpLanes && lanes < count) {
        lanes *= 2;
    }
    return lanes;
}

// The first of the largest elements, the same to all threads of the group; all have read the row when it returns. Nothing is greater than
// a NaN in front; others are passed over.
template <class Group>
__device__ int64_t first_maximum(const Group& group, const float* values, int64_t count) {
    float largest = values[0];
    int64_t at = 0;
    group.for_own(count, [&](int64_t i) {
        if (values[i] > largest) {
            largest = values[i];
            at = i;
        }
    });
    float overall = group.maximum(largest);
    int64_t candidate = largest == overall ? at : INT64_MAX;
    candidate = group.reduce(candidate, [](int64_t a, int64_t b) { return a < b ? a : b; });
    group.synchronize();
    return candidate == INT64_MAX ? 0 : candidate;
}

struct SoftmaxSum {
    float maximum;
    double sum; // of exp(x - maximum), at least 1 for finite x
};

template <class Group>
__device__ SoftmaxSum softmax_sum(const Group& group, const float* x, int64_t count) {
    float largest = -INFINITY;
    group.for_own(count, [&](int64_t i) { largest = fmaxf(largest, x[i]); });
    largest = group.maximum(largest);
    double sum = 0.0;
    group.for_own(count, [&](int64_t i) { sum += static_cast<double>(expf(x[i] - largest)); });
    return {largest, group.sum(sum)};
}

} // namespace compiled::cuda
