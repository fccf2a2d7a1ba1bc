// A tile of a product of two matrices, by one block: tile[i][j] = sum over p of a(i, p) * b(p, j).
//
// Stages of `Depth` p's go through registers, where they wait for their turn while the stage before is multiplied, to shared memory. There
// both factors lie as words [p][i] and [p][j]: a float, a float rounded to TF32, or, in bf16, a pair of neighbouring p's. So the three
// precisions differ in the words and in the instruction alone.
#pragma once

#include "elementwise.h"
#include "reduce.h"

namespace compiled::cuda {

constexpr int TileThreads = 128;

// A tile of few rows, as of a small batch, and one that loads less for each product.
struct SmallTile {
    static constexpr int Rows = 32, Columns = 32, Depth = 64;
};
struct LargeTile {
    static constexpr int Rows = 64, Columns = 64, Depth = 32;
};

constexpr int TilePadding = 8; // words between rows of words: eight rows apart, four lanes then meet different banks
constexpr int TileWords = SmallTile::Depth * (SmallTile::Rows + SmallTile::Columns + 2 * TilePadding); // shared memory, for any tile
static_assert(TileWords >= LargeTile::Depth * (LargeTile::Rows + LargeTile::Columns + 2 * TilePadding), "for any tile");

// How many p's are in a word.
template <int32_t Precision>
constexpr int WordDepth = Precision == CN_PRECISION_BFLOAT16 ? 2 : 1;

template <int32_t Precision>
__device__ __forceinline__ uint32_t tile_word(float value) {
    return Precision == CN_PRECISION_TF32 ? to_tf32(value) : __float_as_uint(value);
}

// A row-major matrix in memory as a factor. Other sources have the same three members.
class MatrixSource {
public:
    using Raw = Pack<4>;

    // `vectors`: every row begins at a multiple of 16 bytes.
    __device__ MatrixSource(const float* data, int64_t rows, int64_t columns, bool vectors)
        : _data(data), _rows(rows), _columns(columns), _vectors(vectors) {}

    // Four elements of a row, zeros where there are none. `finish` comes a stage later, before they are used.
    __device__ Raw load(int64_t row, int64_t column) const {
        Raw raw{};
        const float* address = _data + row * _columns + column;
        if (row >= _rows) {
            return raw;
        }
        if (_vectors && column + 4 <= _columns) {
            return Raw::load(address);
        }
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            if (column + e < _columns) {
                raw.values[e] = address[e];
            }
        }
        return raw;
    }
    __device__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const { return raw; }

private:
    const float* _data;
    int64_t _rows;
    int64_t _columns;
    bool _vectors;
};

// This thread's part of the stages of one factor. `Extent` is how far the tile reaches along its other axis, which begins at `origin`.
// `ByRows`: p is the row of the matrix; else it is the column.
template <int32_t Precision, bool ByRows, int Extent, int Depth, class Source>
class TileLoader {
public:
    static constexpr int Stride = Extent + TilePadding; // words from p to p

    __device__ TileLoader(const Source& source, int64_t origin) : _source(source), _origin(origin) {}

    __device__ void load(int64_t first) {
        CN_UNROLL
        for (int q = 0; q < Quads; ++q) {
            Place place(q);
            _raw[q] = _source.load(row(place, first), column(place, first));
        }
    }

    __device__ void store(uint32_t* words, int64_t first) const {
        CN_UNROLL
        for (int q = 0; q < Quads; q += 2) {
            Place place(q), next(q + 1);
            Pack<4> one = _source.finish(_raw[q], row(place, first), column(place, first));
            Pack<4> other = _source.finish(_raw[q + 1], row(next, first), column(next, first));
            if constexpr (ByRows && WordDepth<Precision> == 2) { // place and next are neighbours in p
                uint32_t pairs[4];
                CN_UNROLL
                for (int e = 0; e < 4; ++e) {
                    pairs[e] = pack_bf16(one.values[e], other.values[e]);
                }
                store_along(words, place, pairs);
            } else {
                store_one(words, place, one);
                store_one(words, next, other);
            }
        }
    }

private:
    static constexpr int Quads = Extent * Depth / 4 / TileThreads;
    static_assert(Quads % 2 == 0 && Extent % 16 == 0 && Depth % 8 == 0, "how threads share a stage");

    // Where the q-th four elements of this thread are, in the stage.
    struct Place {
        int p, other;

        __device__ explicit Place(int q) {
            int thread = static_cast<int>(threadIdx.x);
            if constexpr (ByRows) {
                int index = q / 2 * TileThreads + thread;
                p = index / (Extent / 4) * 2 + q % 2;
                other = index % (Extent / 4) * 4;
            } else { // two lanes side by side in a row of the matrix: the 32 bytes that memory gives at a time
                int group = q * (TileThreads / WarpLanes) + thread / WarpLanes;
                p = group / (Extent / 16) * 8 + thread % 2 * 4;
                other = group % (Extent / 16) * 16 + thread % WarpLanes / 2;
            }
        }
    };

    __device__ int64_t row(const Place& place, int64_t first) const { return ByRows ? first + place.p : _origin + place.other; }
    __device__ int64_t column(const Place& place, int64_t first) const { return ByRows ? _origin + place.other : first + place.p; }

    __device__ static void store_along(uint32_t* words, const Place& place, const uint32_t (&values)[4]) {
        store_vector(words + place.p / WordDepth<Precision> * Stride + place.other, make_uint4(values[0], values[1], values[2], values[3]));
    }

    __device__ static void store_one(uint32_t* words, const Place& place, const Pack<4>& pack) {
        if constexpr (ByRows) {
            uint32_t values[4];
            CN_UNROLL
            for (int e = 0; e < 4; ++e) {
                values[e] = tile_word<Precision>(pack.values[e]);
            }
            store_along(words, place, values);
        } else if constexpr (WordDepth<Precision> == 2) {
            words[place.p / 2 * Stride + place.other] = pack_bf16(pack.values[0], pack.values[1]);
            words[(place.p / 2 + 1) * Stride + place.other] = pack_bf16(pack.values[2], pack.values[3]);
        } else {
            CN_UNROLL
            for (int e = 0; e < 4; ++e) {
                words[(place.p + e) * Stride + place.other] = tile_word<Precision>(pack.values[e]);
            }
        }
    }

    const Source& _source;
    int64_t _origin;
    typename Source::Raw _raw[Quads];
};

// This thread's sums of a tile, in float32.
template <int32_t Precision, class Tile>
class TileSums {
public:
    static constexpr int Count = Tile::Rows * Tile::Columns / TileThreads;
    static constexpr int Run = 2; // neighbouring columns

    // Multiplies one stage.
    __device__ void add(const uint32_t* a, const uint32_t* b) {
        for (int word = 0; word < Tile::Depth / WordDepth<Precision>; word += 8, a += 8 * AStride, b += 8 * BStride) {
            step(a + warp_row() + lane() / 4 + lane() % 4 * AStride, b + warp_column() + lane() / 4 + lane() % 4 * BStride);
        }
    }

    // Calls body(row, column, sums) for runs of sums of one row, places in the tile.
    template <class Body>
    __device__ void for_runs(const Body& body) const {
        CN_UNROLL
        for (int m = 0; m < RowTiles; ++m) {
            CN_UNROLL
            for (int half = 0; half < 2; ++half) {
                CN_UNROLL
                for (int n = 0; n < ColumnTiles; ++n) {
                    const float* sums = _sums + (m * ColumnTiles + n) * 4 + half * 2;
                    float run[Run] = {sums[0], sums[1]};
                    body(warp_row() + m * 16 + half * 8 + lane() / 4, warp_column() + n * 8 + lane() % 4 * 2, run);
                }
            }
        }
    }

    __device__ float (&values())[Count] { return _sums; }

private:
    static constexpr int AStride = Tile::Rows + TilePadding, BStride = Tile::Columns + TilePadding;
    static constexpr int RowTiles = Tile::Rows / 2 / 16, ColumnTiles = Tile::Columns / 2 / 8; // of a warp, which has a quarter

    __device__ static int lane() { return static_cast<int>(threadIdx.x) % WarpLanes; }
    __device__ static int warp_row() { return static_cast<int>(threadIdx.x) / WarpLanes / 2 * (Tile::Rows / 2); }
    __device__ static int warp_column() { return static_cast<int>(threadIdx.x) / WarpLanes % 2 * (Tile::Columns / 2); }

    __device__ void step(const uint32_t* a, const uint32_t* b) {
        uint32_t rows[RowTiles][4], columns[ColumnTiles][2];
        CN_UNROLL
        for (int m = 0; m < RowTiles; ++m) {
            CN_UNROLL
            for (int e = 0; e < 4; ++e) {
                rows[m][e] = a[m * 16 + e % 2 * 8 + e / 2 * 4 * AStride];
            }
        }
        CN_UNROLL
        for (int n = 0; n < ColumnTiles; ++n) {
            CN_UNROLL
            for (int e = 0; e < 2; ++e) {
                columns[n][e] = b[n * 8 + e * 4 * BStride];
            }
        }
        CN_UNROLL
        for (int m = 0; m < RowTiles; ++m) {
            CN_UNROLL
            for (int n = 0; n < ColumnTiles; ++n) {
                float* sums = _sums + (m * ColumnTiles + n) * 4;
                float d[4] = {sums[0], sums[1], sums[2], sums[3]};
                if constexpr (Precision == CN_PRECISION_BFLOAT16) {
                    mma_bf16(d, rows[m], columns[n]);
                } else {
                    mma_tf32(d, rows[m], columns[n]);
                }
                sums[0] = d[0], sums[1] = d[1], sums[2] = d[2], sums[3] = d[3];
            }
        }
    }

    float _sums[Count] = {};
};

template <class Tile>
class TileSums<CN_PRECISION_FLOAT32, Tile> {
public:
    static constexpr int Count = Tile::Rows * Tile::Columns / TileThreads;
    static constexpr int Run = 4;

    __device__ void add(const uint32_t* a, const uint32_t* b) {
        a += row();
        b += column();
        for (int p = 0; p < Tile::Depth; p += Unrolled, a += Unrolled * AStride, b += Unrolled * BStride) {
            CN_UNROLL
            for (int ahead = 0; ahead < Unrolled; ++ahead) {
                step(a + ahead * AStride, b + ahead * BStride);
            }
        }
    }

    template <class Body>
    __device__ void for_runs(const Body& body) const {
        CN_UNROLL
        for (int m = 0; m < Rows; ++m) {
            const float* sums = _sums + m * Run;
            float run[Run] = {sums[0], sums[1], sums[2], sums[3]};
            body(row() + m, column(), run);
        }
    }

    __device__ float (&values())[Count] { return _sums; }

private:
    static constexpr int AStride = Tile::Rows + TilePadding, BStride = Tile::Columns + TilePadding;
    static constexpr int Rows = Count / Run;
    static constexpr int WarpColumns = Tile::Columns / 32; // warps side by side; one has 4 lanes by 8
    static constexpr int Unrolled = 8;

    __device__ static int row() {
        int thread = static_cast<int>(threadIdx.x);
        return (thread / WarpLanes / WarpColumns * 4 + thread % WarpLanes / 8) * Rows;
    }
    __device__ static int column() {
        int thread = static_cast<int>(threadIdx.x);
        return thread / WarpLanes % WarpColumns * 32 + thread % 8 * Run;
    }

    __device__ void step(const uint32_t* a, const uint32_t* b) {
        float rows[Rows];
        if constexpr (Rows == 2) {
            float2 two = load_vector<float2>(a);
            rows[0] = two.x, rows[1] = two.y;
        } else {
            CN_UNROLL
            for (int m = 0; m < Rows; m += 4) {
                float4 four = load_vector<float4>(a + m);
                rows[m] = four.x, rows[m + 1] = four.y, rows[m + 2] = four.z, rows[m + 3] = four.w;
            }
        }
        float4 columns = load_vector<float4>(b);
        CN_UNROLL
        for (int m = 0; m < Rows; ++m) {
            float* sums = _sums + m * Run;
            sums[0] += rows[m] * columns.x;
            sums[1] += rows[m] * columns.y;
            sums[2] += rows[m] * columns.z;
            sums[3] += rows[m] * columns.w;
        }
    }

    float _sums[Count] = {};
};

// Adds the products over [first, last) to the sums of the tile that begins at row i and column j. `words` are TileWords of shared memory.
// `first` is a multiple of Tile::Depth, and so is `last` unless both factors end there.
template <bool AByRows, bool BByRows, int32_t Precision, class Tile, class A, class B>
__device__ __forceinline__ void multiply_tile(TileSums<Precision, Tile>& sums, uint32_t* words, const A& a, int64_t i, const B& b,
                                              int64_t j, int64_t first, int64_t last) {
    TileLoader<Precision, AByRows, Tile::Rows, Tile::Depth, A> rows(a, i);
    TileLoader<Precision, BByRows, Tile::Columns, Tile::Depth, B> columns(b, j);
    uint32_t* column_words = words + Tile::Depth * (Tile::Rows + TilePadding);
    rows.load(first);
    columns.load(first);
    for (int64_t p = first; p < last; p += Tile::Depth) {
        __syncthreads(); // the stage before has been multiplied
        rows.store(words, p);
        columns.store(column_words, p);
        __syncthreads();
        if (p + Tile::Depth < last) {
            rows.load(p + Tile::Depth);
            columns.load(p + Tile::Depth);
        }
        sums.add(words, column_words);
    }
}

} // namespace compiled::cuda
