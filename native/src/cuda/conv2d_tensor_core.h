// Products on tensor cores: the Precisions of TF32 and bf16. Factors are rounded on their way into shared memory; inputs of few channels,
// which are read at any offset, when they are read there.
//
// Weights lie in shared memory as mma wants them: per step in k and 16 of the 32 columns the four words of each lane. Column g of the
// eighth `part` is channel 8 * (g / 2) + 2 * part + g % 2, so that a lane ends up with 8 channels in a row.
#pragma once

#include "conv2d_precision.h"

namespace compiled::cuda::tiled {

__device__ __forceinline__ int lane_number() {
    return static_cast<int>(threadIdx.x % 32);
}

// Where there is nothing to read, the address is one that can be read nevertheless: no branch keeps loads apart.
__device__ __forceinline__ float4 load_quad_or_zeros(const float* source, bool inside, bool aligned) {
    float4 quad = load_quad(source, aligned);
    return inside ? quad : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

// store(i, load(i)) for all i below `count`; of a thread's, Batch loads are on their way at once.
template <int Batch, class Load, class Store>
__device__ __forceinline__ void for_batches(int count, const Load& load, const Store& store) {
    for (int first = static_cast<int>(threadIdx.x); first < count; first += Batch * Threads) {
        decltype(load(0)) values[Batch];
        CN_UNROLL
        for (int b = 0; b < Batch; ++b) {
            int i = first + b * Threads;
            values[b] = load(i < count ? i : first);
        }
        CN_UNROLL
        for (int b = 0; b < Batch; ++b) {
            if (int i = first + b * Threads; i < count) {
                store(i, values[b]);
            }
        }
    }
}

// The four words of a lane, for one of the halves of the 32 columns, are in the place of lane ^ this: so that the lanes that store weights
// meet different banks, while those that read, 8 at a time, only change places among themselves. Steps are those of a tap: 1, 2 or 4.
template <int Steps>
__device__ __forceinline__ int lane_turn(int step, int lane, int half) {
    return (lane / 8 * 2 + half) ^ step % Steps;
}

// The word of a step's weights for `channel` that lane column t has as its b[r].
template <int Steps>
__device__ __forceinline__ int weight_word(int step, int channel, int t, int r) {
    int part = channel % 8 / 2, half = part / 2, lane = (channel / 8 * 2 + channel % 2) * 4 + t;
    return ((step * 2 + half) * 32 + (lane ^ lane_turn<Steps>(step, lane, half))) * 4 + part % 2 * 2 + r;
}

// The b fragments of all 32 columns.
template <int Steps>
struct WeightFragments {
    uint32_t values[TileChannels / 8][2];

    __device__ __forceinline__ WeightFragments(const uint32_t* weights, int step) {
        int lane = lane_number();
        CN_UNROLL
        for (int half = 0; half < 2; ++half) {
            auto words = load_vector<uint4>(weights + ((step * 2 + half) * 32 + (lane ^ lane_turn<Steps>(step, lane, half))) * 4);
            values[half * 2][0] = words.x, values[half * 2][1] = words.y;
            values[half * 2 + 1][0] = words.z, values[half * 2 + 1][1] = words.w;
        }
    }
};

// The same 4 channels of Count rows of weights.
template <int Count>
struct WeightRows {
    float values[Count][4];

    // read(k, channel, inside) gives the address of row k.
    template <class Read>
    __device__ __forceinline__ void load(int row, int k, int channel, bool aligned, const Read& read) {
        bool inside = false;
        const float* source = read(k, channel, inside);
        float4 quad = load_quad_or_zeros(source, inside, aligned);
        values[row][0] = quad.x, values[row][1] = quad.y, values[row][2] = quad.z, values[row][3] = quad.w;
    }
};

// What both have in common: sums += a * b is Core::multiply, and Core::store_quad rounds.
template <class Core>
struct TensorCorePrecision {
    __device__ __forceinline__ static void store_quad(uint32_t* target, float4 values) { Core::store_quad(target, values); }

    template <class Read, class Place>
    __device__ __forceinline__ static void copy_quads(int count, bool aligned, const Read& read, const Place& place) {
        for_batches<4>(
            count,
            [&](int i) {
                bool inside = false;
                const float* source = read(i, inside);
                return load_quad_or_zeros(source, inside, aligned);
            },
            [&](int i, float4 values) { store_quad(place(i), values); });
    }

    // mma gives a lane of each 16 rows by 8 columns: rows g and g + 8, columns 2 t and 2 t + 1.
    template <class Visit>
    __device__ __forceinline__ static void for_gradients(const GradientSums& sums, const Visit& visit) {
        CN_UNROLL
        for (int s = 0; s < KernelGradient::Taps; ++s) {
            CN_UNROLL
            for (int part = 0; part < TileChannels / 8; ++part) {
                CN_UNROLL
                for (int i = 0; i < 4; ++i) {
                    visit(sums.values[s][part][i], s, lane_row() + i / 2 * 8, part * 8 + 2 * lane_column() + i % 2);
                }
            }
        }
    }

    __device__ __forceinline__ static int gradient_row(int i) { return lane_row() + 8 * i; }

protected:
    __device__ __forceinline__ static void multiply_all(float (&sums)[TileChannels / 8][4], const uint32_t (&a)[4],
                                                        const uint32_t (&b)[TileChannels / 8][2]) {
        CN_UNROLL
        for (int part = 0; part < TileChannels / 8; ++part) {
            Core::multiply(sums[part], a, b[part]);
        }
    }
};

struct Tf32Core {
    __device__ __forceinline__ static void multiply(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
        mma_tf32(sums, a, b);
    }

    __device__ __forceinline__ static void store_quad(uint32_t* target, float4 values) {
        store_vector(target, make_uint4(to_tf32(values.x), to_tf32(values.y), to_tf32(values.z), to_tf32(values.w)));
    }
};

struct Tf32 : TensorCorePrecision<Tf32Core> {
    static constexpr int Step = 8;
    static constexpr int Chunk = 32;
    static constexpr int Quads = Chunk / 4;
    static constexpr int Steps = Chunk / Step;
    static constexpr int QuadWords = 4;
    static constexpr int Pitch = Chunk + 4; // 4 channels of 8 neighbours in different banks
    static constexpr int GradientPitch = 40;
    static constexpr int SmallStep = Step;
    static constexpr int Positions = Step;
    static constexpr int CyclesPerProduct = 8;

    using Lanes = LanePositions;

    template <bool Turned>
    CN_HOST_DEVICE static constexpr int tap_words() {
        return TileChannels * Chunk;
    }

    __device__ __forceinline__ static void store_weight(uint32_t* target, int k, int channel, float value) {
        target[weight_word<Steps>(k / Step, channel, k % 4, k % Step / 4)] = to_tf32(value);
    }

    // A lane's b[0] and b[1] are rows 4 apart.
    template <class Read>
    __device__ __forceinline__ static void copy_weights(uint32_t* target, int rows, bool aligned, const Read& read) {
        for_batches<2>(
            rows / 2 * 8,
            [&](int i) {
                int step = i / 32, t = i % 32 / 8, channel = i % 8 * 4;
                WeightRows<2> loaded;
                loaded.load(0, step * Step + t, channel, aligned, read);
                loaded.load(1, step * Step + t + 4, channel, aligned, read);
                return loaded;
            },
            [&](int i, const WeightRows<2>& loaded) {
                int step = i / 32, t = i % 32 / 8, channel = i % 8 * 4;
                CN_UNROLL
                for (int c = 0; c < 4; ++c) {
                    store_vector(target + weight_word<Steps>(step, channel + c, t, 0),
                                 make_uint2(to_tf32(loaded.values[0][c]), to_tf32(loaded.values[1][c])));
                }
            });
    }

    template <class Read>
    __device__ __forceinline__ static void copy_turned_weights(uint32_t* target, int taps, bool aligned, const Read& read) {
        for_batches<4>(
            taps * TileChannels * Quads,
            [&](int i) {
                bool inside = false;
                const float* source = read(i / Quads / TileChannels, i % Quads * 4, i / Quads % TileChannels, inside);
                return load_quad_or_zeros(source, inside, aligned);
            },
            [&](int i, float4 values) {
                int k = i % Quads * 4, channel = i / Quads % TileChannels;
                uint32_t* weights = target + i / Quads / TileChannels * tap_words<true>();
                store_weight(weights, k, channel, values.x);
                store_weight(weights, k + 1, channel, values.y);
                store_weight(weights, k + 2, channel, values.z);
                store_weight(weights, k + 3, channel, values.w);
            });
    }

    template <bool Turned>
    __device__ __forceinline__ static void multiply(Sums& sums, const uint32_t* source, const Lanes& lanes, const uint32_t* weights) {
        CN_UNROLL
        for (int step = 0; step < Chunk / Step; ++step) {
            WeightFragments<Steps> b(weights, step);
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                const uint32_t* upper = source + lanes.offsets[slot][0] + step * Step + lane_column();
                const uint32_t* lower = source + lanes.offsets[slot][1] + step * Step + lane_column();
                const uint32_t a[4] = {upper[0], lower[0], upper[4], lower[4]};
                multiply_all(sums.values[slot], a, b.values);
            }
        }
    }

    __device__ __forceinline__ static void multiply_small(Sums& sums, const float* source, const Lanes& lanes, const int* places,
                                                          const uint32_t* weights, int rows) {
        for (int v = 0; v < rows; v += Step) {
            WeightFragments<Steps> b(weights, v / Step);
            int first = places[v + lane_column()], second = places[v + lane_column() + 4];
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                const float* upper = source + lanes.offsets[slot][0];
                const float* lower = source + lanes.offsets[slot][1];
                const uint32_t a[4] = {to_tf32(input_at(upper, first)), to_tf32(input_at(lower, first)), to_tf32(input_at(upper, second)),
                                       to_tf32(input_at(lower, second))};
                multiply_all(sums.values[slot], a, b.values);
            }
        }
    }

    __device__ __forceinline__ static int input_offset(int pixel, int channel, int i) { return pixel + channel + gradient_row(i); }

    template <bool Small>
    __device__ __forceinline__ static void add_outer(GradientSums& sums, const uint32_t* x, const int (&offsets)[KernelGradient::Taps][2],
                                                     const int* positions, const uint32_t* z) {
        uint32_t b[TileChannels / 8][2];
        CN_UNROLL
        for (int part = 0; part < TileChannels / 8; ++part) {
            const uint32_t* column = z + part * 8 + lane_row();
            b[part][0] = column[lane_column() * GradientPitch];
            b[part][1] = column[(lane_column() + 4) * GradientPitch];
        }
        const uint32_t* first = x + positions[lane_column()];
        const uint32_t* second = x + positions[lane_column() + 4];
        CN_UNROLL
        for (int s = 0; s < KernelGradient::Taps; ++s) {
            const uint32_t a[4] = {input<Small>(first[offsets[s][0]]), input<Small>(first[offsets[s][1]]),
                                   input<Small>(second[offsets[s][0]]), input<Small>(second[offsets[s][1]])};
            multiply_all(sums.values[s], a, b);
        }
    }

private:
    template <bool Small>
    __device__ __forceinline__ static uint32_t input(uint32_t word) {
        return Small ? to_tf32(as_float(word)) : word;
    }
};

struct Bfloat16Core {
    __device__ __forceinline__ static void multiply(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
        mma_bf16(sums, a, b);
    }

    __device__ __forceinline__ static void store_quad(uint32_t* target, float4 values) {
        store_vector(target, make_uint2(pack_bf16(values.x, values.y), pack_bf16(values.z, values.w)));
    }
};

struct Bfloat16 : TensorCorePrecision<Bfloat16Core> {
    static constexpr int Step = 16;
    static constexpr int Chunk = 32;
    static constexpr int Quads = Chunk / 4;
    static constexpr int Steps = Chunk / Step;
    static constexpr int QuadWords = 2;
    static constexpr int Pitch = Chunk / 2 + 4; // 16 bytes of 8 neighbours in different banks
    static constexpr int GradientPitch = Pitch;
    static constexpr int SmallStep = Step;
    static constexpr int Positions = Step;
    static constexpr int CyclesPerProduct = 4;

    // For ldmatrix: matrix i is positions 8 * (i % 2) to 8 * (i % 2) + 7, and of the 16 channels of a step the half i / 2.
    struct Lanes {
        int offsets[Slots];

        template <class Locate>
        __device__ __forceinline__ explicit Lanes(const Locate& locate) {
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                offsets[slot] = locate(slot, lane_number() % 16) + lane_number() / 16 * 4;
            }
        }
    };

    template <bool Turned>
    CN_HOST_DEVICE static constexpr int tap_words() {
        return TileChannels * Chunk / 2;
    }

    // Rows k, even, and k + 1.
    __device__ __forceinline__ static void store_weights(uint32_t* target, int k, int channel, float first, float second) {
        target[weight_word<Steps>(k / Step, channel, k % 8 / 2, k % Step / 8)] = pack_bf16(first, second);
    }

    // A lane's b[0] is two rows, b[1] those 8 further.
    template <class Read>
    __device__ __forceinline__ static void copy_weights(uint32_t* target, int rows, bool aligned, const Read& read) {
        for_batches<1>(
            rows / 4 * 8,
            [&](int i) {
                int step = i / 32, t = i % 32 / 8, channel = i % 8 * 4;
                WeightRows<4> loaded;
                CN_UNROLL
                for (int row = 0; row < 4; ++row) {
                    loaded.load(row, step * Step + 2 * t + row % 2 + row / 2 * 8, channel, aligned, read);
                }
                return loaded;
            },
            [&](int i, const WeightRows<4>& loaded) {
                int step = i / 32, t = i % 32 / 8, channel = i % 8 * 4;
                CN_UNROLL
                for (int c = 0; c < 4; ++c) {
                    store_vector(target + weight_word<Steps>(step, channel + c, t, 0),
                                 make_uint2(pack_bf16(loaded.values[0][c], loaded.values[1][c]),
                                            pack_bf16(loaded.values[2][c], loaded.values[3][c])));
                }
            });
    }

    template <class Read>
    __device__ __forceinline__ static void copy_turned_weights(uint32_t* target, int taps, bool aligned, const Read& read) {
        for_batches<4>(
            taps * TileChannels * Quads,
            [&](int i) {
                bool inside = false;
                const float* source = read(i / Quads / TileChannels, i % Quads * 4, i / Quads % TileChannels, inside);
                return load_quad_or_zeros(source, inside, aligned);
            },
            [&](int i, float4 values) {
                int k = i % Quads * 4, channel = i / Quads % TileChannels;
                uint32_t* weights = target + i / Quads / TileChannels * tap_words<true>();
                store_weights(weights, k, channel, values.x, values.y);
                store_weights(weights, k + 2, channel, values.z, values.w);
            });
    }

    template <bool Turned>
    __device__ __forceinline__ static void multiply(Sums& sums, const uint32_t* source, const Lanes& lanes, const uint32_t* weights) {
        CN_UNROLL
        for (int step = 0; step < Chunk / Step; ++step) {
            WeightFragments<Steps> b(weights, step);
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                uint32_t a[4];
                load_matrices(a, source + lanes.offsets[slot] + step * Step / 2);
                multiply_all(sums.values[slot], a, b.values);
            }
        }
    }

    __device__ __forceinline__ static void multiply_small(Sums& sums, const float* source, const LanePositions& lanes, const int* places,
                                                          const uint32_t* weights, int rows) {
        for (int v = 0; v < rows; v += Step) {
            WeightFragments<Steps> b(weights, v / Step);
            auto low = load_vector<int2>(places + v + 2 * lane_column());
            auto high = load_vector<int2>(places + v + 8 + 2 * lane_column());
            CN_UNROLL
            for (int slot = 0; slot < Slots; ++slot) {
                const float* upper = source + lanes.offsets[slot][0];
                const float* lower = source + lanes.offsets[slot][1];
                const uint32_t a[4] = {pack_bf16(input_at(upper, low.x), input_at(upper, low.y)),
                                       pack_bf16(input_at(lower, low.x), input_at(lower, low.y)),
                                       pack_bf16(input_at(upper, high.x), input_at(upper, high.y)),
                                       pack_bf16(input_at(lower, high.x), input_at(lower, high.y))};
                multiply_all(sums.values[slot], a, b.values);
            }
        }
    }

    // For ldmatrix, transposed: matrix m is positions 8 * (m / 2) to 8 * (m / 2) + 7, and of the 16 channels the half m % 2.
    __device__ __forceinline__ static int input_offset(int pixel, int channel, int) {
        return pixel + channel / 2 + lane_number() / 8 % 2 * 4;
    }

    template <bool Small>
    __device__ __forceinline__ static void add_outer(GradientSums& sums, const uint32_t* x, const int (&offsets)[KernelGradient::Taps][2],
                                                     const int* positions, const uint32_t* z) {
        // Of dz, matrix m is positions 8 * (m % 2) to 8 * (m % 2) + 7, and of 16 filters the half m / 2.
        const uint32_t* row = z + lane_number() % 16 * GradientPitch + lane_number() / 16 * 4;
        uint32_t b[TileChannels / 8][2];
        CN_UNROLL
        for (int part = 0; part < TileChannels / 8; part += 2) {
            uint32_t words[4];
            load_matrices<4, true>(words, row + part * 4);
            b[part][0] = words[0], b[part][1] = words[1], b[part + 1][0] = words[2], b[part + 1][1] = words[3];
        }
        if constexpr (Small) {
            add_small_outer(sums, reinterpret_cast<const float*>(x), offsets, positions + 2 * lane_column(), b);
        } else {
            const uint32_t* pixel = x + positions[lane_number() / 16 * 8 + lane_number() % 8];
            CN_UNROLL
            for (int s = 0; s < KernelGradient::Taps; ++s) {
                uint32_t a[4];
                load_matrices<4, true>(a, pixel + offsets[s][0]);
                multiply_all(sums.values[s], a, b);
            }
        }
    }

private:
    __device__ __forceinline__ static void add_small_outer(GradientSums& sums, const float* x,
                                                           const int (&offsets)[KernelGradient::Taps][2], const int* positions,
                                                           const uint32_t (&b)[TileChannels / 8][2]) {
        auto low = load_vector<int2>(positions), high = load_vector<int2>(positions + 8);
        CN_UNROLL
        for (int s = 0; s < KernelGradient::Taps; ++s) {
            int upper = offsets[s][0], lower = offsets[s][1];
            const uint32_t a[4] = {pack_bf16(x[low.x + upper], x[low.y + upper]), pack_bf16(x[low.x + lower], x[low.y + lower]),
                                   pack_bf16(x[high.x + upper], x[high.y + upper]), pack_bf16(x[high.x + lower], x[high.y + lower])};
            multiply_all(sums.values[s], a, b);
        }
    }
};

// Calls body(Precision{}) for a cn_precision.
template <class Body>
auto with_precision(int32_t precision, const Body& body) {
    switch (precision) {
    case CN_PRECISION_TF32:
        return body(Tf32{});
    case CN_PRECISION_BFLOAT16:
        return body(Bfloat16{});
    default:
        return body(Float32{});
    }
}

} // namespace compiled::cuda::tiled
