// The matrix product of a block: values[Rows][Columns] += a[Rows][Depth] * b[Depth][Columns], with a and b in shared memory and the
// values in the registers of the block's threads. Convolutions and dense stages are made of it, in each cn_precision:
//
//     FLOAT32    multiply-adds, a few rows by four columns per thread
//     TF32       tensor cores; tiles are float32 and rounded as they go to registers, so that they can be copied asynchronously
//     BFLOAT16   tensor cores; tiles are bf16, rounded when they are stored
//
//     using Product = TileProduct<CN_PRECISION_FLOAT32, 64, 64, 16, 128, TileOrder::DepthFirst, TileOrder::LinesFirst>;
//     CN_SHARED(a, typename Product::A);
//     CN_SHARED(b, typename Product::B);
//     Product product;
//     for (all steps) {
//         a.store(row, k, x); b.store(column, k, w);   // by all threads, each its share of all elements; zeros past the ends
//         __syncthreads();
//         product.multiply(a, b);
//         __syncthreads();
//     }
//     product.for_each([&](int row, int column, float& value) { ... });
//
// Both operands are tiles of lines (the rows of a, the columns of b) with Depth elements each. Their order is chosen by what lies side by
// side in global memory, so that loads are coalesced and packs of four can be stored at once; a transposed operand is the other order.
// Every value is a sum over k in rising order: its bits do not depend on the other lines of its tile (with tensor cores: as the hardware
// adds within an instruction).
#pragma once

#include "compiled.h"
#include "cuda.h"

#include <algorithm>

namespace compiled::cuda {

enum class TileOrder {
    DepthFirst, // the elements of a line side by side: [line][k]
    LinesFirst  // the lines side by side: [k][line]
};

// One operand. Rows of the array are padded so that neither packs of four nor fragments meet in a bank.
template <int32_t Precision, int Lines, int Depth, TileOrder Order>
struct OperandTile {
    static constexpr bool Rounded = Precision == CN_PRECISION_BFLOAT16;
    static constexpr bool DepthFirst = Order == TileOrder::DepthFirst;
    using Element = std::conditional_t<Rounded, uint16_t, float>;

    static constexpr int Padding = Rounded || !DepthFirst ? 8 : 4;
    static constexpr int Pitch = (DepthFirst ? Depth : Lines) + Padding;

    Element elements[(DepthFirst ? Lines : Depth) * Pitch];

    __device__ __forceinline__ static int place(int line, int k) { return DepthFirst ? line * Pitch + k : k * Pitch + line; }

    // The target of an async copy of float32 elements that lie side by side, up to four from a multiple of four on. Not for bf16.
    __device__ __forceinline__ Element* address(int line, int k) { return elements + place(line, k); }
    __device__ __forceinline__ const Element* address(int line, int k) const { return elements + place(line, k); }

    __device__ __forceinline__ void store(int line, int k, float value) {
        if constexpr (Rounded) {
            elements[place(line, k)] = static_cast<uint16_t>(pack_bf16(value, value));
        } else {
            elements[place(line, k)] = value;
        }
    }

    // Four elements side by side: k to k + 3, or line to line + 3; the first is a multiple of four.
    __device__ __forceinline__ void store_four(int line, int k, const float (&values)[4]) {
        if constexpr (Rounded) {
            store_vector(address(line, k), make_uint2(pack_bf16(values[0], values[1]), pack_bf16(values[2], values[3])));
        } else {
            store_vector(address(line, k), make_float4(values[0], values[1], values[2], values[3]));
        }
    }
};

// How the threads of a block share the values: warps stand in a grid of WarpRows by WarpColumns, 32 columns each.
template <int RowCount, int ColumnCount, int ThreadCount>
struct TileWarps {
    static constexpr int Warps = ThreadCount / 32;
    static constexpr int WarpColumns = ColumnCount / 32;
    static constexpr int WarpRows = Warps / WarpColumns;
    static constexpr int RowsOfWarp = RowCount / WarpRows;
    static_assert(ThreadCount % 32 == 0 && ColumnCount % 32 == 0 && Warps % WarpColumns == 0, "32 columns per warp");
    static_assert(RowCount % WarpRows == 0 && RowsOfWarp % 16 == 0, "the warps share the rows in pieces of 16");

    __device__ __forceinline__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
    __device__ __forceinline__ static int first_row() { return static_cast<int>(threadIdx.x) / 32 / WarpColumns * RowsOfWarp; }
    __device__ __forceinline__ static int first_column() { return static_cast<int>(threadIdx.x) / 32 % WarpColumns * 32; }
};

// --- multiply-adds: the lanes of a warp stand in 4 rows by 8 columns

template <int RowCount, int ColumnCount, int DepthCount, int ThreadCount, TileOrder OrderOfA, TileOrder OrderOfB>
struct MultiplyAdds : TileWarps<RowCount, ColumnCount, ThreadCount> {
    using Warps = TileWarps<RowCount, ColumnCount, ThreadCount>;
    using A = OperandTile<CN_PRECISION_FLOAT32, RowCount, DepthCount, OrderOfA>;
    using B = OperandTile<CN_PRECISION_FLOAT32, ColumnCount, DepthCount, OrderOfB>;

    static constexpr int RowsOfThread = Warps::RowsOfWarp / 4;
    static constexpr int Values = RowsOfThread * 4;
    // Lines that are side by side in the tile are loaded together; of others the lanes have neighbours, which are in other banks.
    static constexpr int Pack = B::DepthFirst ? 1 : 4;
    static_assert(DepthCount % 4 == 0, "steps of four");

    __device__ __forceinline__ static int row(int i) {
        int line = i / 4, of_lane = Warps::lane() / 8;
        return Warps::first_row() + (A::DepthFirst ? line * 4 + of_lane : line / 4 * 16 + of_lane * 4 + line % 4);
    }
    __device__ __forceinline__ static int column(int i) {
        int line = i % 4, of_lane = Warps::lane() % 8;
        return Warps::first_column() + (B::DepthFirst ? line * 8 + of_lane : of_lane * 4 + line);
    }

    __device__ __forceinline__ static void multiply(float (&values)[Values], const A& a, const B& b) {
        CN_UNROLL
        for (int k = 0; k < DepthCount; k += 4) {
            float of_a[RowsOfThread][4], of_b[4][4];
            load(of_a, a, k, [](int line) { return row(line * 4); });
            load(of_b, b, k, [](int line) { return column(line); });
            CN_UNROLL
            for (int step = 0; step < 4; ++step) {
                CN_UNROLL
                for (int i = 0; i < Values; ++i) {
                    values[i] = fmaf(of_a[i / 4][step], of_b[i % 4][step], values[i]);
                }
            }
        }
    }

private:
    template <int Count, class Tile, class LineOf>
    __device__ __forceinline__ static void load(float (&target)[Count][4], const Tile& tile, int k, const LineOf& line_of) {
        if constexpr (Tile::DepthFirst) {
            CN_UNROLL
            for (int line = 0; line < Count; ++line) {
                float4 four = load_vector<float4>(tile.address(line_of(line), k));
                target[line][0] = four.x, target[line][1] = four.y, target[line][2] = four.z, target[line][3] = four.w;
            }
        } else {
            CN_UNROLL
            for (int step = 0; step < 4; ++step) {
                CN_UNROLL
                for (int line = 0; line < Count; line += 4) {
                    float4 four = load_vector<float4>(tile.address(line_of(line), k + step));
                    target[line][step] = four.x, target[line + 1][step] = four.y;
                    target[line + 2][step] = four.z, target[line + 3][step] = four.w;
                }
            }
        }
    }
};

// --- tensor cores: fragments of 16 rows by 8 columns (tensor_core.h)

template <int32_t Precision, int RowCount, int ColumnCount, int DepthCount, int ThreadCount, TileOrder OrderOfA, TileOrder OrderOfB>
struct TensorCores : TileWarps<RowCount, ColumnCount, ThreadCount> {
    using Warps = TileWarps<RowCount, ColumnCount, ThreadCount>;
    using A = OperandTile<Precision, RowCount, DepthCount, OrderOfA>;
    using B = OperandTile<Precision, ColumnCount, DepthCount, OrderOfB>;

    static constexpr bool Bf16 = Precision == CN_PRECISION_BFLOAT16;
    static constexpr int Step = Bf16 ? 16 : 8; // k of one instruction
    static constexpr int RowFragments = Warps::RowsOfWarp / 16;
    static constexpr int ColumnFragments = 4;
    static constexpr int Values = RowFragments * ColumnFragments * 4;
    static constexpr int Pack = 2;
    static_assert(DepthCount % Step == 0, "whole instructions");

    __device__ __forceinline__ static int row(int i) {
        return Warps::first_row() + i / (ColumnFragments * 4) * 16 + i % 4 / 2 * 8 + Warps::lane() / 4;
    }
    __device__ __forceinline__ static int column(int i) {
        return Warps::first_column() + i / 4 % ColumnFragments * 8 + Warps::lane() % 4 * 2 + i % 2;
    }

    __device__ __forceinline__ static void multiply(float (&values)[Values], const A& a, const B& b) {
        CN_UNROLL
        for (int k = 0; k < DepthCount; k += Step) {
            uint32_t of_a[RowFragments][4], of_b[ColumnFragments][2];
            CN_UNROLL
            for (int m = 0; m < RowFragments; ++m) {
                load_a(of_a[m], a, Warps::first_row() + m * 16, k);
            }
            CN_UNROLL
            for (int n = 0; n < ColumnFragments; n += 2) {
                uint32_t pair[4];
                load_b_pair(pair, b, Warps::first_column() + n * 8, k);
                of_b[n][0] = pair[0], of_b[n][1] = pair[1], of_b[n + 1][0] = pair[2], of_b[n + 1][1] = pair[3];
            }
            CN_UNROLL
            for (int m = 0; m < RowFragments; ++m) {
                CN_UNROLL
                for (int n = 0; n < ColumnFragments; ++n) {
                    multiply_fragments(values, (m * ColumnFragments + n) * 4, of_a[m], of_b[n]);
                }
            }
        }
    }

private:
    __device__ __forceinline__ static void multiply_fragments(float (&values)[Values], int first, const uint32_t (&a)[4],
                                                              const uint32_t (&b)[2]) {
        float d[4] = {values[first], values[first + 1], values[first + 2], values[first + 3]};
        if constexpr (Bf16) {
            mma_bf16(d, a, b);
        } else {
            mma_tf32(d, a, b);
        }
        values[first] = d[0], values[first + 1] = d[1], values[first + 2] = d[2], values[first + 3] = d[3];
    }

    // Matrices 0 to 3: lines 0 to 7 and 8 to 15 of the first half of the step, then of the second.
    __device__ __forceinline__ static void load_a(uint32_t (&fragment)[4], const A& a, int line, int k) {
        int matrix = Warps::lane() / 8;
        load_four<true>(fragment, a, line, k, matrix % 2 * 8, matrix / 2);
    }

    // Two fragments beside each other. Matrices: both halves of the step for lines 0 to 7, then for lines 8 to 15.
    __device__ __forceinline__ static void load_b_pair(uint32_t (&fragments)[4], const B& b, int line, int k) {
        int matrix = Warps::lane() / 8;
        load_four<false>(fragments, b, line, k, matrix / 2 * 8, matrix % 2);
    }

    // `line_offset` and `half` are those of the matrix whose rows this lane addresses.
    template <bool LinesFirst, class Tile>
    __device__ __forceinline__ static void load_four(uint32_t (&fragment)[4], const Tile& tile, int line, int k, int line_offset,
                                                     int half) {
        int of_matrix = Warps::lane() % 8;
        if constexpr (Tile::DepthFirst) { // a 32-bit word of a row of 16 bytes is a pair of bf16, or a float
            load_matrices(fragment, tile.address(line + line_offset + of_matrix, k + half * (Step / 2)));
        } else if constexpr (Bf16) {
            load_matrices<4, true>(fragment, tile.address(line + line_offset, k + half * 8 + of_matrix));
        } else {
            gather_four<LinesFirst>(fragment, tile, line, k);
        }
        if constexpr (!Bf16) {
            CN_UNROLL
            for (uint32_t& bits : fragment) {
                bits = to_tf32(__uint_as_float(bits));
            }
        }
    }

    // What load_matrices cannot do for words of 32 bits: take the columns.
    template <bool LinesFirst, class Tile>
    __device__ __forceinline__ static void gather_four(uint32_t (&fragment)[4], const Tile& tile, int line, int k) {
        int g = Warps::lane() / 4, t = Warps::lane() % 4;
        CN_UNROLL
        for (int i = 0; i < 4; ++i) {
            int line_offset = (LinesFirst ? i % 2 : i / 2) * 8, half = LinesFirst ? i / 2 : i % 2;
            fragment[i] = __float_as_uint(*tile.address(line + line_offset + g, k + half * 4 + t));
        }
    }
};

// --- the product

template <int32_t Precision, int RowCount, int ColumnCount, int DepthCount, int ThreadCount, TileOrder OrderOfA, TileOrder OrderOfB>
class TileProduct {
    using Method = std::conditional_t<Precision == CN_PRECISION_FLOAT32,
                                      MultiplyAdds<RowCount, ColumnCount, DepthCount, ThreadCount, OrderOfA, OrderOfB>,
                                      TensorCores<Precision, RowCount, ColumnCount, DepthCount, ThreadCount, OrderOfA, OrderOfB>>;

public:
    static constexpr int Rows = RowCount;
    static constexpr int Columns = ColumnCount;
    static constexpr int Depth = DepthCount;
    static constexpr int Threads = ThreadCount;
    static constexpr int Values = Method::Values; // of a thread
    static constexpr int Pack = Method::Pack;     // values i to i + Pack - 1, from a multiple of Pack on, are side by side in a row

    using A = typename Method::A; // lines are rows
    using B = typename Method::B; // lines are columns

    float values[Values]; // this thread's; always with constant indices, or they leave the registers

    __device__ __forceinline__ TileProduct() { clear(); }

    __device__ __forceinline__ void clear() {
        CN_UNROLL
        for (int i = 0; i < Values; ++i) {
            values[i] = 0.0f;
        }
    }

    // By all threads, with the tiles complete and behind a barrier. What was there stays: the product is added.
    __device__ __forceinline__ void multiply(const A& a, const B& b) { Method::multiply(values, a, b); }

    // Where values[i] stands in the tile.
    __device__ __forceinline__ static int row(int i) { return Method::row(i); }
    __device__ __forceinline__ static int column(int i) { return Method::column(i); }

    // body(row, column, value) for each of this thread's values.
    template <class Body>
    __device__ __forceinline__ void for_each(const Body& body) {
        CN_UNROLL
        for (int i = 0; i < Values; ++i) {
            body(row(i), column(i), values[i]);
        }
    }

    // body(row, column, first value) for each Pack of them, beside each other from `column` on.
    template <class Body>
    __device__ __forceinline__ void for_each_pack(const Body& body) {
        CN_UNROLL
        for (int i = 0; i < Values; i += Pack) {
            float pack[Pack];
            CN_UNROLL
            for (int e = 0; e < Pack; ++e) {
                pack[e] = values[i + e];
            }
            body(row(i), column(i), pack);
        }
    }
};

// Shared memory for the operands of several products, by turns.
template <class... Products>
class OperandRoom {
public:
    template <class Product>
    __device__ typename Product::A& a() {
        static_assert(sizeof(typename Product::A) <= sizeof(_a), "room for any");
        return reinterpret_cast<typename Product::A&>(_a);
    }
    template <class Product>
    __device__ typename Product::B& b() {
        static_assert(sizeof(typename Product::B) <= sizeof(_b), "room for any");
        return reinterpret_cast<typename Product::B&>(_b);
    }
    __device__ float* floats() { return reinterpret_cast<float*>(_a); }

private:
    static constexpr size_t BytesOfA = std::max({sizeof(typename Products::A)...});
    static constexpr size_t BytesOfB = std::max({sizeof(typename Products::B)...});

    alignas(16) unsigned char _a[BytesOfA];
    alignas(16) unsigned char _b[BytesOfB];
};

} // namespace compiled::cuda
