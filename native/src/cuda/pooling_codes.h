// The codes of max pooling, a byte for each element: as many as a pack has floats.
#pragma once

#include "cuda.h"
#include "vector_access.h"

#include <cstdint>

namespace compiled::cuda {

template <int Width>
__device__ __forceinline__ void load_codes(const uint8_t* source, int (&codes)[Width]) {
    if constexpr (Width == 4) {
        uchar4 four = load_vector<uchar4>(source);
        codes[0] = four.x, codes[1] = four.y, codes[2] = four.z, codes[3] = four.w;
    } else {
        codes[0] = *source;
    }
}

template <int Width>
__device__ __forceinline__ void store_codes(uint8_t* target, const int (&codes)[Width]) {
    if constexpr (Width == 4) {
        store_vector(target, make_uchar4(static_cast<uint8_t>(codes[0]), static_cast<uint8_t>(codes[1]), static_cast<uint8_t>(codes[2]),
                                         static_cast<uint8_t>(codes[3])));
    } else {
        *target = static_cast<uint8_t>(codes[0]);
    }
}

} // namespace compiled::cuda
