// The register tile that convolutions (forward and input gradient) and dense layers share: a few pixels times TileWidth channels, summed
// over K in registers.
//
//   sum[p][n] = bias[n] + sum over k of source[p * pixel_stride + offset(k)] * weights[k * TileWidth + n]
//
// offset(k) walks through runs of contiguous floats: the rows of a convolution's window, or the one row of a dense layer. Weights are
// packed by tile of channels, padded with zeros, so that the kernel has no tails but that of the pixels. K is walked in order: the result
// of a pixel does not depend on the tile that it falls into.
#pragma once

#include "simd.h"

namespace compiled::cpu::CN_ISA {

constexpr int TileVectors = 2;
constexpr int64_t TileWidth = TileVectors * Lanes;
// As many sums as registers allow beside two vectors of weights and a broadcast: 12 of 16, or 24 of 32 with AVX-512.
constexpr int TilePixels = CN_LANES == 16 ? 12 : 6;

struct Run {
    int64_t offset;
    int64_t length;
};

struct Runs {
    const Run* first;
    int64_t count;
};

CN_INLINE int64_t tile_count(int64_t channels) {
    return (channels + TileWidth - 1) / TileWidth;
}

CN_INLINE int64_t round_up(int64_t value, int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

template <int Pixels, class Store>
void run_tile(const float* source, int64_t pixel_stride, Runs runs, const float* weights, int64_t pixel, const Store& store_tile) {
    Vec sum[Pixels][TileVectors];
    for (int p = 0; p < Pixels; ++p) {
        for (int v = 0; v < TileVectors; ++v) {
            sum[p][v] = zero();
        }
    }
    source += pixel * pixel_stride;
    for (int64_t r = 0; r < runs.count; ++r) {
        const float* run = source + runs.first[r].offset;
        for (int64_t k = 0; k < runs.first[r].length; ++k) {
            Vec weight[TileVectors];
            for (int v = 0; v < TileVectors; ++v) {
                weight[v] = load(weights + v * Lanes);
            }
            for (int p = 0; p < Pixels; ++p) {
                Vec value = broadcast(run[p * pixel_stride + k]);
                for (int v = 0; v < TileVectors; ++v) {
                    sum[p][v] = fma(value, weight[v], sum[p][v]);
                }
            }
            weights += TileWidth;
        }
    }
    for (int p = 0; p < Pixels; ++p) {
        store_tile(pixel + p, sum[p]);
    }
}

template <int Pixels, class Store>
CN_INLINE void dispatch_tile(int64_t pixels, const float* source, int64_t pixel_stride, Runs runs, const float* weights, int64_t pixel,
                             const Store& store_tile) {
    if constexpr (Pixels > 0) {
        if (pixels == Pixels) {
            run_tile<Pixels>(source, pixel_stride, runs, weights, pixel, store_tile);
        } else {
            dispatch_tile<Pixels - 1>(pixels, source, pixel_stride, runs, weights, pixel, store_tile);
        }
    }
}

// store_tile(pixel, sums) for each of `pixels` pixels in a line, in tiles of nearly equal size: a short last tile would waste registers.
template <class Store>
CN_INLINE void run_tiles(const float* source, int64_t pixel_stride, int64_t pixels, Runs runs, const float* weights,
                         const Store& store_tile) {
    int64_t tiles = (pixels + TilePixels - 1) / TilePixels;
    for (int64_t t = 0; t < tiles; ++t) {
        int64_t begin = pixels * t / tiles;
        int64_t end = pixels * (t + 1) / tiles;
        dispatch_tile<TilePixels>(end - begin, source, pixel_stride, runs, weights, begin, store_tile);
    }
}

// The vectors of a tile at `target`, of which `channels` floats exist.
template <class Body>
CN_INLINE void for_tile_vectors(int64_t channels, const Body& body) {
    for (int v = 0; v < TileVectors; ++v) {
        int64_t left = channels - v * Lanes;
        if (left > 0) {
            body(v, left < Lanes ? left : Lanes);
        }
    }
}

CN_INLINE Vec load_upto(const float* source, int64_t count) {
    return count == Lanes ? load(source) : load_partial(source, count);
}

CN_INLINE void store_upto(float* target, int64_t count, Vec value) {
    if (count == Lanes) {
        store(target, value);
    } else {
        store_partial(target, count, value);
    }
}

// Stores what a tile gives to `channels` floats of each pixel, or adds it there.
template <bool Accumulate>
struct StoreTile {
    float* target;
    int64_t pixel_stride;
    int64_t channels;

    CN_INLINE void operator()(int64_t pixel, const Vec (&sum)[TileVectors]) const {
        for_tile_vectors(channels, [&](int v, int64_t count) {
            float* at = target + pixel * pixel_stride + v * Lanes;
            store_upto(at, count, Accumulate ? load_upto(at, count) + sum[v] : sum[v]);
        });
    }
};

} // namespace compiled::cpu::CN_ISA
