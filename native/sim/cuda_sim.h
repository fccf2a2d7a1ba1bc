// CUDA on the CPU, for tests: what a .cu file sees instead of the CUDA toolkit when the host compiler compiles it.
//
// Threads of a block are fibers of one host thread, blocks run one after the other, and everything that a GPU leaves open is decided
// against the program: see schedule.h, shared_memory.h, async_copy.h and runtime.h for what that shows.
// kernels_run() in runtime.h tells which kernels a test program has executed.
//
// Not simulated: time and occupancy; memory that other threads see late, so a missing fence; blocks that wait for each other; and a change
// of threads in the middle of an expression, so two threads that add to the same word without an atomic function.
//
// There is no __shared__: kernels use CN_SHARED (cuda/shared_memory.h), because only it can poison the memory and guard its ends.
#pragma once

#include "atomics.h"
#include "barrier.h"
#include "runtime.h"
#include "tensor_core.h"
#include "vector_types.h"
#include "warp.h"

#include <cmath>
#include <cstring>

#define __global__ __attribute__((visibility("default"))) // so that reports can name it
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

#define threadIdx (::compiled::sim::block.current().index)
#define blockIdx (::compiled::sim::block.index())
#define blockDim (::compiled::sim::block.kernel().block)
#define gridDim (::compiled::sim::block.kernel().grid)
constexpr int warpSize = compiled::sim::WarpSize;

template <class T>
T __ldg(const T* address) {
    compiled::sim::check_aligned(address, alignof(T), "the address of __ldg");
    return *address;
}

inline float __uint_as_float(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}

inline unsigned __float_as_uint(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}

inline int __popc(unsigned bits) {
    return __builtin_popcount(bits);
}

inline int __ffs(int bits) {
    return __builtin_ffs(bits);
}

inline int __clz(int bits) {
    return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits));
}
