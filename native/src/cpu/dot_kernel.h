// Inner products of rows, what the gradient of a dense layer's input is: for a register tile of DotRows rows of a times DotColumns rows of
// b,
//
//   result[m][k] = sum over n of a[m][n] * b[k][n]
//
// a is stored by tiles of TileWidth columns, filled up with zeros; b is row-major as it comes. Lanes are summed separately and added last.
#pragma once

#include "tile_kernel.h"

namespace compiled::cpu::CN_ISA {

constexpr int DotRows = 3;
constexpr int DotColumns = 4;

typedef float Quad __attribute__((vector_size(16)));

// The sum over the lanes, as far as four lanes.
CN_INLINE Quad fold(Vec x) {
    constexpr int Count = CN_LANES / 4;
    struct {
        Quad quads[Count];
    } parts = bit_cast<decltype(parts)>(x);
    for (int half = Count / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; ++i) {
            parts.quads[i] += parts.quads[i + half];
        }
    }
    return parts.quads[0];
}

// The four sums over the lanes.
CN_INLINE Quad reduce_sums(const Vec (&x)[4]) {
    Quad a = fold(x[0]), b = fold(x[1]), c = fold(x[2]), d = fold(x[3]);
    Quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
    Quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

// Row m of a: its vector v of tile t is at a + t * tile_stride + m * TileWidth + v * Lanes.
struct TiledRows {
    const float* data;
    int64_t tile_stride;
};

// Rows and columns beyond `rows` and `columns` repeat the last one and are not stored.
template <int Rows, class Store>
void run_dots(TiledRows a, const float* b, int64_t b_stride, int64_t columns, int64_t length, const Store& store_quad) {
    const float* row[DotColumns];
    for (int k = 0; k < DotColumns; ++k) {
        row[k] = b + (k < columns ? k : columns - 1) * b_stride;
    }
    Vec sum[Rows][DotColumns];
    for (int m = 0; m < Rows; ++m) {
        for (int k = 0; k < DotColumns; ++k) {
            sum[m][k] = zero();
        }
    }
    auto add = [&](const float* tile, auto load_b) {
        Vec factor[DotColumns];
        for (int k = 0; k < DotColumns; ++k) {
            factor[k] = load_b(row[k]);
            row[k] += Lanes;
        }
        for (int m = 0; m < Rows; ++m) {
            Vec value = load(tile + m * TileWidth);
            for (int k = 0; k < DotColumns; ++k) {
                sum[m][k] = fma(value, factor[k], sum[m][k]);
            }
        }
    };
    int64_t whole = length / Lanes;
    for (int64_t i = 0; i < whole; ++i) {
        add(a.data + i / TileVectors * a.tile_stride + i % TileVectors * Lanes, [](const float* source) { return load(source); });
    }
    if (int64_t rest = length % Lanes; rest > 0) {
        add(a.data + whole / TileVectors * a.tile_stride + whole % TileVectors * Lanes,
            [rest](const float* source) { return load_partial(source, rest); });
    }
    for (int m = 0; m < Rows; ++m) {
        store_quad(m, reduce_sums(sum[m]));
    }
}

// store_quad(row, Quad) for each of `rows` rows of a, against up to DotColumns rows of b.
template <class Store>
CN_INLINE void run_dot_rows(TiledRows a, int64_t rows, const float* b, int64_t b_stride, int64_t columns, int64_t length,
                            const Store& store_quad) {
    int64_t m = 0;
    auto at = [&](int row, Quad quad) { store_quad(m + row, quad); };
    for (; m + DotRows <= rows; m += DotRows) {
        run_dots<DotRows>({a.data + m * TileWidth, a.tile_stride}, b, b_stride, columns, length, at);
    }
    for (; m < rows; ++m) {
        run_dots<1>({a.data + m * TileWidth, a.tile_stride}, b, b_stride, columns, length, at);
    }
}

} // namespace compiled::cpu::CN_ISA
