// Loops over long runs of floats: cut into chunks for the threads, into vectors within a chunk.
#pragma once

#include "context.h"
#include "simd.h"

namespace compiled::cpu::CN_ISA {

// 64 KiB of each array: large enough to hide the hand-over to a thread, small enough to spread a layer over the threads. A multiple of
// 4 * Lanes for any Lanes, so that a chunk of a dropout starts at a Philox block.
constexpr int64_t ChunkElements = 16384;

CN_INLINE int64_t chunk_count(int64_t elements) {
    return (elements + ChunkElements - 1) / ChunkElements;
}

// body(begin, end) for every chunk of [0, elements).
template <class Body>
CN_INLINE void for_chunks(Context& context, int64_t elements, const Body& body) {
    context.parallel_for(chunk_count(elements), [&](int64_t chunk, int) {
        int64_t begin = chunk * ChunkElements;
        int64_t end = elements - begin < ChunkElements ? elements : begin + ChunkElements;
        body(begin, end);
    });
}

// Whole vectors of [begin, end), then the rest as a partial one: body(i, load, store), with functions that move the vector at i.
struct WholeVector {
    CN_INLINE Vec load(const float* source) const { return CN_ISA::load(source); }
    CN_INLINE void store(float* target, Vec value) const { CN_ISA::store(target, value); }
};

struct PartialVector {
    int64_t count;
    CN_INLINE Vec load(const float* source) const { return load_partial(source, count); }
    CN_INLINE void store(float* target, Vec value) const { store_partial(target, count, value); }
};

template <class Body>
CN_INLINE void for_vectors(int64_t begin, int64_t end, const Body& body) {
    int64_t i = begin;
    for (; i + Lanes <= end; i += Lanes) {
        body(i, WholeVector{});
    }
    if (i < end) {
        body(i, PartialVector{end - i});
    }
}

} // namespace compiled::cpu::CN_ISA
