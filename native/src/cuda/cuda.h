// CUDA, for every .cu file: the toolkit's under nvcc, native/sim's under any other compiler; and the wrappers that kernels use for what
// a host compiler cannot read: launches, shared memory, async copies, tensor cores.
#pragma once

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#else
#include "cuda_sim.h"
#endif

// Before a loop whose turns index an array that should stay in registers.
#if defined(__CUDACC__)
#define CN_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define CN_UNROLL CN_PRAGMA(unroll)
#define CN_UNROLL_BY(count) CN_PRAGMA(unroll count)
#else
#define CN_UNROLL
#define CN_UNROLL_BY(count)
#endif

#include "async_copy.h"
#include "launch.h"
#include "shared_memory.h"
#include "tensor_core.h"
#include "vector_access.h"
