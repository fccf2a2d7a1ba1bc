// Sums that several blocks share: each leaves its part in scratch memory, and the block that finishes last adds them in their order.
#pragma once

#include "ticket.h"

#include <cstdint>

namespace compiled::cuda {

// `values`: this thread's part of what block `split` of `splits` has summed. `partials`: `splits` * Count * Threads floats for these
// blocks. Returns whether this is the last block: then `values` are the sums over all of them. Every thread calls this, in all of the
// blocks.
template <int Threads, int Count>
__device__ __forceinline__ bool sum_splits(float (&values)[Count], float* partials, int split, int splits, unsigned* ticket) {
    if (splits == 1) {
        return true;
    }
    float* own = partials + threadIdx.x;
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        own[(static_cast<int64_t>(split) * Count + e) * Threads] = values[e];
    }
    if (!is_last_block(ticket, static_cast<unsigned>(splits))) {
        return false;
    }
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        values[e] = own[static_cast<int64_t>(e) * Threads];
    }
    // Several parts are on their way at a time.
    constexpr int Ahead = Count >= 32 ? 1 : Count >= 4 ? 32 / Count : 8;
    for (int first = 1; first < splits; first += Ahead) {
        float parts[Ahead][Count] = {};
        CN_UNROLL
        for (int a = 0; a < Ahead; ++a) {
            CN_UNROLL
            for (int e = 0; e < Count && first + a < splits; ++e) {
                parts[a][e] = own[(static_cast<int64_t>(first + a) * Count + e) * Threads];
            }
        }
        CN_UNROLL
        for (int a = 0; a < Ahead; ++a) {
            CN_UNROLL
            for (int e = 0; e < Count && first + a < splits; ++e) {
                values[e] += parts[a][e];
            }
        }
    }
    return true;
}

} // namespace compiled::cuda
