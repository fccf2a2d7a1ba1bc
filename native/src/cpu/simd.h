// The vector type of the instruction set being compiled, on the vector extensions of GCC and Clang: CN_LANES floats with + - * / and
// comparisons. A comparison gives an IntVec, all bits set where it holds; `mask ? a : b` and `select` choose by lane.
//
// Multiplications and additions may contract to FMA where there is one (-ffp-contract=fast), so fma(a, b, c) and a * b + c are the same.
// Tails: the ..._partial functions touch only the first `count` elements in memory, and compute all lanes like everybody else: the
// result of an element does not depend on its place.
#pragma once

#include "isa.h"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace compiled::cpu::CN_ISA {

constexpr int64_t Lanes = CN_LANES;

typedef float Vec __attribute__((vector_size(CN_LANES * 4)));
typedef int32_t IntVec __attribute__((vector_size(CN_LANES * 4)));
typedef uint32_t UIntVec __attribute__((vector_size(CN_LANES * 4)));
typedef uint64_t UInt64Vec __attribute__((vector_size(CN_LANES * 4))); // half as many lanes
typedef double DoubleVec __attribute__((vector_size(CN_LANES * 8)));

template <class To, class From>
CN_INLINE To bit_cast(From from) {
    static_assert(sizeof(To) == sizeof(From), "same size");
    To to;
    std::memcpy(&to, &from, sizeof(to));
    return to;
}

// ---------------------------------------------------------------------------------------------------------------------
// Parts: what the processor computes in one instruction. `wide` has 16 lanes but 4-lane instructions.
// The masked forms with all lanes set are the plain instructions; GCC 12 warns about its own header in the unmasked ones.
// ---------------------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
typedef __m512 Part;
CN_INLINE Part part_max(Part a, Part b) {
    return _mm512_maskz_max_ps(0xFFFF, a, b);
}
CN_INLINE Part part_min(Part a, Part b) {
    return _mm512_maskz_min_ps(0xFFFF, a, b);
}
CN_INLINE Part part_sqrt(Part a) {
    return _mm512_maskz_sqrt_ps(0xFFFF, a);
}
CN_INLINE Part part_from_bytes(const uint8_t* source) {
    return bit_cast<Part>(_mm512_maskz_cvtepu8_epi32(0xFFFF, _mm_loadu_si128(reinterpret_cast<const __m128i*>(source))));
}
CN_INLINE void part_to_bytes(uint8_t* target, Part a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target), _mm512_maskz_cvtepi32_epi8(0xFFFF, bit_cast<__m512i>(a)));
}
CN_INLINE Part part_multiply_even(Part a, Part b) {
    return bit_cast<Part>(_mm512_maskz_mul_epu32(0xFF, bit_cast<__m512i>(a), bit_cast<__m512i>(b)));
}
#elif defined(__AVX2__)
typedef __m256 Part;
CN_INLINE Part part_max(Part a, Part b) {
    return _mm256_max_ps(a, b);
}
CN_INLINE Part part_min(Part a, Part b) {
    return _mm256_min_ps(a, b);
}
CN_INLINE Part part_sqrt(Part a) {
    return _mm256_sqrt_ps(a);
}
CN_INLINE Part part_from_bytes(const uint8_t* source) {
    return bit_cast<Part>(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(source))));
}
CN_INLINE void part_to_bytes(uint8_t* target, Part a) {
    __m256i whole = bit_cast<__m256i>(a);
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(target), _mm_packus_epi16(words, words));
}
CN_INLINE Part part_multiply_even(Part a, Part b) {
    return bit_cast<Part>(_mm256_mul_epu32(bit_cast<__m256i>(a), bit_cast<__m256i>(b)));
}
#elif defined(__x86_64__) || defined(_M_X64)
typedef __m128 Part;
CN_INLINE Part part_max(Part a, Part b) {
    return _mm_max_ps(a, b);
}
CN_INLINE Part part_min(Part a, Part b) {
    return _mm_min_ps(a, b);
}
CN_INLINE Part part_sqrt(Part a) {
    return _mm_sqrt_ps(a);
}
CN_INLINE Part part_from_bytes(const uint8_t* source) {
    int32_t four;
    std::memcpy(&four, source, sizeof(four));
    __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), _mm_setzero_si128());
    return bit_cast<Part>(_mm_unpacklo_epi16(words, _mm_setzero_si128()));
}
CN_INLINE void part_to_bytes(uint8_t* target, Part a) {
    __m128i words = _mm_packs_epi32(bit_cast<__m128i>(a), bit_cast<__m128i>(a));
    int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(target, &four, sizeof(four));
}
CN_INLINE Part part_multiply_even(Part a, Part b) {
    return bit_cast<Part>(_mm_mul_epu32(bit_cast<__m128i>(a), bit_cast<__m128i>(b)));
}
#else
typedef float Part __attribute__((vector_size(16)));
typedef int32_t IntPart __attribute__((vector_size(16)));
typedef uint32_t UIntPart __attribute__((vector_size(16)));
typedef uint8_t BytePart __attribute__((vector_size(4)));
CN_INLINE Part part_from_bytes(const uint8_t* source) {
    BytePart bytes;
    std::memcpy(&bytes, source, sizeof(bytes));
    return bit_cast<Part>(__builtin_convertvector(bytes, IntPart));
}
CN_INLINE void part_to_bytes(uint8_t* target, Part a) {
    BytePart bytes = __builtin_convertvector(bit_cast<IntPart>(a), BytePart);
    std::memcpy(target, &bytes, sizeof(bytes));
}
CN_INLINE Part part_max(Part a, Part b) {
    return a > b ? a : b;
}
CN_INLINE Part part_min(Part a, Part b) {
    return a < b ? a : b;
}
CN_INLINE Part part_sqrt(Part a) {
#if defined(__aarch64__)
    return bit_cast<Part>(vsqrtq_f32(bit_cast<float32x4_t>(a)));
#else
    return Part{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]), __builtin_sqrtf(a[3])};
#endif
}
CN_INLINE Part part_multiply_even(Part a, Part b) {
    UIntPart x = bit_cast<UIntPart>(a), y = bit_cast<UIntPart>(b);
    uint64_t products[2] = {uint64_t{x[0]} * y[0], uint64_t{x[2]} * y[2]};
    Part result;
    std::memcpy(&result, products, sizeof(result));
    return result;
}
#endif

struct Split {
    static constexpr int Count = static_cast<int>(sizeof(Vec) / sizeof(Part));
    Part parts[Count];
};

// ---------------------------------------------------------------------------------------------------------------------
// Load, store
// ---------------------------------------------------------------------------------------------------------------------

CN_INLINE Vec load(const float* source) {
    Vec value;
    std::memcpy(&value, source, sizeof(value));
    return value;
}

CN_INLINE void store(float* target, Vec value) {
    std::memcpy(target, &value, sizeof(value));
}

CN_INLINE Vec zero() {
    return Vec{};
}
// value - 0 is value for every value, -0 included, so nothing but the broadcast remains; 0 + value would stay an addition.
CN_INLINE Vec broadcast(float value) {
    return value - Vec{};
}
CN_INLINE IntVec broadcast_int(int32_t value) {
    return IntVec{} + value;
}
CN_INLINE UIntVec broadcast_uint(uint32_t value) {
    return UIntVec{} + value;
}

// 0, 1, 2, ...
CN_INLINE IntVec lane_index() {
    IntVec index;
    for (int lane = 0; lane < CN_LANES; ++lane) {
        index[lane] = lane;
    }
    return index;
}

// All bits set in the first `count` lanes.
CN_INLINE IntVec first_lanes(int64_t count) {
    return lane_index() < static_cast<int32_t>(count);
}

CN_INLINE Vec select(IntVec mask, Vec if_set, Vec if_clear) {
    return mask ? if_set : if_clear;
}

// The first `count` floats (0 <= count <= Lanes), zeros after them.
CN_INLINE Vec load_partial(const float* source, int64_t count) {
#if defined(__AVX512F__)
    return bit_cast<Vec>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), source));
#elif defined(__AVX2__)
    return bit_cast<Vec>(_mm256_maskload_ps(source, bit_cast<__m256i>(first_lanes(count))));
#else
    Vec value{};
    for (int lane = 0; lane < CN_LANES; ++lane) {
        if (lane < count) {
            value[lane] = source[lane];
        }
    }
    return value;
#endif
}

CN_INLINE Vec load_partial(const float* source, int64_t count, float rest) {
    return select(first_lanes(count), load_partial(source, count), broadcast(rest));
}

CN_INLINE void store_partial(float* target, int64_t count, Vec value) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(target, static_cast<__mmask16>((1u << count) - 1u), bit_cast<__m512>(value));
#elif defined(__AVX2__)
    _mm256_maskstore_ps(target, bit_cast<__m256i>(first_lanes(count)), bit_cast<__m256>(value));
#else
    for (int lane = 0; lane < CN_LANES; ++lane) {
        if (lane < count) {
            target[lane] = value[lane];
        }
    }
#endif
}

// Bytes widened to 32 bits, and narrowed back (values 0 to 255).
CN_INLINE IntVec load_bytes(const uint8_t* source) {
    Split split;
    for (int i = 0; i < Split::Count; ++i) {
        split.parts[i] = part_from_bytes(source + i * (CN_LANES / Split::Count));
    }
    return bit_cast<IntVec>(split);
}

CN_INLINE void store_bytes(uint8_t* target, IntVec value) {
    auto split = bit_cast<Split>(value);
    for (int i = 0; i < Split::Count; ++i) {
        part_to_bytes(target + i * (CN_LANES / Split::Count), split.parts[i]);
    }
}

CN_INLINE IntVec load_bytes_partial(const uint8_t* source, int64_t count) {
    uint8_t bytes[CN_LANES] = {};
    for (int64_t i = 0; i < count; ++i) {
        bytes[i] = source[i];
    }
    return load_bytes(bytes);
}

CN_INLINE void store_bytes_partial(uint8_t* target, int64_t count, IntVec value) {
    uint8_t bytes[CN_LANES];
    store_bytes(bytes, value);
    for (int64_t i = 0; i < count; ++i) {
        target[i] = bytes[i];
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic
// ---------------------------------------------------------------------------------------------------------------------

CN_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return a * b + c;
}

// The larger, the smaller; b when either is NaN.
CN_INLINE Vec max(Vec a, Vec b) {
    auto left = bit_cast<Split>(a);
    auto right = bit_cast<Split>(b);
    for (int i = 0; i < Split::Count; ++i) {
        left.parts[i] = part_max(left.parts[i], right.parts[i]);
    }
    return bit_cast<Vec>(left);
}

CN_INLINE Vec min(Vec a, Vec b) {
    auto left = bit_cast<Split>(a);
    auto right = bit_cast<Split>(b);
    for (int i = 0; i < Split::Count; ++i) {
        left.parts[i] = part_min(left.parts[i], right.parts[i]);
    }
    return bit_cast<Vec>(left);
}

// max(x, 0); a NaN stays one, so that a network that diverges shows it.
CN_INLINE Vec relu(Vec x) {
    return max(zero(), x);
}

CN_INLINE Vec sqrt(Vec x) {
    auto split = bit_cast<Split>(x);
    for (Part& part : split.parts) {
        part = part_sqrt(part);
    }
    return bit_cast<Vec>(split);
}

// Sums and maxima over the lanes, in a fixed order: halves first.
CN_INLINE float reduce_sum(Vec x) {
    float lanes[CN_LANES];
    store(lanes, x);
    for (int half = CN_LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
            lanes[lane] += lanes[lane + half];
        }
    }
    return lanes[0];
}

CN_INLINE double reduce_sum(DoubleVec x) {
    double lanes[CN_LANES];
    std::memcpy(lanes, &x, sizeof(x));
    for (int half = CN_LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
            lanes[lane] += lanes[lane + half];
        }
    }
    return lanes[0];
}

CN_INLINE float reduce_max(Vec x) {
    float lanes[CN_LANES];
    store(lanes, x);
    for (int half = CN_LANES / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
            lanes[lane] = lanes[lane] > lanes[lane + half] ? lanes[lane] : lanes[lane + half];
        }
    }
    return lanes[0];
}

CN_INLINE DoubleVec to_double(Vec x) {
    return __builtin_convertvector(x, DoubleVec);
}

// The 64-bit products of the even lanes (0, 2, ...) of a with `b`.
CN_INLINE UInt64Vec multiply_even(UIntVec a, uint32_t b) {
    auto left = bit_cast<Split>(a);
    auto right = bit_cast<Split>(broadcast_uint(b));
    for (int i = 0; i < Split::Count; ++i) {
        left.parts[i] = part_multiply_even(left.parts[i], right.parts[i]);
    }
    return bit_cast<UInt64Vec>(left);
}

} // namespace compiled::cpu::CN_ISA
