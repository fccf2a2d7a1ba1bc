// Reductions over the threads of a warp and of a block, which has one dimension. Their order depends on the number of threads alone.
#pragma once

#include "cuda.h"

namespace compiled::cuda {

constexpr int WarpLanes = 32;
constexpr unsigned AllLanes = 0xFFFFFFFFu;

// Over each group of `lanes` neighbouring lanes, a power of two; all of a group get the result. `mask` has the lanes that call this, whole
// groups. combine(a, b) is commutative; T has 4 or 8 bytes.
template <class T, class Combine>
__device__ __forceinline__ T reduce_lanes(unsigned mask, int lanes, T value, const Combine& combine) {
    for (int distance = lanes / 2; distance > 0; distance /= 2) {
        value = combine(value, __shfl_xor_sync(mask, value, distance));
    }
    return value;
}

// Over the block; all of its threads get the result.
template <int Threads, class T, class Combine>
__device__ __forceinline__ T reduce_block(T value, const Combine& combine) {
    constexpr int Warps = Threads / WarpLanes;
    static_assert(Threads % WarpLanes == 0, "whole warps");
    CN_SHARED(of_warps, T[Warps]);
    value = reduce_lanes(AllLanes, WarpLanes, value, combine);
    __syncthreads(); // what is there from the last time has been read
    if (threadIdx.x % WarpLanes == 0) {
        of_warps[threadIdx.x / WarpLanes] = value;
    }
    __syncthreads();
    value = of_warps[0];
    for (int warp = 1; warp < Warps; ++warp) {
        value = combine(value, of_warps[warp]);
    }
    return value;
}

template <class T>
__device__ __forceinline__ T warp_sum(T value) {
    return reduce_lanes(AllLanes, WarpLanes, value, [](T a, T b) { return a + b; });
}

template <int Threads, class T>
__device__ __forceinline__ T block_sum(T value) {
    return reduce_block<Threads>(value, [](T a, T b) { return a + b; });
}

} // namespace compiled::cuda
