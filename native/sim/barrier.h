// The barriers of a block, and what orders memory. Memory is never out of order here, so a missing fence does not show.
#pragma once

#include "block.h"

inline void __syncthreads(compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::block.barrier(false, "__syncthreads", site);
}

inline int __syncthreads_count(int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    return compiled::sim::block.barrier(predicate != 0, "__syncthreads_count", site).nonzero;
}

inline int __syncthreads_and(int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    compiled::sim::BarrierCount count = compiled::sim::block.barrier(predicate != 0, "__syncthreads_and", site);
    return count.nonzero == count.threads;
}

inline int __syncthreads_or(int predicate, compiled::sim::Site site = compiled::sim::Site::here()) {
    return compiled::sim::block.barrier(predicate != 0, "__syncthreads_or", site).nonzero != 0;
}

inline void __threadfence_block() {
    compiled::sim::block.interrupt();
}
inline void __threadfence() {
    compiled::sim::block.interrupt();
}
inline void __threadfence_system() {
    compiled::sim::block.interrupt();
}

// Lets the others run: what a thread that polls memory has to call.
inline void __nanosleep(unsigned) {
    compiled::sim::block.yield();
}
