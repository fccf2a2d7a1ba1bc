// The block that finishes last: it does what needs the work of all, in one launch and in an order of its own choice.
//
// A ticket is a zeroed word of device memory (a DeviceMemory of the op); the last block leaves it at zero for the next launch.
#pragma once

#include "cuda.h"

namespace compiled::cuda {

// Whether this block is the last of `blocks` to get here: then it sees what all of them wrote before, and all that they read before has
// been read. Called once by every thread of each of the blocks.
__device__ __forceinline__ bool is_last_block(unsigned* ticket, unsigned blocks) {
    CN_SHARED(number, unsigned);
    __syncthreads();
    if (threadIdx.x == 0) {
        number = 0;
        if (blocks > 1) {
            __threadfence(); // the others must see the block's writes before its number
            number = atomicInc(ticket, blocks - 1);
            __threadfence(); // and this block none of theirs from before it
        }
    }
    __syncthreads();
    return number == blocks - 1;
}

} // namespace compiled::cuda
