// The register tiles of depthwise convolutions, which sum over the cells of a window alone: a vector of channels of a few pixels, or of a
// few cells. There are as many channels as filters here.
//
//   sum[p][n]    = sum over cells of source[p * pixel_stride + offset(cell) + n] * weights[cell * channels + n]
//   sums[cell][n] += sum over pixels (i, j) of x[i * x_row + j * x_pixel + offset(cell) + n] * z[i * z_row + j * z_pixel + n]
#pragma once

#include "elementwise.h"
#include "outer_kernel.h"

namespace compiled::cpu::CN_ISA {

constexpr int DepthwisePixels = 6;
constexpr int DepthwiseCells = 9; // beside their factor

template <int Pixels, class Vector, class Store>
void run_depthwise_tile(const float* source, int64_t pixel_stride, Runs cells, const float* weights, int64_t channels, int64_t pixel,
                        Vector vector, const Store& store_vector) {
    Vec sum[Pixels];
    for (Vec& each : sum) {
        each = zero();
    }
    source += pixel * pixel_stride;
    for (int64_t cell = 0; cell < cells.count; ++cell) {
        const float* from = source + cells.first[cell].offset;
        Vec weight = vector.load(weights + cell * channels);
        for (int p = 0; p < Pixels; ++p) {
            sum[p] = fma(vector.load(from + p * pixel_stride), weight, sum[p]);
        }
    }
    for (int p = 0; p < Pixels; ++p) {
        store_vector(pixel + p, sum[p]);
    }
}

template <int Pixels, class Vector, class Store>
CN_INLINE void dispatch_depthwise_tile(int64_t pixels, const float* source, int64_t pixel_stride, Runs cells, const float* weights,
                                       int64_t channels, int64_t pixel, Vector vector, const Store& store_vector) {
    if constexpr (Pixels > 0) {
        if (pixels == Pixels) {
            run_depthwise_tile<Pixels>(source, pixel_stride, cells, weights, channels, pixel, vector, store_vector);
        } else {
            dispatch_depthwise_tile<Pixels - 1>(pixels, source, pixel_stride, cells, weights, channels, pixel, vector, store_vector);
        }
    }
}

// store_vector(channel, vector, pixel, sum) for each of `pixels` pixels in a line and all vectors of channels.
template <class Store>
CN_INLINE void run_depthwise(const float* source, int64_t pixel_stride, int64_t pixels, Runs cells, const float* weights, int64_t channels,
                             const Store& store_vector) {
    for_vectors(0, channels, [&](int64_t c, auto vector) {
        for (int64_t pixel = 0; pixel < pixels; pixel += DepthwisePixels) {
            int64_t count = std::min<int64_t>(DepthwisePixels, pixels - pixel);
            dispatch_depthwise_tile<DepthwisePixels>(count, source + c, pixel_stride, cells, weights + c, channels, pixel, vector,
                                                     [&](int64_t at, Vec sum) { store_vector(c, vector, at, sum); });
        }
    });
}

template <int Cells, class Vector>
void run_depthwise_cells(const Pixels& pixels, const float* x, const Run* cells, const float* z, float* sums, int64_t pitch,
                         Vector vector) {
    Vec sum[Cells];
    for (int cell = 0; cell < Cells; ++cell) {
        sum[cell] = load(sums + cell * pitch);
    }
    for (int64_t i = 0; i < pixels.rows; ++i) {
        const float* x_at = x + i * pixels.x_row;
        const float* z_at = z + i * pixels.z_row;
        for (int64_t j = 0; j < pixels.columns; ++j) {
            Vec factor = load(z_at);
            for (int cell = 0; cell < Cells; ++cell) {
                sum[cell] = fma(vector.load(x_at + cells[cell].offset), factor, sum[cell]);
            }
            x_at += pixels.x_pixel;
            z_at += pixels.z_pixel;
        }
    }
    for (int cell = 0; cell < Cells; ++cell) {
        store(sums + cell * pitch, sum[cell]);
    }
}

template <int Cells, class Vector>
CN_INLINE void dispatch_depthwise_cells(int64_t count, const Pixels& pixels, const float* x, const Run* cells, const float* z, float* sums,
                                        int64_t pitch, Vector vector) {
    if constexpr (Cells > 0) {
        if (count == Cells) {
            run_depthwise_cells<Cells>(pixels, x, cells, z, sums, pitch, vector);
        } else {
            dispatch_depthwise_cells<Cells - 1>(count, pixels, x, cells, z, sums, pitch, vector);
        }
    }
}

// For all cells and channels; z and sums have whole vectors, a row of `pitch` floats per cell.
CN_INLINE void accumulate_depthwise(const Pixels& pixels, const float* x, Runs cells, int64_t channels, const float* z, float* sums,
                                    int64_t pitch) {
    for_vectors(0, channels, [&](int64_t c, auto vector) {
        for (int64_t cell = 0; cell < cells.count; cell += DepthwiseCells) {
            int64_t count = std::min<int64_t>(DepthwiseCells, cells.count - cell);
            dispatch_depthwise_cells<DepthwiseCells>(count, pixels, x + c, cells.first + cell, z + c, sums + cell * pitch + c, pitch,
                                                     vector);
        }
    });
}

} // namespace compiled::cpu::CN_ISA
