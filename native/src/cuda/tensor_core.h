// The tensor cores of sm_80 and later: ldmatrix, mma.sync, and the conversions to their types.
//
// All 32 lanes of a warp call these together. Fragments lie as the PTX manual has them (g = lane / 4, t = lane % 4):
//
//     d, float[4]              rows g, g, g + 8, g + 8; columns 2t, 2t + 1, 2t, 2t + 1
//     a of bf16, pairs in k    rows g, g + 8, g, g + 8; k 2t, 2t, 2t + 8, 2t + 8        b: k 2t, 2t + 8; column g
//     a of tf32                rows g, g + 8, g, g + 8; k t, t, t + 4, t + 4            b: k t, t + 4; column g
#pragma once

#include <cstdint>

// The place of a call, for the simulator's reports.
#if defined(__CUDACC__)
#define CN_CALL_SITE
#else
#define CN_CALL_SITE , sim::Site site = sim::Site::here()
#endif

namespace compiled::cuda {

// `low` and `high`, rounded to bf16, ties to even.
__device__ __forceinline__ uint32_t pack_bf16(float low, float high) {
#if defined(__CUDACC__)
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    return sim::to_bf16(low) | static_cast<uint32_t>(sim::to_bf16(high)) << 16;
#endif
}

// x rounded to TF32, ties away from zero. mma_tf32 cuts off what is left below, so operands go through here.
__device__ __forceinline__ uint32_t to_tf32(float x) {
#if defined(__CUDACC__)
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(bits) : "f"(x));
    return bits;
#else
    return sim::to_tf32(x);
#endif
}

#if defined(__CUDACC__)
#define CN_LOAD_MATRICES(modifiers, ...)                                                                                                   \
    asm volatile("ldmatrix.sync.aligned.m8n8." modifiers ".shared.b16 " __VA_ARGS__                                                        \
                 : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)))                                                               \
                 : "memory")
#endif

// `Count` (1, 2 or 4) matrices of 8 rows of 8 16-bit elements in shared memory. Lane 8 * i + r gives the address of row r of matrix i,
// a multiple of 16; the addresses of further lanes are not used. result[i] is elements 2t and 2t + 1 of row g of matrix i, or, transposed,
// of column g.
template <int Count, bool Transposed = false>
__device__ __forceinline__ void load_matrices(uint32_t (&result)[Count], const void* row CN_CALL_SITE) {
    static_assert(Count == 1 || Count == 2 || Count == 4, "ldmatrix loads 1, 2 or 4 matrices");
#if defined(__CUDACC__)
    if constexpr (Count == 1 && !Transposed) {
        CN_LOAD_MATRICES("x1", "{%0}, [%1];\n" : "=r"(result[0]));
    } else if constexpr (Count == 1) {
        CN_LOAD_MATRICES("x1.trans", "{%0}, [%1];\n" : "=r"(result[0]));
    } else if constexpr (Count == 2 && !Transposed) {
        CN_LOAD_MATRICES("x2", "{%0, %1}, [%2];\n" : "=r"(result[0]), "=r"(result[1]));
    } else if constexpr (Count == 2) {
        CN_LOAD_MATRICES("x2.trans", "{%0, %1}, [%2];\n" : "=r"(result[0]), "=r"(result[1]));
    } else if constexpr (!Transposed) {
        CN_LOAD_MATRICES("x4", "{%0, %1, %2, %3}, [%4];\n" : "=r"(result[0]), "=r"(result[1]), "=r"(result[2]), "=r"(result[3]));
    } else {
        CN_LOAD_MATRICES("x4.trans", "{%0, %1, %2, %3}, [%4];\n" : "=r"(result[0]), "=r"(result[1]), "=r"(result[2]), "=r"(result[3]));
    }
#else
    sim::load_matrices(result, Count, Transposed, row, site);
#endif
}

#if defined(__CUDACC__)
#undef CN_LOAD_MATRICES
#define CN_MMA(shape_and_types)                                                                                                            \
    asm volatile("mma.sync.aligned." shape_and_types " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"                  \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                                                          \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#endif

// d[16][8] += a[16][16] * b[16][8], of bf16, summed in float32.
__device__ __forceinline__ void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2] CN_CALL_SITE) {
#if defined(__CUDACC__)
    CN_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
#else
    sim::mma_bf16(d, a, b, site);
#endif
}

// d[16][8] += a[16][8] * b[8][8], of TF32, summed in float32.
__device__ __forceinline__ void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2] CN_CALL_SITE) {
#if defined(__CUDACC__)
    CN_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
#else
    sim::mma_tf32(d, a, b, site);
#endif
}

#undef CN_MMA
#undef CN_CALL_SITE

} // namespace compiled::cuda
