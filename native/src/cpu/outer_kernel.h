// Sums of outer products, what the gradients of kernels are: for a register tile of TileRows values of x times two vectors of z,
//
//   sums[k][n] += sum over pixels (i, j) of x[i * x_row + j * x_pixel + k] * z[i * z_row + j * z_pixel + n]
//
// Pixels are walked in order, so the result depends on nothing but the order in which the caller hands over groups of them.
#pragma once

#include "tile_kernel.h"

namespace compiled::cpu::CN_ISA {

constexpr int OuterRows = TilePixels;

// Where the factors of an outer product lie.
struct Pixels {
    int64_t rows, columns;
    int64_t x_row, x_pixel;
    int64_t z_row, z_pixel;
};

template <int Rows, int Vectors>
void run_outer(const Pixels& pixels, const float* x, const float* z, float* sums, int64_t pitch) {
    Vec sum[Rows][Vectors];
    for (int k = 0; k < Rows; ++k) {
        for (int v = 0; v < Vectors; ++v) {
            sum[k][v] = load(sums + k * pitch + v * Lanes);
        }
    }
    for (int64_t i = 0; i < pixels.rows; ++i) {
        const float* x_at = x + i * pixels.x_row;
        const float* z_at = z + i * pixels.z_row;
        for (int64_t j = 0; j < pixels.columns; ++j) {
            Vec factor[Vectors];
            for (int v = 0; v < Vectors; ++v) {
                factor[v] = load(z_at + v * Lanes);
            }
            for (int k = 0; k < Rows; ++k) {
                Vec value = broadcast(x_at[k]);
                for (int v = 0; v < Vectors; ++v) {
                    sum[k][v] = fma(value, factor[v], sum[k][v]);
                }
            }
            x_at += pixels.x_pixel;
            z_at += pixels.z_pixel;
        }
    }
    for (int k = 0; k < Rows; ++k) {
        for (int v = 0; v < Vectors; ++v) {
            store(sums + k * pitch + v * Lanes, sum[k][v]);
        }
    }
}

template <int Rows, int Vectors>
CN_INLINE void dispatch_outer(int64_t rows, const Pixels& pixels, const float* x, const float* z, float* sums, int64_t pitch) {
    if constexpr (Rows > 0) {
        if (rows == Rows) {
            run_outer<Rows, Vectors>(pixels, x, z, sums, pitch);
        } else {
            dispatch_outer<Rows - 1, Vectors>(rows, pixels, x, z, sums, pitch);
        }
    }
}

// All tiles of `count` values of x times `vectors` vectors of z; sums has a row of `pitch` floats per value of x.
CN_INLINE void accumulate_outer(const Pixels& pixels, const float* x, int64_t count, const float* z, int64_t vectors, float* sums,
                                int64_t pitch) {
    int64_t tiles = (count + OuterRows - 1) / OuterRows;
    for (int64_t v = 0; v < vectors; v += TileVectors) {
        for (int64_t t = 0; t < tiles; ++t) {
            int64_t begin = count * t / tiles;
            int64_t rows = count * (t + 1) / tiles - begin;
            float* target = sums + begin * pitch + v * Lanes;
            if (vectors - v >= TileVectors) {
                dispatch_outer<OuterRows, TileVectors>(rows, pixels, x + begin, z + v * Lanes, target, pitch);
            } else {
                dispatch_outer<OuterRows, 1>(rows, pixels, x + begin, z + v * Lanes, target, pitch);
            }
        }
    }
}

// body(the first row, the pixels of a strip) for strips of rows small enough for the first cache. Its sets, not its size, are what a column
// of channels runs out of: pixels are a power of two apart as a rule. `widest` is the larger number of floats of a pixel of x and z.
template <class Body>
CN_INLINE void for_strips(Pixels pixels, int64_t widest, const Body& body) {
    constexpr int64_t StripFloats = 4096;
    int64_t rows = pixels.rows;
    int64_t strip = StripFloats / (widest * pixels.columns);
    strip = strip < 1 ? 1 : strip;
    for (int64_t begin = 0; begin < rows; begin += strip) {
        pixels.rows = rows - begin < strip ? rows - begin : strip;
        body(begin, pixels);
    }
}

} // namespace compiled::cpu::CN_ISA
