// The sums of the columns of a tile.
#pragma once

#include "cuda.h"

namespace compiled::cuda {

// From the sums of the threads, which have four neighbouring columns each, again and again: `shared` has room for them. By all threads; one
// column for each of the first.
template <int Threads, int Columns>
__device__ __forceinline__ float sum_columns(const float (&sums)[4], float* shared) {
    constexpr int Fours = Columns / 4;
    static_assert(Threads % Fours == 0, "a thread has the same four columns all the time");
    __syncthreads();
    store_vector(shared + threadIdx.x * 4, make_float4(sums[0], sums[1], sums[2], sums[3]));
    __syncthreads();
    float sum = 0.0f;
    if (threadIdx.x < Columns) {
        for (int thread = static_cast<int>(threadIdx.x) / 4; thread < Threads; thread += Fours) {
            sum += shared[thread * 4 + threadIdx.x % 4];
        }
    }
    return sum;
}

} // namespace compiled::cuda
