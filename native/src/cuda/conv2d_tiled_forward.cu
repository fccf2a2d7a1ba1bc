// Forward of TiledConv2D: y = dropout(max_pooling(activation(conv(x, kernel) + bias))), in one kernel.
//
// Shapes   x [rows, height, width, channels], kernel [taps, channels, filters], y and codes [rows, output height, output width, filters].
// Writes   y and codes are overwritten.
// Blocks   a tile of positions of one image by 32 filters. Bias, activation, pooling and dropout are computed in registers: a lane has both
//          rows of a pooling window, and its neighbour the other column.
#include "conv2d_tiled_forward.h"

#include "conv2d_halo.h"
#include "conv2d_tile_choice.h"

#include "common/max_pooling.h"

namespace compiled::cuda::tiled {

namespace {

// --- the end of the stage: of the 8 filters that a lane has, from `filter` on

template <int32_t Activation>
__device__ __forceinline__ void activate_all(Sums& sums, const float (&bias)[8]) {
    CN_UNROLL
    for (int slot = 0; slot < Slots; ++slot) {
        CN_UNROLL
        for (int half = 0; half < 2; ++half) {
            CN_UNROLL
            for (int i = 0; i < 8; ++i) {
                sums.at(slot, half, i) = activate<Activation>(sums.at(slot, half, i) + bias[i]);
            }
        }
    }
}

__device__ __forceinline__ void add_bias_and_activate(const ForwardArguments& a, int filter, Sums& sums) {
    float bias[8] = {};
    if (a.bias != nullptr && filter < a.product.result_channels) {
        float4 low = load_quad(a.bias + filter, a.aligned), high = load_quad(a.bias + filter + 4, a.aligned);
        bias[0] = low.x, bias[1] = low.y, bias[2] = low.z, bias[3] = low.w;
        bias[4] = high.x, bias[5] = high.y, bias[6] = high.z, bias[7] = high.w;
    }
    switch (a.activation) {
    case CN_ACTIVATION_RELU:
        return activate_all<CN_ACTIVATION_RELU>(sums, bias);
    case CN_ACTIVATION_SIGMOID:
        return activate_all<CN_ACTIVATION_SIGMOID>(sums, bias);
    case CN_ACTIVATION_TANH:
        return activate_all<CN_ACTIVATION_TANH>(sums, bias);
    default:
        return activate_all<CN_ACTIVATION_LINEAR>(sums, bias);
    }
}

// Calls body(slot, half, index) for the pixels of the lane's sums that exist; `index` is that of the first of its 8 filters in y.
template <class Body>
__device__ __forceinline__ void for_pixels(const ForwardArguments& a, const HaloTile& tile, const Body& body) {
    const HaloProduct& p = a.product;
    int filter = tile.channel + lane_column() * 8;
    CN_UNROLL
    for (int slot = 0; slot < Slots; ++slot) {
        Pair pair(p, slot, lane_row());
        CN_UNROLL
        for (int half = 0; half < 2; ++half) {
            int row = tile.row + pair.row + half, column = tile.column + pair.column;
            if (!pair.none && row < p.result_height && column < p.result_width && filter < p.result_channels) {
                body(slot, half, ((tile.image * p.result_height + row) * p.result_width + column) * p.result_channels + filter);
            }
        }
    }
}

__device__ __forceinline__ void add_addend(const ForwardArguments& a, const HaloTile& tile, Sums& sums) {
    for_pixels(a, tile, [&](int slot, int half, int64_t index) {
        CN_UNROLL
        for (int first = 0; first < 8; first += 4) {
            float4 quad = load_quad(a.addend + index + first, a.aligned);
            sums.at(slot, half, first) += quad.x, sums.at(slot, half, first + 1) += quad.y;
            sums.at(slot, half, first + 2) += quad.z, sums.at(slot, half, first + 3) += quad.w;
        }
    });
}

// Which of 4 elements stay, as bits. `index` is that of the first, a multiple of 4.
__device__ __forceinline__ unsigned draw_mask(const ForwardArguments& a, int64_t index) {
    PhiloxBlock random = philox_stream_block(a.state->seed, a.state->step, a.stream, static_cast<uint64_t>(index) / 4);
    unsigned kept = 0;
    CN_UNROLL
    for (int i = 0; i < 4; ++i) {
        kept |= (dropout_keeps(a.dropout, random.words[i]) ? 1u : 0u) << i;
    }
    return kept;
}

__device__ __forceinline__ void drop(const ForwardArguments& a, unsigned kept, float (&values)[4]) {
    CN_UNROLL
    for (int i = 0; i < 4; ++i) {
        values[i] = (kept >> i & 1) != 0 ? values[i] * a.dropout.scale : 0.0f;
    }
}

__device__ __forceinline__ void store_values(const ForwardArguments& a, int64_t index, const float (&values)[4]) {
    store_quad(a.y + index, make_float4(values[0], values[1], values[2], values[3]), a.aligned);
}

__device__ __forceinline__ void store_codes(const ForwardArguments& a, int64_t index, uint32_t codes) {
    if (a.aligned) {
        store_vector(a.codes + index, codes);
        return;
    }
    for (int i = 0; i < 4; ++i) {
        a.codes[index + i] = static_cast<uint8_t>(codes >> 8 * i);
    }
}

__device__ __forceinline__ void finish(const ForwardArguments& a, const HaloTile& tile, Sums& sums) {
    for_pixels(a, tile, [&](int slot, int half, int64_t index) {
        CN_UNROLL
        for (int first = 0; first < 8; first += 4) {
            float values[4];
            for (int i = 0; i < 4; ++i) {
                values[i] = sums.at(slot, half, first + i);
            }
            if (a.drops) {
                drop(a, draw_mask(a, index + first), values);
            }
            store_values(a, index + first, values);
        }
    });
}

// Lanes whose pair is an even column are left, their neighbours right of them. The left one ends up with the pooled values of the first 4
// filters, the right one with those of the other 4.
__device__ __forceinline__ void finish_pooled(const ForwardArguments& a, const HaloTile& tile, Sums& sums) {
    constexpr unsigned AllLanes = 0xFFFFFFFFu;
    constexpr int NeighbourLane = 4;
    constexpr uint32_t NoGradient = 255;
    const HaloProduct& p = a.product;
    bool right = lane_row() % 2 != 0;
    int filter = tile.channel + lane_column() * 8 + (right ? 4 : 0);
    CN_UNROLL
    for (int slot = 0; slot < Slots; ++slot) {
        unsigned below = 0; // bit i: of filter i, the lower row's value wins
        CN_UNROLL
        for (int i = 0; i < 8; ++i) {
            float upper = sums.at(slot, 0, i), lower = sums.at(slot, 1, i);
            bool takes = max_pooling_takes(lower, upper);
            sums.at(slot, 0, i) = takes ? lower : upper;
            below |= (takes ? 1u : 0u) << i;
        }
        unsigned neighbour_below = __shfl_xor_sync(AllLanes, below, NeighbourLane);
        unsigned left_below = right ? neighbour_below >> 4 : below, right_below = right ? below >> 4 : neighbour_below;
        float values[4];
        uint32_t codes = 0;
        CN_UNROLL
        for (int i = 0; i < 4; ++i) {
            float mine = right ? sums.at(slot, 0, 4 + i) : sums.at(slot, 0, i);
            float given = right ? sums.at(slot, 0, i) : sums.at(slot, 0, 4 + i);
            float received = __shfl_xor_sync(AllLanes, given, NeighbourLane);
            float left_value = right ? received : mine, right_value = right ? mine : received;
            uint32_t left_code = 2 * (left_below >> i & 1), right_code = 2 * (right_below >> i & 1) + 1;
            // Equal values, or two NaNs: the first cell.
            bool takes =
                max_pooling_takes(right_value, left_value) || (!max_pooling_takes(left_value, right_value) && right_code < left_code);
            values[i] = takes ? right_value : left_value;
            uint32_t code = takes ? right_code : left_code;
            codes |= (a.activation == CN_ACTIVATION_RELU && values[i] <= 0.0f ? NoGradient : code) << 8 * i;
        }
        Pair pair(p, slot, lane_row());
        int row = (tile.row + pair.row) / 2, column = (tile.column + pair.column) / 2;
        if (pair.none || row >= a.output_height || column >= a.output_width || filter >= p.result_channels) {
            continue;
        }
        int64_t index = ((tile.image * a.output_height + row) * a.output_width + column) * p.result_channels + filter;
        if (a.drops) {
            unsigned kept = draw_mask(a, index);
            drop(a, kept, values);
            CN_UNROLL
            for (int i = 0; i < 4; ++i) {
                codes |= (kept >> i & 1) != 0 ? 0 : NoGradient << 8 * i;
            }
        }
        store_values(a, index, values);
        if (a.codes != nullptr) {
            store_codes(a, index, codes);
        }
    }
}

// --- the product

template <class Precision>
CN_HOST_DEVICE int small_rows(const HaloProduct& p) {
    return (p.taps() * p.source_channels + Precision::SmallStep - 1) / Precision::SmallStep * Precision::SmallStep;
}

CN_HOST_DEVICE int small_tile_words(const HaloProduct& p) {
    return (p.source_rows() * p.source_columns() * p.source_channels + 3) / 4 * 4;
}

template <class Precision>
__device__ __forceinline__ void multiply_small_input(const ForwardArguments& a, const HaloTile& tile, const ImageSource& image,
                                                     uint32_t* shared, Sums& sums) {
    const HaloProduct& p = a.product;
    int rows = small_rows<Precision>(p), inputs = p.taps() * p.source_channels;
    auto* pixels = reinterpret_cast<float*>(shared);
    uint32_t* weights = shared + small_tile_words(p);
    int* places = reinterpret_cast<int*>(weights + rows * TileChannels);
    Region region{tile.row - p.pad_top, tile.column - p.pad_left, p.source_rows(), p.source_columns()};
    copy_small_input(image, region, region.rows, region.columns, pixels);
    Precision::copy_weights(weights, rows, a.aligned, [&](int k, int n, bool& inside) {
        int f = tile.channel + n;
        inside = k < inputs && f < p.result_channels;
        return inside ? a.kernel + k * p.result_channels + f : a.kernel;
    });
    list_small_inputs(p.window_height, p.window_width, p.source_channels, p.source_columns() * p.source_channels, rows, places);
    async_commit();
    auto lanes = locate_lanes<LanePositions>(p, p.source_channels);
    async_wait<0>();
    __syncthreads();
    if (has_positions(p)) {
        Precision::multiply_small(sums, pixels, lanes, places, weights, rows);
    }
}

template <class Precision, bool Small>
__global__ void __launch_bounds__(Threads, 2) conv2d_tiled_forward_kernel(ForwardArguments a) {
    const HaloProduct& p = a.product;
    HaloTile tile(p, blockIdx.x);
    if (tile.image >= a.state->rows) {
        return;
    }
    CN_DYNAMIC_SHARED(uint32_t, shared);
    int64_t image_floats = static_cast<int64_t>(p.source_height) * p.source_width * p.source_channels;
    const float* pixels = a.x + tile.image * image_floats;
    Sums sums;
    if constexpr (Small) {
        ImageSource image{pixels, p.source_height, p.source_width, p.source_channels, a.aligned};
        multiply_small_input<Precision>(a, tile, image, shared, sums);
    } else {
        Region region{tile.row - p.pad_top, tile.column - p.pad_left, p.source_rows(), p.source_columns()};
        auto fill_stage = [&](int chunk, uint32_t* inputs, uint32_t* weights, bool aligned) {
            int channel = chunk * Precision::Chunk;
            ImageSource image{pixels, p.source_height, p.source_width, p.source_channels, aligned};
            KernelSource kernel{a.kernel, p.source_channels, p.result_channels, aligned};
            copy_kernel<Precision>(kernel, p.taps(), channel, tile.channel, weights);
            copy_input<Precision, Precision::Quads>(image, region, region.rows, region.columns, channel, Precision::Pitch, inputs);
        };
        auto fill = [&](int chunk, uint32_t* inputs, uint32_t* weights) {
            a.aligned ? fill_stage(chunk, inputs, weights, true) : fill_stage(chunk, inputs, weights, false);
        };
        multiply_halo<Precision, false>(p, shared, fill, sums);
    }
    if (!has_positions(p)) {
        return;
    }
    if (a.addend != nullptr) {
        add_addend(a, tile, sums);
    }
    add_bias_and_activate(a, tile.channel + lane_column() * 8, sums);
    if (a.pooled) {
        finish_pooled(a, tile, sums);
    } else {
        finish(a, tile, sums);
    }
}

// --- the host's part

// Of a stage of shared memory.
template <class Precision>
int64_t forward_words(const HaloProduct& p) {
    if (p.source_channels <= 4) {
        int rows = small_rows<Precision>(p);
        return small_tile_words(p) + rows * TileChannels + rows;
    }
    return halo_stage_words<Precision, false>(p);
}

template <class Precision>
auto* forward_kernel(bool small) {
    return small ? conv2d_tiled_forward_kernel<Precision, true> : conv2d_tiled_forward_kernel<Precision, false>;
}

} // namespace

size_t prepare_forward(Context& context, int32_t precision, int64_t batch, bool pooled, HaloProduct& product) {
    return with_precision(precision, [&](auto kind) {
        using Precision = decltype(kind);
        TileChoice choice{batch, context.multiprocessors(), pooled, Precision::CyclesPerProduct};
        choice.choose(product, Precision::Chunk, forward_words<Precision>);
        auto bytes = static_cast<size_t>(product.stages * forward_words<Precision>(product)) * sizeof(uint32_t);
        context.allow_shared(forward_kernel<Precision>(product.source_channels <= 4), SharedBudget);
        return bytes;
    });
}

void launch_forward(Context& context, int32_t precision, int64_t batch, size_t shared_bytes, const ForwardArguments& arguments) {
    with_precision(precision, [&](auto kind) {
        Grid grid(static_cast<unsigned>(batch * arguments.product.image_tiles()));
        context.launch(forward_kernel<decltype(kind)>(arguments.small()), grid, Threads, shared_bytes, arguments);
    });
}

} // namespace compiled::cuda::tiled
