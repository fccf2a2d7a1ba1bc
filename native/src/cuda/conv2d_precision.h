// How products are computed from tiles in shared memory: with FFMA in float32, here, or on tensor cores (conv2d_tensor_core.h). One
// structure for all:
//
//     A warp sums 2 tiles of 16 positions by 32 channels. Lane (g = lane / 4, t = lane % 4) holds positions g and g + 8 of each tile and
//     the 8 channels from 8 t on; tensor cores would give it other columns, so the columns of the weights are permuted.
//
// A Precision has
//     Chunk, Pitch        source channels per stage; 32-bit words from pixel to pixel of a source tile
//     GradientPitch       words from position to position of the tiles of a kernel gradient, 32 channels each
//     QuadWords           words of 4 channels in a tile
//     copy_quads          4 channels each from global memory into a tile, or zeros; asynchronously where the bits stay as they are
//     store_quad          4 channels from registers into a tile
//     ..._weights         a chunk of the kernel into shared memory, in the order in which multiply reads it
//     multiply            sums += source * weights, for a tap
//     multiply_small      the same for all taps at once, from an input of few channels
//     CyclesPerProduct    an estimate: of a quarter of a multiprocessor, for a row of 32 channels of a warp
//     add_outer           kernel gradient += x * dz, for Positions positions at once
#pragma once

#include "conv2d_tiled_shape.h"

namespace compiled::cuda::tiled {

__device__ __forceinline__ int lane_row() {
    return static_cast<int>(threadIdx.x % 32 / 4);
}
__device__ __forceinline__ int lane_column() {
    return static_cast<int>(threadIdx.x % 4);
}
__device__ __forceinline__ int warp_number() {
    return static_cast<int>(threadIdx.x / 32);
}

// d of mma, by slot and by 8 columns.
struct Sums {
    float values[Slots][TileChannels / 8][4] = {};

    // Position g + 8 * half of the slot's tile, channel 8 t + channel.
    __device__ __forceinline__ float& at(int slot, int half, int channel) { return values[slot][channel / 2][half * 2 + channel % 2]; }
};

// 48 rows of the kernel, 16 by 16, by 32 filters.
struct GradientSums {
    float values[KernelGradient::Taps][TileChannels / 8][4] = {};
};

// 4 floats, by one load where the address allows it.
__device__ __forceinline__ float4 load_quad(const float* address, bool aligned) {
    return aligned ? load_vector<float4>(address) : make_float4(address[0], address[1], address[2], address[3]);
}

__device__ __forceinline__ void store_quad(float* address, float4 quad, bool aligned) {
    if (aligned) {
        store_vector(address, quad);
    } else {
        address[0] = quad.x, address[1] = quad.y, address[2] = quad.z, address[3] = quad.w;
    }
}

__device__ __forceinline__ float as_float(uint32_t word) {
    return __uint_as_float(word);
}

// An input of a window at `place` from its position on, or behind the last one.
__device__ __forceinline__ float input_at(const float* position, int place) {
    return place < 0 ? 0.0f : position[place];
}

// Offsets, in words of a source tile, of the positions that a lane holds.
struct LanePositions {
    int offsets[Slots][2];

    // locate(slot, position): of position 0 to 15 of the slot's tile.
    template <class Locate>
    __device__ __forceinline__ explicit LanePositions(const Locate& locate) {
        for (int slot = 0; slot < Slots; ++slot) {
            offsets[slot][0] = locate(slot, lane_row());
            offsets[slot][1] = locate(slot, lane_row() + 8);
        }
    }
};

struct Float32 {
    static constexpr int Chunk = 16;
    static constexpr int Quads = Chunk / 4;
    static constexpr int QuadWords = 4;
    static constexpr int Pitch = Chunk + 4; // 8 neighbours in different banks
    static constexpr int GradientPitch = 32;
    static constexpr int SmallStep = 1;
    static constexpr int Positions = 4;
    static constexpr int CyclesPerProduct = 32;

    using Lanes = LanePositions;

    // A turned kernel keeps its filters together, which are then what is summed over: row `channel` begins at turned_row.
    template <bool Turned>
    CN_HOST_DEVICE static constexpr int tap_words() {
        return Turned ? TileChannels * (Chunk + 4) + TileChannels / 2 : TileChannels * Chunk;
    }
    __device__ __forceinline__ static int turned_row(int channel) { return channel * (Chunk + 4) + channel / 8 * 4; }

    __device__ __forceinline__ static void store_quad(uint32_t* target, float4 values) { store_vector(target, values); }

    // To place(i), from read(i, inside), for all i below `count`.
    template <class Read, class Place>
    __device__ __forceinline__ static void copy_quads(int count, bool aligned, const Read& read, const Place& place) {
        for (int i = static_cast<int>(threadIdx.x); i < count; i += Threads) {
            bool inside = false;
            const float* source = read(i, inside);
            uint32_t* target = place(i);
            if (aligned) {
                async_copy<16>(target, source, inside ? 16 : 0);
                continue;
            }
            CN_UNROLL
            for (int k = 0; k < 4; ++k) {
                async_copy<4>(target + k, inside ? source + k : source, inside ? 4 : 0);
            }
        }
    }

    // read(k, channel, inside) gives the address of 4 channels of row k.
    template <class Read>
    __device__ __forceinline__ static void copy_weights(uint32_t* target, int rows, bool aligned, const Read& read) {
        copy_quads(
            rows * 8, aligned, [&](int i, bool& inside) { return read(i / 8, i % 8 * 4, inside); }, [&](int i) { return target + i * 4; });
    }

    // read(tap, k, channel, inside) gives the address of 4 rows k of a channel.
    template <class Read>
    __device__ __forceinline__ static void copy_turned_weights(uint32_t* target, int taps, bool aligned, const Read& read) {
        copy_quads(
            taps * TileChannels * Quads, aligned,
            [&](int i, bool& inside) { return read(i / Quads / TileChannels, i % Quads * 4, i / Quads % TileChannels, inside); },
            [&](int i) {
                return target + i / Quads / TileChannels * tap_words<true>() + turned_row(i / Quads % TileChannels) + i % Quads * 4;
            });
    }

    template <bool Turned>
    __device__ __forceinline__ static void multiply(Sums& sums, const uint32_t* source, const Lanes& lanes, const uint32_t* weights) {
        const uint32_t* column = weights + (Turned ? turned_row(lane_column() * 8) : lane_column() * 8);
        CN_UNROLL
        for (int k = 0; k < Chunk; k += 4) {
            float x[Slots][2][4];
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                for (int half = 0; half < 2; ++half) {
                    auto quad = load_vector<float4>(source + lanes.offsets[slot][half] + k);
                    x[slot][half][0] = quad.x, x[slot][half][1] = quad.y, x[slot][half][2] = quad.z, x[slot][half][3] = quad.w;
                }
            }
            CN_UNROLL
            for (int i = 0; i < (Turned ? 8 : 4); ++i) {
                if constexpr (Turned) {
                    auto w = load_vector<float4>(column + i * (Chunk + 4) + k);
                    add(sums, x, 0, i, w.x);
                    add(sums, x, 1, i, w.y);
                    add(sums, x, 2, i, w.z);
                    add(sums, x, 3, i, w.w);
                } else {
                    add_row(sums, x, i, column + (k + i) * TileChannels);
                }
            }
        }
    }

    // places[v] is where input v of a window lies, from its position on; -1 behind the last. `rows` is a multiple of SmallStep.
    __device__ __forceinline__ static void multiply_small(Sums& sums, const float* source, const Lanes& lanes, const int* places,
                                                          const uint32_t* weights, int rows) {
        CN_UNROLL_BY(4)
        for (int v = 0; v < rows; ++v) {
            const float* input = source + places[v];
            float x[Slots][2][1];
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                x[slot][0][0] = input[lanes.offsets[slot][0]], x[slot][1][0] = input[lanes.offsets[slot][1]];
            }
            add_row(sums, x, 0, weights + v * TileChannels + lane_column() * 8);
        }
    }

    // --- gradient of the kernel: a lane holds rows 2 g and 2 g + 1 of each 16, and filters 8 t to 8 t + 7

    // calls visit(value, row, filter)
    template <class Visit>
    __device__ __forceinline__ static void for_gradients(const GradientSums& sums, const Visit& visit) {
        CN_UNROLL
        for (int s = 0; s < KernelGradient::Taps; ++s) {
            for (int i = 0; i < 16; ++i) {
                visit(sums.values[s][i / 4][i % 4], s, 2 * lane_row() + i / 8, lane_column() * 8 + i % 8);
            }
        }
    }

    // The two rows of 16 whose inputs a lane reads, and where they are in a tile: in the pixel `pixel`, from `channel` on.
    __device__ __forceinline__ static int gradient_row(int i) { return 2 * lane_row() + i; }
    __device__ __forceinline__ static int input_offset(int pixel, int channel, int i) { return pixel + channel + gradient_row(i); }

    // x + offsets[s][i] is gradient_row(i) of 16 rows s, at position 0 of the tile; positions[p] the offset of position p.
    template <bool Small>
    __device__ __forceinline__ static void add_outer(GradientSums& sums, const uint32_t* x, const int (&offsets)[KernelGradient::Taps][2],
                                                     const int* positions, const uint32_t* z) {
        auto at = load_vector<int4>(positions);
        const int places[Positions] = {at.x, at.y, at.z, at.w};
        CN_UNROLL
        for (int p = 0; p < Positions; ++p) {
            auto low = load_vector<float4>(z + p * GradientPitch + lane_column() * 8);
            auto high = load_vector<float4>(z + p * GradientPitch + lane_column() * 8 + 4);
            const float gradients[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
            CN_UNROLL
            for (int s = 0; s < KernelGradient::Taps; ++s) {
                float inputs[2];
                if constexpr (Small) {
                    inputs[0] = as_float(x[places[p] + offsets[s][0]]), inputs[1] = as_float(x[places[p] + offsets[s][1]]);
                } else {
                    auto pair = load_vector<float2>(x + places[p] + offsets[s][0]);
                    inputs[0] = pair.x, inputs[1] = pair.y;
                }
                for (int i = 0; i < 16; ++i) {
                    sums.values[s][i / 4][i % 4] += inputs[i / 8] * gradients[i % 8];
                }
            }
        }
    }

private:
    template <int Depth>
    __device__ __forceinline__ static void add(Sums& sums, const float (&x)[Slots][2][Depth], int k, int channel, float weight) {
        CN_UNROLL
        for (int slot = 0; slot < Slots; ++slot) {
            for (int half = 0; half < 2; ++half) {
                sums.at(slot, half, channel) += x[slot][half][k] * weight;
            }
        }
    }

    template <int Depth>
    __device__ __forceinline__ static void add_row(Sums& sums, const float (&x)[Slots][2][Depth], int k, const uint32_t* row) {
        auto low = load_vector<float4>(row), high = load_vector<float4>(row + 4);
        const float weights[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
        CN_UNROLL
        for (int channel = 0; channel < 8; ++channel) {
            add(sums, x, k, channel, weights[channel]);
        }
    }
};

} // namespace compiled::cuda::tiled
