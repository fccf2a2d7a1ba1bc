// Tiles with a halo: read once into shared memory, and multiplied there by all taps of the window.
#pragma once

#include "activation.h"
#include "conv2d_tensor_core.h"

#include "common/philox.h"

namespace compiled::cuda::tiled {

// A part of an image or of dz that a block reads; it may stand over the edges, where there are zeros.
struct Region {
    int row, column;
    int rows, columns;
};

// --- x

struct ImageSource {
    const float* pixels; // of one image
    int height, width, channels;
    bool aligned; // pixels to 16 bytes, and channels to 4
};

// Quads * 4 channels of a region, from `channel` on, to a tile with `pitch` words per pixel. Rows from `used_rows` on and columns from
// `used_columns` on are zeros.
template <class Precision, int Quads>
__device__ __forceinline__ void copy_input(const ImageSource& image, Region region, int used_rows, int used_columns, int channel, int pitch,
                                           uint32_t* tile) {
    Precision::copy_quads(
        region.rows * region.columns * Quads, image.aligned,
        [&](int i, bool& inside) {
            int pixel = i / Quads, row = pixel / region.columns, column = pixel - row * region.columns;
            int y = region.row + row, x = region.column + column, c = channel + i % Quads * 4;
            inside =
                y >= 0 && y < image.height && x >= 0 && x < image.width && c < image.channels && row < used_rows && column < used_columns;
            return inside ? image.pixels + (y * image.width + x) * image.channels + c : image.pixels;
        },
        [&](int i) { return tile + i / Quads * pitch + i % Quads * Precision::QuadWords; });
}

// All channels of a region as they are, without gaps.
__device__ __forceinline__ void copy_small_input(const ImageSource& image, Region region, int used_rows, int used_columns, float* tile) {
    int row_floats = region.columns * image.channels;
    for (int i = static_cast<int>(threadIdx.x); i < region.rows * row_floats; i += Threads) {
        int row = i / row_floats, in_row = i - row * row_floats;
        int y = region.row + row, first = region.column * image.channels + in_row;
        bool inside = y >= 0 && y < image.height && first >= 0 && first < image.width * image.channels && row < used_rows &&
                      in_row < used_columns * image.channels;
        async_copy<4>(tile + i, inside ? image.pixels + y * image.width * image.channels + first : image.pixels, inside ? 4 : 0);
    }
}

// --- dz

__device__ __forceinline__ float gradient_of(int activation, float y, float dy) {
    switch (activation) {
    case CN_ACTIVATION_RELU:
        return activation_gradient<CN_ACTIVATION_RELU>(y, dy);
    case CN_ACTIVATION_SIGMOID:
        return activation_gradient<CN_ACTIVATION_SIGMOID>(y, dy);
    case CN_ACTIVATION_TANH:
        return activation_gradient<CN_ACTIVATION_TANH>(y, dy);
    default:
        return dy;
    }
}

// What is read of 4 elements of the stage's output, and from where on.
struct OutputQuad {
    int64_t index;
    float4 y, dy;
    uint32_t codes;
};

// The gradient of what was activated; without regard to codes.
__device__ __forceinline__ float4 output_gradient(const GradientSource& source, const cn_state* state, const OutputQuad& output) {
    const float values[4] = {output.y.x, output.y.y, output.y.z, output.y.w};
    float gradients[4] = {output.dy.x, output.dy.y, output.dy.z, output.dy.w};
    PhiloxBlock random{};
    if (source.draws_mask) {
        random = philox_stream_block(state->seed, state->step, source.stream, static_cast<uint64_t>(output.index) / 4);
    }
    CN_UNROLL
    for (int i = 0; i < 4; ++i) {
        float gradient = gradients[i] * source.scale;
        if (source.draws_mask && !dropout_keeps(source.dropout, random.words[i])) {
            gradient = 0.0f;
        }
        gradients[i] = gradient_of(source.activation, values[i] * source.unscale, gradient);
    }
    return make_float4(gradients[0], gradients[1], gradients[2], gradients[3]);
}

__device__ __forceinline__ uint32_t load_codes(const GradientSource& source, int64_t index, bool aligned) {
    const uint8_t* codes = source.codes + index;
    return aligned ? load_vector<uint32_t>(codes) : codes[0] | codes[1] << 8 | codes[2] << 16 | static_cast<uint32_t>(codes[3]) << 24;
}

// The elements of a quad that have this code.
__device__ __forceinline__ float4 with_code(float4 quad, uint32_t codes, uint32_t code) {
    return make_float4((codes & 0xFF) == code ? quad.x : 0.0f, (codes >> 8 & 0xFF) == code ? quad.y : 0.0f,
                       (codes >> 16 & 0xFF) == code ? quad.z : 0.0f, codes >> 24 == code ? quad.w : 0.0f);
}

// Quads * 4 filters of a region of dz, from `filter` on, to a tile with `pitch` words per position. Calls visit(values) for all that
// is not zero for certain; a thread always visits the same quad.
template <class Precision, int Quads, class Visit>
__device__ __forceinline__ void build_gradient(const GradientSource& source, const cn_state* state, int64_t image, Region region,
                                               int filter, int pitch, bool aligned, uint32_t* tile, const Visit& visit) {
    static_assert(Threads % Quads == 0, "a thread always visits the same quad");
    bool pooled = source.codes != nullptr;
    int shift = pooled ? 1 : 0; // cells are counted by windows
    int first_row = region.row >> shift, first_column = region.column >> shift;
    int rows = ((region.row + region.rows - 1) >> shift) + 1 - first_row;
    int columns = ((region.column + region.columns - 1) >> shift) + 1 - first_column;
    auto load = [&](int i) {
        int window = i / Quads, row = window / columns;
        int y = first_row + row, x = first_column + window - row * columns, f = filter + i % Quads * 4;
        bool inside = y >= 0 && y < source.output_height && x >= 0 && x < source.output_width && f < source.filters;
        int64_t index = ((image * source.output_height + y) * source.output_width + x) * source.filters + f;
        OutputQuad output;
        output.index = inside ? index : -1;
        index = inside ? index : 0; // can be read, and does not count
        output.y = load_quad(source.y + index, aligned);
        output.dy = load_quad(source.dy + index, aligned);
        output.codes = pooled ? load_codes(source, index, aligned) : 0;
        return output;
    };
    auto store = [&](int i, const OutputQuad& output) {
        float4 values = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        if (output.index >= 0) {
            values = output_gradient(source, state, output);
        }
        int window = i / Quads, row = window / columns, column = window - row * columns;
        uint32_t* target = tile + i % Quads * Precision::QuadWords;
        if (!pooled) {
            visit(values);
            Precision::store_quad(target + window * pitch, values);
            return;
        }
        int y = 2 * (first_row + row) - region.row, x = 2 * (first_column + column) - region.column;
        CN_UNROLL
        for (int cell = 0; cell < 4; ++cell) {
            int r = y + cell / 2, c = x + cell % 2;
            float4 winners = with_code(values, output.codes, static_cast<uint32_t>(cell));
            visit(winners);
            if (r >= 0 && r < region.rows && c >= 0 && c < region.columns) {
                Precision::store_quad(target + (r * region.columns + c) * pitch, winners);
            }
        }
    };
    for_batches<2>(rows * columns * Quads, load, store);
}

// --- the kernel

struct KernelSource {
    const float* kernel; // [taps][channels][filters]
    int channels, filters;
    bool aligned; // to 16 bytes, and filters to 4
};

// A chunk of channels by TileChannels filters, of all taps.
template <class Precision>
__device__ __forceinline__ void copy_kernel(const KernelSource& source, int taps, int channel, int filter, uint32_t* weights) {
    constexpr int Chunk = Precision::Chunk;
    Precision::copy_weights(weights, taps * Chunk, source.aligned, [&](int k, int n, bool& inside) {
        int tap = k / Chunk, c = channel + k % Chunk, f = filter + n;
        inside = c < source.channels && f < source.filters;
        return inside ? source.kernel + (static_cast<int64_t>(tap) * source.channels + c) * source.filters + f : source.kernel;
    });
}

// A chunk of filters by TileChannels channels.
template <class Precision>
__device__ __forceinline__ void copy_turned_kernel(const KernelSource& source, int taps, int filter, int channel, uint32_t* weights) {
    Precision::copy_turned_weights(weights, taps, source.aligned, [&](int tap, int k, int n, bool& inside) {
        int c = channel + n, f = filter + k;
        inside = c < source.channels && f < source.filters;
        return inside ? source.kernel + (static_cast<int64_t>(tap) * source.channels + c) * source.filters + f : source.kernel;
    });
}

// --- the product

// Keeps `stages` pieces of work, 1 or 2, on their way to shared memory.
struct Pipeline {
    int count, stages;
    int begun = 0;

    // Begins what there is room for, and waits for piece `current`: this thread's part of it.
    template <class Fill>
    __device__ __forceinline__ void advance(int current, const Fill& fill) {
        for (; begun < count && begun < current + stages; ++begun) {
            fill(begun);
            async_commit();
        }
        if (begun > current + 1) {
            async_wait<1>();
        } else {
            async_wait<0>();
        }
    }
};

// The pair of positions of a lane in a slot; none: a pair that the tile does not have.
struct Pair {
    int row, column; // of the upper one, in the tile
    bool none;

    __device__ __forceinline__ Pair(const HaloProduct& p, int slot, int lane_row_) {
        int pair = (warp_number() * Slots + slot) * 8 + lane_row_;
        none = pair >= p.pairs();
        pair = none ? 0 : pair;
        int above = pair / p.tile_columns;
        row = above * 2;
        column = pair - above * p.tile_columns;
    }
};

template <class Lanes>
__device__ __forceinline__ Lanes locate_lanes(const HaloProduct& p, int pitch) {
    return Lanes([&](int slot, int position) {
        Pair pair(p, slot, position % 8);
        return ((pair.row + position / 8) * p.source_columns() + pair.column) * pitch;
    });
}

// Whether this warp has anything to multiply.
__device__ __forceinline__ bool has_positions(const HaloProduct& p) {
    return warp_number() * Slots * 8 < p.pairs();
}

template <class Precision, bool Turned>
CN_HOST_DEVICE int halo_stage_words(const HaloProduct& p) {
    return p.source_rows() * p.source_columns() * Precision::Pitch + p.taps() * Precision::template tap_words<Turned>();
}

// sums = the product of a tile. fill(chunk, tile, weights) brings a chunk of the source's channels; with two stages of shared memory the
// next chunk is on its way to one while the other is multiplied.
template <class Precision, bool Turned, class Fill>
__device__ __forceinline__ void multiply_halo(const HaloProduct& p, uint32_t* shared, const Fill& fill, Sums& sums) {
    int chunks = (p.source_channels + Precision::Chunk - 1) / Precision::Chunk;
    int source_words = p.source_rows() * p.source_columns() * Precision::Pitch;
    int stage_words = halo_stage_words<Precision, Turned>(p);
    auto lanes = locate_lanes<typename Precision::Lanes>(p, Precision::Pitch);
    bool works = has_positions(p);
    Pipeline pipeline{chunks, p.stages};
    for (int chunk = 0; chunk < chunks; ++chunk) {
        pipeline.advance(chunk, [&](int next) {
            uint32_t* stage = shared + next % p.stages * stage_words;
            fill(next, stage, stage + source_words);
        });
        __syncthreads();
        if (works) {
            const uint32_t* stage = shared + chunk % p.stages * stage_words;
            const uint32_t* weights = stage + source_words;
            for (int ky = 0; ky < p.window_height; ++ky) {
                for (int kx = 0; kx < p.window_width; ++kx) {
                    int row = Turned ? p.window_height - 1 - ky : ky, column = Turned ? p.window_width - 1 - kx : kx;
                    Precision::template multiply<Turned>(sums, stage + (row * p.source_columns() + column) * Precision::Pitch, lanes,
                                                         weights);
                    weights += Precision::template tap_words<Turned>();
                }
            }
        }
        __syncthreads();
    }
}

// Where the inputs of a window lie, as multiply_small wants it: `rows` of them.
__device__ __forceinline__ void list_small_inputs(int window_height, int window_width, int channels, int row_floats, int rows,
                                                  int* places) {
    int in_row = window_width * channels;
    for (int v = static_cast<int>(threadIdx.x); v < rows; v += Threads) {
        int ky = v / in_row;
        places[v] = ky < window_height ? ky * row_floats + (v - ky * in_row) : -1;
    }
}

} // namespace compiled::cuda::tiled
