// The tiles of the general convolution kernels: 64 rows by 64 columns, or by 32 where there are few columns or few tiles.
#pragma once

#include "tile_loader.h"

#include <algorithm>

namespace compiled::cuda::general {

constexpr int TileThreads = 128;
constexpr int TileRows = 64;
constexpr int TileDepth = 16;
constexpr int WideColumns = 64, NarrowColumns = 32;

template <int32_t Precision, int Columns, TileOrder OrderOfA, TileOrder OrderOfB>
using Product = TileProduct<Precision, TileRows, Columns, TileDepth, TileThreads, OrderOfA, OrderOfB>;

template <int32_t Precision>
using Operands = OperandRoom<Product<Precision, WideColumns, TileOrder::LinesFirst, TileOrder::LinesFirst>,
                             Product<Precision, WideColumns, TileOrder::DepthFirst, TileOrder::DepthFirst>>;

// How the blocks of a product cover its result: tiles row by row, and several blocks for each where `splits` is not 1.
struct TilePlan {
    bool wide = false;
    int64_t column_tiles = 1;
    int64_t tiles = 0;
    int splits = 1;

    __host__ __device__ int64_t blocks() const { return tiles * splits; }
};

inline int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

inline TilePlan plan_tiles(int64_t rows, int64_t columns) {
    constexpr int64_t FewTiles = 128;
    int64_t row_tiles = ceil_div(rows, TileRows);
    bool wide = columns > NarrowColumns && row_tiles * ceil_div(columns, WideColumns) >= FewTiles;
    int64_t column_tiles = ceil_div(columns, wide ? WideColumns : NarrowColumns);
    return {wide, column_tiles, row_tiles * column_tiles, 1};
}

// For the creation of an op.
inline void require_blocks(int64_t blocks_of_group, int64_t groups) {
    constexpr int64_t MaxBlocks = 0x7FFFFFFF; // of a launch
    if (blocks_of_group > MaxBlocks / groups) {
        fail(CN_STATUS_UNSUPPORTED,
             "a convolution of this size needs %lld x %lld blocks: a CUDA device runs at most %lld; use a smaller batch",
             static_cast<long long>(groups), static_cast<long long>(blocks_of_group), static_cast<long long>(MaxBlocks));
    }
}

// The first of some values beside each other; past `count` there is no memory for them. `vectors`: rows begin at multiples of 16 bytes.
template <int Count>
__device__ __forceinline__ void store_values(bool vectors, float* target, int64_t count, const float (&values)[Count]) {
    if (Count > 1 && vectors && count >= Count) {
        if constexpr (Count == 4) {
            store_vector(target, make_float4(values[0], values[1], values[2], values[3]));
        } else if constexpr (Count == 2) {
            store_vector(target, make_float2(values[0], values[1]));
        }
        return;
    }
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        if (e < count) {
            target[e] = values[e];
        }
    }
}

// Adds what is in memory to the values that stand for it.
template <int Count>
__device__ __forceinline__ void add_values(bool vectors, const float* source, int64_t count, float (&values)[Count]) {
    if (Count > 1 && vectors && count >= Count) {
        if constexpr (Count == 4) {
            float4 four = load_vector<float4>(source);
            values[0] += four.x, values[1] += four.y, values[2] += four.z, values[3] += four.w;
        } else if constexpr (Count == 2) {
            float2 two = load_vector<float2>(source);
            values[0] += two.x, values[1] += two.y;
        }
        return;
    }
    CN_UNROLL
    for (int e = 0; e < Count; ++e) {
        values[e] += e < count ? source[e] : 0.0f;
    }
}

} // namespace compiled::cuda::general
