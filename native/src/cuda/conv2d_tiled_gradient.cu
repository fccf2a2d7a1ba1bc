// Backward of TiledConv2D, in one kernel: the gradients of kernel, bias and input, each from dz, the gradient of the convolution's result,
// which exists only in the tiles of shared memory.
//
// Shapes   as forward; dy like y, dx like x, dkernel like kernel, dbias [filters].
// Writes   dkernel and dbias are overwritten, dx is overwritten or added to.
// Scratch  a partial sum per tile of the kernel and slice of the positions.
// Blocks   first those of the kernel's gradient: a tile of the kernel and a slice of the positions each. A warp has 48 rows of the tile
//          and a part of the positions; the last block of a tile adds the slices, in their order. Then those of the input's
//          gradient, which are convolutions of dz with the turned kernel: a tile of positions by 32 channels each.
#include "conv2d_tiled_gradient.h"

#include "conv2d_halo.h"
#include "conv2d_tile_choice.h"
#include "ticket.h"

namespace compiled::cuda::tiled {

namespace {

// --- the gradient of the input

__device__ __forceinline__ void store_input_gradient(const BackwardArguments& a, const HaloTile& tile, Sums& sums) {
    const HaloProduct& p = a.input_gradient;
    int channel = tile.channel + lane_column() * 8;
    CN_UNROLL
    for (int slot = 0; slot < Slots; ++slot) {
        Pair pair(p, slot, lane_row());
        CN_UNROLL
        for (int half = 0; half < 2; ++half) {
            int row = tile.row + pair.row + half, column = tile.column + pair.column;
            if (pair.none || row >= p.result_height || column >= p.result_width || channel >= p.result_channels) {
                continue;
            }
            float* target = a.dx + ((tile.image * p.result_height + row) * p.result_width + column) * p.result_channels + channel;
            CN_UNROLL
            for (int first = 0; first < 8; first += 4) {
                float4 values = make_float4(sums.at(slot, half, first), sums.at(slot, half, first + 1), sums.at(slot, half, first + 2),
                                            sums.at(slot, half, first + 3));
                if (a.accumulates) {
                    float4 old = load_quad(target + first, a.aligned);
                    values.x += old.x, values.y += old.y, values.z += old.z, values.w += old.w;
                }
                store_quad(target + first, values, a.aligned);
            }
        }
    }
}

template <class Precision>
__device__ __forceinline__ void run_input_gradient(const BackwardArguments& a, unsigned block, uint32_t* shared) {
    const HaloProduct& p = a.input_gradient;
    HaloTile tile(p, block);
    if (tile.image >= a.state->rows) {
        return;
    }
    Region region{tile.row - p.pad_top, tile.column - p.pad_left, p.source_rows(), p.source_columns()};
    auto fill_stage = [&](int chunk, uint32_t* gradients, uint32_t* weights, bool aligned) {
        int filter = chunk * Precision::Chunk;
        KernelSource kernel{a.kernel, p.result_channels, p.source_channels, aligned};
        copy_turned_kernel<Precision>(kernel, p.taps(), filter, tile.channel, weights);
        build_gradient<Precision, Precision::Quads>(a.source, a.state, tile.image, region, filter, Precision::Pitch, aligned, gradients,
                                                    [](float4) {});
    };
    auto fill = [&](int chunk, uint32_t* gradients, uint32_t* weights) {
        a.aligned ? fill_stage(chunk, gradients, weights, true) : fill_stage(chunk, gradients, weights, false);
    };
    Sums sums;
    multiply_halo<Precision, true>(p, shared, fill, sums);
    if (has_positions(p)) {
        store_input_gradient(a, tile, sums);
    }
}

// --- the gradients of kernel and bias

// Which part of dkernel a block sums, and over which bands.
struct KernelTile {
    int number;
    int tap_row, first_tap, channel, filter;
    int slice;
    int64_t begin, end; // of the bands of all images

    __device__ KernelTile(const KernelGradient& g, unsigned block, int64_t rows) {
        slice = static_cast<int>(block) % g.slices;
        number = static_cast<int>(block) / g.slices;
        int rest = number;
        filter = rest % g.filter_tiles * TileChannels;
        rest /= g.filter_tiles;
        channel = rest % g.channel_tiles * KernelGradient::TileInputs;
        rest /= g.channel_tiles;
        first_tap = rest % g.tap_groups * KernelGradient::Taps;
        tap_row = rest / g.tap_groups;
        int64_t bands = rows * g.image_bands();
        begin = bands * slice / g.slices;
        end = bands * (slice + 1) / g.slices;
    }
};

// How a block's shared memory is used: two stages, of a tile of x and one of dz each; and the offsets of the positions in x. In the
// end the sums of the warps take the place of the stages.
template <class Precision, bool Small>
struct GradientLayout {
    static constexpr int RowGroups = Small ? 1 : KernelGradient::TileInputs / 16; // of 48 rows, a warp each
    static constexpr int Splits = Warps / RowGroups;                              // of the positions of a band
    static constexpr int TileFloats = KernelGradient::Taps * 16 * RowGroups * TileChannels;
    static constexpr int PartFloats = TileFloats + TileChannels; // of a partial sum; the bias at the end

    int input_rows, input_columns;
    int input_pitch; // words from pixel to pixel
    int input_words, stage_words;

    CN_HOST_DEVICE explicit GradientLayout(const KernelGradient& g) {
        input_rows = g.band_rows + (Small ? g.window_height - 1 : 0);
        input_columns = g.band_columns + (Small ? g.window_width : KernelGradient::Taps) - 1;
        input_pitch = Small ? g.channels : Precision::GradientPitch;
        input_words = (input_rows * input_columns * input_pitch + 3) / 4 * 4;
        stage_words = input_words + g.padded_positions() * Precision::GradientPitch;
    }

    CN_HOST_DEVICE int sum_words() const { return Splits * TileFloats + Threads * 4; }
    CN_HOST_DEVICE int words(const KernelGradient& g) const {
        int bands = KernelGradient::Stages * stage_words + g.padded_positions();
        return bands > sum_words() ? bands : sum_words();
    }
};

// The bands of a slice: tiles of x and dz, and what they add to the sums.
template <class Precision, bool Small>
struct KernelGradientBlock {
    using Layout = GradientLayout<Precision, Small>;

    const BackwardArguments& a;
    const KernelGradient& g;
    const KernelTile& tile;
    const Layout& layout;
    uint32_t* shared;
    GradientSums& sums;
    float4& bias;

    __device__ __forceinline__ int* positions() const {
        return reinterpret_cast<int*>(shared + KernelGradient::Stages * layout.stage_words);
    }

    // Positions that a band does not have are multiplied by zeros: any pixel will do that is read anyway.
    __device__ __forceinline__ void list_positions() const {
        for (int q = static_cast<int>(threadIdx.x); q < g.padded_positions(); q += Threads) {
            int row = q / g.band_columns;
            int place = row * layout.input_columns + (q - row * g.band_columns);
            positions()[q] = q < g.positions() ? place * layout.input_pitch : 0;
        }
    }

    __device__ __forceinline__ void clear_padding() const {
        int first = g.positions() * Precision::GradientPitch, last = g.padded_positions() * Precision::GradientPitch;
        for (int i = first + static_cast<int>(threadIdx.x); i < last; i += Threads) {
            for (int stage = 0; stage < KernelGradient::Stages; ++stage) {
                shared[stage * layout.stage_words + layout.input_words + i] = 0;
            }
        }
    }

    struct Band {
        int64_t image;
        int row, column;   // of dz
        int rows, columns; // that there are
    };

    __device__ __forceinline__ Band band_of(int64_t number) const {
        Band band;
        band.image = number / g.image_bands();
        auto in_image = static_cast<int>(number - band.image * g.image_bands());
        band.row = in_image / g.column_bands * g.band_rows;
        band.column = in_image % g.column_bands * g.band_columns;
        band.rows = a.source.height - band.row < g.band_rows ? a.source.height - band.row : g.band_rows;
        band.columns = a.source.width - band.column < g.band_columns ? a.source.width - band.column : g.band_columns;
        return band;
    }

    __device__ __forceinline__ void fill(const Band& band, uint32_t* stage) const {
        a.aligned ? fill(band, stage, true) : fill(band, stage, false);
    }

    __device__ __forceinline__ void fill(const Band& band, uint32_t* stage, bool aligned) const {
        int64_t image_floats = static_cast<int64_t>(g.input_height) * g.input_width * g.channels;
        ImageSource image{a.x + band.image * image_floats, g.input_height, g.input_width, g.channels, aligned};
        Region region{band.row - g.pad_top, band.column - g.pad_left, layout.input_rows, layout.input_columns};
        int halo_columns = layout.input_columns - g.band_columns, halo_rows = layout.input_rows - g.band_rows;
        if constexpr (Small) {
            copy_small_input(image, region, band.rows + halo_rows, band.columns + halo_columns, reinterpret_cast<float*>(stage));
        } else {
            region.row += tile.tap_row;
            region.column += tile.first_tap;
            copy_input<Precision, KernelGradient::TileInputs / 4>(image, region, band.rows + halo_rows, band.columns + halo_columns,
                                                                  tile.channel, layout.input_pitch, stage);
        }
        build_gradient<Precision, TileChannels / 4>(
            a.source, a.state, band.image, {band.row, band.column, g.band_rows, g.band_columns}, tile.filter, Precision::GradientPitch,
            aligned, stage + layout.input_words,
            [&](float4 quad) { bias.x += quad.x, bias.y += quad.y, bias.z += quad.z, bias.w += quad.w; });
    }

    __device__ __forceinline__ void run() const {
        int group = warp_number() % Layout::RowGroups, split = warp_number() / Layout::RowGroups;
        int offsets[KernelGradient::Taps][2];
        locate_rows(group, offsets);
        list_positions();
        clear_padding();
        __syncthreads(); // without a band, what was just written is overwritten next
        auto count = static_cast<int>(tile.end - tile.begin);
        Pipeline pipeline{count, KernelGradient::Stages};
        for (int i = 0; i < count; ++i) {
            pipeline.advance(
                i, [&](int next) { fill(band_of(tile.begin + next), shared + next % KernelGradient::Stages * layout.stage_words); });
            __syncthreads();
            const uint32_t* stage = shared + i % KernelGradient::Stages * layout.stage_words;
            int last = band_of(tile.begin + i).rows * g.band_columns;
            for (int q = split * Precision::Positions; q < last; q += Layout::Splits * Precision::Positions) {
                Precision::template add_outer<Small>(sums, stage, offsets, positions() + q,
                                                     stage + layout.input_words + q * Precision::GradientPitch);
            }
            __syncthreads();
        }
    }

    // From a position to what the lane's rows of the kernel take from x.
    __device__ __forceinline__ void locate_rows(int group, int (&offsets)[KernelGradient::Taps][2]) const {
        CN_UNROLL
        for (int s = 0; s < KernelGradient::Taps; ++s) {
            CN_UNROLL
            for (int i = 0; i < 2; ++i) {
                if constexpr (Small) {
                    int v = s * 16 + Precision::gradient_row(i), in_row = g.window_width * g.channels;
                    int ky = v / in_row;
                    bool exists = ky < g.window_height;
                    offsets[s][i] = exists ? ky * layout.input_columns * g.channels + (v - ky * in_row) : 0;
                } else {
                    offsets[s][i] = Precision::input_offset(s * layout.input_pitch, group * 16, i);
                }
            }
        }
    }

    // The sums of all warps to shared memory, [split][tile of the kernel], and those of the bias, [thread].
    __device__ __forceinline__ void share_sums() const {
        int group = warp_number() % Layout::RowGroups, split = warp_number() / Layout::RowGroups;
        auto* target = reinterpret_cast<float*>(shared) + split * Layout::TileFloats;
        Precision::for_gradients(sums, [&](float value, int s, int row, int filter) {
            target[((s * Layout::RowGroups + group) * 16 + row) * TileChannels + filter] = value;
        });
        store_vector(shared + Layout::Splits * Layout::TileFloats + threadIdx.x * 4, bias);
    }
};

// Element `first` of a tile of the kernel, and the next 3, in dkernel.
template <bool Small>
__device__ __forceinline__ void store_kernel_gradient(const BackwardArguments& a, const KernelTile& tile, int first, float4 values) {
    const KernelGradient& g = a.kernel_gradient;
    int filter = tile.filter + first % TileChannels, row = first / TileChannels;
    int64_t kernel_row = row;
    bool exists = row < g.window_height * g.window_width * g.channels;
    if constexpr (!Small) {
        int tap = tile.first_tap + row / KernelGradient::TileInputs, channel = tile.channel + row % KernelGradient::TileInputs;
        kernel_row = static_cast<int64_t>(tile.tap_row * g.window_width + tap) * g.channels + channel;
        exists = tap < g.window_width && channel < g.channels;
    }
    if (exists && filter < g.filters && a.dkernel != nullptr) {
        store_quad(a.dkernel + kernel_row * g.filters + filter, values, a.aligned);
    }
}

__device__ __forceinline__ bool has_bias(const BackwardArguments& a, const KernelTile& tile) {
    return a.dbias != nullptr && tile.tap_row == 0 && tile.first_tap == 0 && tile.channel == 0;
}

__device__ __forceinline__ float4 plus(float4 left, float4 right) {
    return make_float4(left.x + right.x, left.y + right.y, left.z + right.z, left.w + right.w);
}

// The splits of a block, in their order, to its partial sum.
template <class Layout>
__device__ __forceinline__ void store_partial(const float* shared, float* partial) {
    for (int i = static_cast<int>(threadIdx.x) * 4; i < Layout::TileFloats; i += Threads * 4) {
        auto sum = load_vector<float4>(shared + i);
        for (int split = 1; split < Layout::Splits; ++split) {
            sum = plus(sum, load_vector<float4>(shared + split * Layout::TileFloats + i));
        }
        store_vector(partial + i, sum);
    }
    if (threadIdx.x < TileChannels) { // thread t has summed filters 4 * (t % 8) and the next 3
        const float* sums = shared + Layout::Splits * Layout::TileFloats + threadIdx.x;
        float sum = 0.0f;
        for (int i = 0; i < Threads * 4; i += TileChannels) {
            sum += sums[i];
        }
        partial[Layout::TileFloats + threadIdx.x] = sum;
    }
}

// Calls visit(i, sum) for the sums of quads i to i + 3, up to `end`, over `count` partial sums, in their order.
template <class Layout, class Visit>
__device__ __forceinline__ void add_partials(const float* first, int stride, int count, int end, const Visit& visit) {
    for (int i = static_cast<int>(threadIdx.x) * 4; i < end; i += Threads * 4) {
        auto sum = load_vector<float4>(first + i);
        CN_UNROLL_BY(8)
        for (int part = 1; part < count; ++part) {
            sum = plus(sum, load_vector<float4>(first + static_cast<int64_t>(part) * stride * Layout::PartFloats + i));
        }
        visit(i, sum);
    }
}

// The last block of a group of slices puts their sum in the place of the first one's; the last of the groups adds those. So no block
// has to read more than some of the partial sums.
template <class Layout, bool Small>
__device__ __forceinline__ void add_slices(const BackwardArguments& a, const KernelTile& tile) {
    const KernelGradient& g = a.kernel_gradient;
    float* partial = a.partial + static_cast<int64_t>(tile.number) * g.slices * Layout::PartFloats;
    unsigned* tickets = a.tickets + tile.number * g.tile_tickets();
    int end = has_bias(a, tile) ? Layout::PartFloats : Layout::TileFloats;
    int group = tile.slice / g.group_slices, first = group * g.group_slices;
    int count = g.slices - first < g.group_slices ? g.slices - first : g.group_slices;
    if (!is_last_block(tickets + 1 + group, static_cast<unsigned>(count))) {
        return;
    }
    float* sum_of_group = partial + static_cast<int64_t>(first) * Layout::PartFloats;
    add_partials<Layout>(sum_of_group, 1, count, end, [&](int i, float4 sum) { store_vector(sum_of_group + i, sum); });
    if (!is_last_block(tickets, static_cast<unsigned>(g.groups()))) {
        return;
    }
    add_partials<Layout>(partial, g.group_slices, g.groups(), end, [&](int i, float4 sum) {
        if (i < Layout::TileFloats) {
            store_kernel_gradient<Small>(a, tile, i, sum);
        } else if (tile.filter + i - Layout::TileFloats < g.filters) {
            store_quad(a.dbias + tile.filter + i - Layout::TileFloats, sum, a.aligned);
        }
    });
}

template <class Precision, bool Small>
__device__ __forceinline__ void run_kernel_gradient(const BackwardArguments& a, unsigned block, uint32_t* shared) {
    using Layout = GradientLayout<Precision, Small>;
    const KernelGradient& g = a.kernel_gradient;
    KernelTile tile(g, block, a.state->rows);
    Layout layout(g);
    GradientSums sums;
    float4 bias = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    KernelGradientBlock<Precision, Small> bands{a, g, tile, layout, shared, sums, bias};
    bands.run();
    bands.share_sums();
    __syncthreads();
    float* partial = a.partial + (static_cast<int64_t>(tile.number) * g.slices + tile.slice) * Layout::PartFloats;
    store_partial<Layout>(reinterpret_cast<const float*>(shared), partial);
    add_slices<Layout, Small>(a, tile);
}

template <class Precision, bool Small>
__global__ void __launch_bounds__(Threads, 2) conv2d_tiled_backward_kernel(BackwardArguments a) {
    CN_DYNAMIC_SHARED(uint32_t, shared);
    auto kernel_blocks = static_cast<unsigned>(a.kernel_blocks());
    if (blockIdx.x < kernel_blocks) {
        run_kernel_gradient<Precision, Small>(a, blockIdx.x, shared);
    } else if constexpr (!Small) {
        run_input_gradient<Precision>(a, blockIdx.x - kernel_blocks, shared);
    }
}

// --- the host's part

template <class Precision>
auto* backward_kernel(bool small) {
    return small ? conv2d_tiled_backward_kernel<Precision, true> : conv2d_tiled_backward_kernel<Precision, false>;
}

// Of a stage of shared memory.
template <class Precision>
int64_t input_gradient_words(const HaloProduct& p) {
    return halo_stage_words<Precision, true>(p);
}

template <class Precision>
int kernel_gradient_words(const KernelGradient& g) {
    return g.channels <= 4 ? GradientLayout<Precision, true>(g).words(g) : GradientLayout<Precision, false>(g).words(g);
}

// Of at most so many positions; a pooling wants even ones.
void cut_bands(int height, int width, int most_positions, bool pooled, KernelGradient& g) {
    int step = pooled ? 2 : 1;
    g.column_bands = ceiling(width, 32);
    g.band_columns = ceiling(ceiling(width, g.column_bands), step) * step;
    g.column_bands = ceiling(width, g.band_columns);
    int most = std::max(step, most_positions / g.band_columns / step * step);
    g.row_bands = ceiling(height, most);
    g.band_rows = ceiling(ceiling(height, g.row_bands), step) * step;
    g.row_bands = ceiling(height, g.band_rows);
}

template <class Precision>
void choose_bands(int height, int width, bool pooled, KernelGradient& g) {
    constexpr int SharedWords = SharedBudget / static_cast<int>(sizeof(uint32_t));
    int positions = KernelGradient::MaxPositions;
    do {
        cut_bands(height, width, positions, pooled, g);
        positions /= 2;
    } while (kernel_gradient_words<Precision>(g) > SharedWords); // of narrow images, the halo is the larger part
}

// A function of the shape alone, because the order of the sums follows from it: as many blocks as a large device has multiprocessors, or
// twice as many where there is more to do; each with the same number of bands.
void choose_slices(int64_t batch, KernelGradient& g) {
    int64_t blocks = batch < 128 ? 128 : 256;
    int64_t bands = batch * g.image_bands();
    int64_t most = std::clamp<int64_t>(blocks / g.tiles(), 1, bands);
    g.slices = ceiling(bands, ceiling(bands, most));
    g.group_slices = 1;
    while (g.group_slices * g.group_slices < g.slices) {
        ++g.group_slices;
    }
}

} // namespace

size_t prepare_backward(Context& context, int32_t precision, int64_t batch, bool pooled, bool wants_input_gradient,
                        HaloProduct& input_gradient, KernelGradient& kernel_gradient) {
    return with_precision(precision, [&](auto kind) {
        using Precision = decltype(kind);
        KernelGradient& g = kernel_gradient;
        bool small = g.channels <= 4;
        choose_bands<Precision>(input_gradient.source_height, input_gradient.source_width, pooled, g);
        choose_slices(batch, g);
        int64_t words = kernel_gradient_words<Precision>(g);
        if (wants_input_gradient) {
            TileChoice choice{batch, context.multiprocessors(), false, Precision::CyclesPerProduct};
            choice.choose(input_gradient, Precision::Chunk, input_gradient_words<Precision>);
            words = std::max(words, input_gradient.stages * input_gradient_words<Precision>(input_gradient));
        }
        int64_t part = small ? GradientLayout<Precision, true>::PartFloats : GradientLayout<Precision, false>::PartFloats;
        context.reserve_scratch(g.blocks() * part * int64_t{sizeof(float)});
        auto bytes = static_cast<size_t>(words) * sizeof(uint32_t);
        context.allow_shared(backward_kernel<Precision>(small), SharedBudget);
        return bytes;
    });
}

void launch_backward(Context& context, int32_t precision, int64_t batch, size_t shared_bytes, const BackwardArguments& arguments) {
    with_precision(precision, [&](auto kind) {
        int64_t blocks = arguments.kernel_blocks();
        if (arguments.dx != nullptr) {
            blocks += batch * arguments.input_gradient.image_tiles();
        }
        context.launch(backward_kernel<decltype(kind)>(arguments.small()), Grid(static_cast<unsigned>(blocks)), Threads, shared_bytes,
                       arguments);
    });
}

} // namespace compiled::cuda::tiled
