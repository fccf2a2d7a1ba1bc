// A tile of a product of two matrices in memory, by one block: tile[i][j] = sum over p of a(i, p) * b(p, j).
//
// Stages of Product::Depth p's go through registers, where they wait while the stage before is multiplied, to the operand tiles of a
// TileProduct. On the way a source may compute what it hands on, and elements that do not exist become zeros.
#pragma once

#include "elementwise.h"
#include "tile_product.h"

namespace compiled::cuda {

// A row-major matrix in memory as a factor. Other sources have the same members.
class MatrixSource {
public:
    using Raw = Pack<4>;

    // `vectors`: every row begins at a multiple of 16 bytes.
    __device__ MatrixSource(const float* data, int64_t rows, int64_t columns, bool vectors)
        : MatrixSource(data, rows, columns, columns, vectors) {}

    // Columns of a matrix whose rows have `pitch` elements.
    __device__ MatrixSource(const float* data, int64_t rows, int64_t columns, int64_t pitch, bool vectors)
        : _data(data), _rows(rows), _columns(columns), _pitch(pitch), _vectors(vectors) {}

    // Whether load_whole may be used up to here.
    __device__ bool is_whole(int64_t row_end, int64_t column_end) const { return _vectors && row_end <= _rows && column_end <= _columns; }

    // Four elements of a row. `finish` comes a stage later, before they are used.
    __device__ Raw load_whole(int64_t row, int64_t column) const { return Raw::load(_data + row * _pitch + column); }

    // The same, with zeros where there are no elements.
    __device__ Raw load(int64_t row, int64_t column) const {
        Raw raw{};
        if (row >= _rows) {
            return raw;
        }
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            if (column + e < _columns) {
                raw.values[e] = _data[row * _pitch + column + e];
            }
        }
        return raw;
    }

    __device__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const { return raw; }

private:
    const float* _data;
    int64_t _rows;
    int64_t _columns;
    int64_t _pitch;
    bool _vectors;
};

// This thread's part of the stages of one factor, whose lines begin at `origin`. DepthFirst: the lines are the rows of the matrix and p's
// its columns; LinesFirst: the other way round.
template <class Tile, int Lines, int Depth, int Threads, class Source>
class TileLoader {
public:
    __device__ TileLoader(const Source& source, int64_t origin) : _source(source), _origin(origin) {}

    __device__ void load(int64_t first) {
        int64_t top = row_of(0, 0, first), left = column_of(0, 0, first);
        if (_source.is_whole(top + Rows, left + Columns)) {
            CN_UNROLL
            for (int q = 0; q < Quads; ++q) {
                _raw[q] = _source.load_whole(top + row(q), left + column());
            }
            return;
        }
        CN_UNROLL
        for (int q = 0; q < Quads; ++q) {
            _raw[q] = _source.load(top + row(q), left + column());
        }
    }

    __device__ void store(Tile& tile, int64_t first) const {
        CN_UNROLL
        for (int q = 0; q < Quads; ++q) {
            int line = Tile::DepthFirst ? row(q) : column(), p = Tile::DepthFirst ? column() : row(q);
            Pack<4> four = _source.finish(_raw[q], row_of(line, p, first), column_of(line, p, first));
            tile.store_four(line, p, four.values);
        }
    }

private:
    static constexpr int Quads = Lines * Depth / 4 / Threads;
    static constexpr int Rows = Tile::DepthFirst ? Lines : Depth, Columns = Tile::DepthFirst ? Depth : Lines; // of the matrix, in a stage
    static_assert(Lines * Depth % (4 * Threads) == 0, "all threads load as much");

    // Of the q-th four elements, in the stage.
    static constexpr int ThreadsOfRow = Columns / 4;
    static_assert(Threads % ThreadsOfRow == 0, "a thread stays in its columns");
    __device__ static int row(int q) { return static_cast<int>(threadIdx.x) / ThreadsOfRow + q * (Threads / ThreadsOfRow); }
    __device__ static int column() { return static_cast<int>(threadIdx.x) % ThreadsOfRow * 4; }

    __device__ int64_t row_of(int line, int p, int64_t first) const { return Tile::DepthFirst ? _origin + line : first + p; }
    __device__ int64_t column_of(int line, int p, int64_t first) const { return Tile::DepthFirst ? first + p : _origin + line; }

    const Source& _source;
    int64_t _origin;
    typename Source::Raw _raw[Quads];
};

// Adds the products over [first, last) for the tile that begins at row i and column j. `first` is a multiple of Product::Depth, and so is
// `last` unless both factors end there.
template <class Product, class A, class B>
__device__ __forceinline__ void multiply_tile(Product& product, typename Product::A& a_tile, const A& a, int64_t i,
                                              typename Product::B& b_tile, const B& b, int64_t j, int64_t first, int64_t last) {
    TileLoader<typename Product::A, Product::Rows, Product::Depth, Product::Threads, A> rows(a, i);
    TileLoader<typename Product::B, Product::Columns, Product::Depth, Product::Threads, B> columns(b, j);
    rows.load(first);
    columns.load(first);
    for (int64_t p = first; p < last; p += Product::Depth) {
        __syncthreads(); // the stage before has been multiplied
        rows.store(a_tile, p);
        columns.store(b_tile, p);
        __syncthreads();
        if (p + Product::Depth < last) {
            rows.load(p + Product::Depth);
            columns.load(p + Product::Depth);
        }
        product.multiply(a_tile, b_tile);
    }
}

} // namespace compiled::cuda
