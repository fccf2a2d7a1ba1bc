// Kernels with one planted bug each, and the same kernels without it: `correct` chooses. sim_fault_test runs both.
#pragma once

#include "cuda/cuda.h"

namespace sim_faults {

constexpr int Threads = 128; // of every block
constexpr int Rounds = 3;

// y[thread] = the sum of x[round][all threads] over all rounds; the bug lets a round begin before everybody has read the last one.
cudaError_t missing_barrier(const float* x, float* y, bool correct);

// The same sum through cp.async; bugs: nobody waits for the copy, no barrier after the wait, the copy goes where others still read.
enum class AsyncBug { NoWait, NoBarrierAfterWait, TooEarly };
cudaError_t async_copies(const float* x, float* y, AsyncBug bug, bool correct);

// y[thread] = x[thread]; the bug also writes y[Threads].
cudaError_t beyond_global(const float* x, float* y, bool correct);
// The same through shared memory with a neighbour array; the bug also writes the element behind the end.
cudaError_t beyond_shared(const float* x, float* y, bool correct);

// y[block][thread] = x[thread], through shared memory; the bug: block 1 reads what only block 0 has written.
cudaError_t uninitialised_shared(const float* x, float* y, bool correct);

// y[block] = x[0] + block; the bug: from the block before, as if blocks ran in order.
cudaError_t ordered_blocks(const float* x, float* y, bool correct);

// y[0] = x[0] * 1 on a tensor core; the bug: x is not rounded to TF32, so the tensor core cuts it off.
cudaError_t unrounded_tf32(const float* x, float* y, bool correct);

// Kernels that must end with a report. Correct ones do nothing.
enum class Bug {
    DivergentBarrier,    // two places in the two halves of a block
    Deadlock,            // half a warp in __syncwarp, half in __syncthreads
    LaneNotInMask,       // a lane that does not name itself
    DifferentMasks,      // lanes that name each other with different masks
    DifferentCalls,      // lanes that name each other in different collectives
    ShuffleWidth,        // that is no power of two
    MisalignedVector,    // float4 from an odd address
    MisalignedAtomic,    // a 64-bit sum at 4 bytes
    MisalignedCopy,      // cp.async of 16 bytes from an odd address
    CopyToGlobal,        // cp.async to memory that is not shared
    MisalignedMatrix,    // a row of ldmatrix that does not begin at 16 bytes
    MatrixBeyondShared,  // a row of ldmatrix that ends behind its array
    MmaWithoutLane,      // a tensor core instruction after a lane has exited
    TooMuchStaticShared, // more than 48 KB
};
cudaError_t fault(Bug bug, float* x, bool correct);

// y[thread] = the value of the lane above; lane 31 has exited.
cudaError_t shuffle_from_exited(float* y);

} // namespace sim_faults
