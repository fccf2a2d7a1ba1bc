// Copies from global to shared memory that run while the thread goes on (cp.async).
//
// Between async_copy and the async_wait that covers it nobody may touch the target, nor write to the source. After the wait the copying
// thread sees its own bytes; the others do after a barrier.
#pragma once

#include <cstddef>

namespace compiled::cuda {

// `Bytes` are 4, 8 or 16, and both addresses are multiples of it. Only the first `valid` bytes are read; zeros take the place of the rest.
template <int Bytes>
__device__ __forceinline__ void async_copy(void* shared_target, const void* source, int valid = Bytes) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
#if defined(__CUDACC__)
    auto target = static_cast<unsigned>(__cvta_generic_to_shared(shared_target));
    if constexpr (Bytes == 16) { // past L1
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(target), "l"(source), "r"(valid) : "memory");
    } else {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\n" ::"r"(target), "l"(source), "n"(Bytes), "r"(valid) : "memory");
    }
#else
    sim::async_copy(shared_target, source, Bytes, static_cast<size_t>(valid));
#endif
}

// Closes a group: this thread's copies since the last one.
__device__ __forceinline__ void async_commit() {
#if defined(__CUDACC__)
    asm volatile("cp.async.commit_group;\n" ::: "memory");
#else
    sim::async_commit();
#endif
}

// Waits until all groups of this thread but the newest `Pending` are there.
template <int Pending>
__device__ __forceinline__ void async_wait() {
#if defined(__CUDACC__)
    asm volatile("cp.async.wait_group %0;\n" ::"n"(Pending) : "memory");
#else
    sim::async_wait(Pending);
#endif
}

} // namespace compiled::cuda
