// Kernels that treat every element by itself: a grid of limited size walks over them, four at a time where the arrays allow it.
#pragma once

#include "context.h"

#include <algorithm>

namespace compiled::cuda {

constexpr unsigned ElementThreads = 256;

// Width consecutive floats, loaded and stored at once.
template <int Width>
struct Pack {
    float values[Width];

    __device__ static Pack load(const float* address) {
        Pack pack;
        if constexpr (Width == 4) {
            float4 four = load_vector<float4>(address);
            pack.values[0] = four.x, pack.values[1] = four.y, pack.values[2] = four.z, pack.values[3] = four.w;
        } else {
            pack.values[0] = *address;
        }
        return pack;
    }

    __device__ void store(float* address) const {
        if constexpr (Width == 4) {
            store_vector(address, make_float4(values[0], values[1], values[2], values[3]));
        } else {
            *address = values[0];
        }
    }
};

// Calls body(first element) for packs of Width among `count` elements, a multiple of Width.
template <int Width, class Body>
__device__ __forceinline__ void for_packs(int64_t count, const Body& body) {
    int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t pack = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; pack < count / Width; pack += stride) {
        body(pack * Width);
    }
}

// How many elements go together, where every sample has `count` of them: 4 or 1.
template <class... Pointers>
int pack_width(int64_t count, Pointers... pointers) {
    bool aligned = ((reinterpret_cast<uintptr_t>(pointers) % sizeof(float4) == 0) && ...);
    return aligned && count % 4 == 0 ? 4 : 1;
}

// A grid for for_packs over up to `elements` elements.
inline unsigned element_blocks(const Context& context, int64_t elements, int width, int64_t blocks_per_multiprocessor = 8) {
    int64_t blocks = (elements / width + ElementThreads - 1) / ElementThreads;
    return static_cast<unsigned>(std::clamp<int64_t>(blocks, 1, context.multiprocessors() * blocks_per_multiprocessor));
}

inline Grid element_grid(const Context& context, int64_t elements, int width, int64_t blocks_per_multiprocessor = 8) {
    return Grid(element_blocks(context, elements, width, blocks_per_multiprocessor));
}

} // namespace compiled::cuda
