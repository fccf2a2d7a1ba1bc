// Marks the per-element maths that the CPU and the CUDA kernels share.
//
// Always inlined, for a reason: the CPU kernels are compiled once per instruction set, and an out-of-line copy of a shared inline
// function, made by the AVX-512 compilation, could be the one that the linker keeps for everybody.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define CN_ALWAYS_INLINE __forceinline // cl, of which nvcc makes use on Windows
#else
#define CN_ALWAYS_INLINE inline __attribute__((always_inline))
#endif

#if defined(__CUDACC__)
#define CN_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define CN_HOST_DEVICE CN_ALWAYS_INLINE
#endif
