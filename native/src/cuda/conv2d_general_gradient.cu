// The backward pass of a convolution stage of any geometry.
//
// dz         The gradient before the activation, [positions of the convolution][filters], is computed from y, dy and codes by all that
//            need it, on its way to shared memory. Only where windows of the pooling overlap, a launch of its own writes it out before.
// Kernel     [taps][positions] times dz. The positions are split over several blocks; the last to finish adds their parts in order. The
//            blocks of the first taps also sum dz itself, in float32, for the gradient of the bias.
// Input      [positions of the input][turned taps] times the turned kernel, phase by phase (conv2d_general_phases.h).
// Writes     dkernel and dbias are overwritten; dx by the descriptor.
// Scratch    The parts; dz where it is written.
// Blocks     One launch: group by group, tiles of the kernel's gradient, then tiles of the input's. Their number depends on the shape
// alone.
#include "conv2d_general_gradient.h"

#include "conv2d_general_input_tile.h"
#include "split_sum.h"
#include "sum_columns.h"

namespace compiled::cuda {

using namespace general;

namespace {

// What the registers are meant to allow: multiply-adds need more of them than tensor cores.
constexpr int blocks_per_multiprocessor(int32_t precision) {
    return precision == CN_PRECISION_FLOAT32 ? 3 : 4;
}

// Which of the blocks that share a tile of the kernel's gradient: enough for a large device, as long as each has some work.
constexpr int64_t WantedBlocks = 256;
constexpr int64_t MostSplits = 32;
constexpr int64_t StagesOfSplit = 4;

struct GradientRun {
    const float *x, *kernel;
    GradientPointers gradient;
    float *dx, *dkernel, *dbias;
    float* partials;
    int64_t partials_of_group;
    unsigned* tickets;
    bool accumulate;
    bool channel_vectors; // channels come in fours, and x and dx are aligned to them
    bool filter_vectors;  // so do filters, and kernel and dkernel are
};

// -----------------------------------------------------------------------------------------------------------------------------------
// Kernel and bias
// -----------------------------------------------------------------------------------------------------------------------------------

template <int32_t Precision, int Columns, bool Pooled>
__device__ __forceinline__ void kernel_gradient_tile(const Conv2DShape& shape, const TilePlan& plan, int64_t block,
                                                     const GradientReader<Pooled>& reader, int64_t rows, Operands<Precision>& operands,
                                                     const GradientRun& r) {
    using Tile = Product<Precision, Columns, TileOrder::LinesFirst, TileOrder::LinesFirst>;
    int64_t tile = block / plan.splits, split = block % plan.splits;
    int64_t first_tap = tile / plan.column_tiles * TileRows, column = tile % plan.column_tiles * Columns;
    int64_t positions = rows * shape.conv.size();
    int64_t stages = (positions + TileDepth - 1) / TileDepth, stages_of_split = (stages + plan.splits - 1) / plan.splits;
    int64_t first = split * stages_of_split * TileDepth, last = first + stages_of_split * TileDepth;

    float bias_sums[4] = {};
    PositionPlaces places{shape, positions};
    UnfoldedInput<PositionPlaces> a(shape, places, r.x, r.channel_vectors);
    ConvGradient<Pooled> b(shape, reader, positions, r.gradient.vectors, bias_sums);
    Tile sums;
    if (first < positions) {
        multiply_tile(sums, operands.template a<Tile>(), a, first_tap, operands.template b<Tile>(), b, column, first,
                      last < positions ? last : positions);
    }
    float values[Tile::Values + 1];
    CN_UNROLL
    for (int i = 0; i < Tile::Values; ++i) {
        values[i] = sums.values[i];
    }
    values[Tile::Values] = sum_columns<TileThreads, Columns>(bias_sums, operands.floats());
    float* partials = r.partials + tile * plan.splits * (Tile::Values + 1) * TileThreads;
    if (!sum_splits<TileThreads>(values, partials, static_cast<int>(split), plan.splits, r.tickets + tile)) {
        return;
    }
    CN_UNROLL
    for (int i = 0; i < Tile::Values; ++i) {
        sums.values[i] = values[i];
    }
    sums.for_each_pack([&](int row, int pack_column, auto& pack) {
        int64_t tap = first_tap + row, filter = column + pack_column;
        if (r.dkernel != nullptr && tap < shape.taps() && filter < shape.filters) {
            store_values(r.filter_vectors, r.dkernel + tap * shape.all_filters + filter, shape.filters - filter, pack);
        }
    });
    int64_t filter = column + threadIdx.x;
    if (r.dbias != nullptr && first_tap == 0 && threadIdx.x < Columns && filter < shape.filters) {
        r.dbias[filter] = values[Tile::Values];
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Input
// -----------------------------------------------------------------------------------------------------------------------------------

// Stores what a tile gives to dx.
struct StoreInputGradient {
    const Conv2DShape& shape;
    float* dx;
    bool accumulate;
    bool vectors;

    template <int Count>
    __device__ __forceinline__ void operator()(const Pixel& pixel, int64_t channel, int64_t count, float (&values)[Count]) const {
        float* target = dx + pixel.in(shape.input) * shape.all_channels + channel;
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            values[e] += accumulate && e < count ? target[e] : 0.0f;
        }
        store_values(vectors, target, count, values);
    }
};

__device__ GradientRun group_of(const Conv2DShape& shape, const TilePlan& kernel_plan, GradientRun r, int64_t group) {
    int64_t first_filter = group * shape.filters, first_channel = group * shape.channels;
    r.x += first_channel;
    r.kernel += first_filter;
    r.gradient.y += first_filter;
    r.gradient.dy += first_filter;
    r.gradient.codes += r.gradient.codes != nullptr ? first_filter : 0;
    r.gradient.first_filter = first_filter;
    r.dx += r.dx != nullptr ? first_channel : 0;
    r.dkernel += r.dkernel != nullptr ? first_filter : 0;
    r.dbias += r.dbias != nullptr ? first_filter : 0;
    r.partials += group * r.partials_of_group;
    r.tickets += group * kernel_plan.tiles;
    return r;
}

template <int32_t Precision, bool Pooled>
__global__ void __launch_bounds__(TileThreads, blocks_per_multiprocessor(Precision))
    conv2d_general_gradient_kernel(const cn_state* state, Conv2DShape shape, TilePlan kernel_plan, InputPlan input_plan, GradientRun r) {
    CN_SHARED(operands, Operands<Precision>);
    int64_t rows = state->rows, block = blockIdx.x, kernel_blocks = kernel_plan.blocks();
    if (shape.filters != shape.all_filters) {
        int64_t blocks = kernel_blocks + input_plan.tiles.blocks();
        r = group_of(shape, kernel_plan, r, block / blocks);
        block %= blocks;
    }
    GradientReader<Pooled> reader(shape, state, r.gradient);
    if (block < kernel_blocks) {
        if (kernel_plan.wide) {
            kernel_gradient_tile<Precision, WideColumns>(shape, kernel_plan, block, reader, rows, operands, r);
        } else {
            kernel_gradient_tile<Precision, NarrowColumns>(shape, kernel_plan, block, reader, rows, operands, r);
        }
        return;
    }
    StoreInputGradient store{shape, r.dx, r.accumulate, r.channel_vectors};
    TurnedFactors<Pooled> factors{reader, r.kernel, r.gradient.vectors, r.filter_vectors};
    if (input_plan.tiles.wide) {
        input_gradient_tile<Precision, WideColumns>(shape, input_plan, block - kernel_blocks, factors, rows, operands, store);
    } else {
        input_gradient_tile<Precision, NarrowColumns>(shape, input_plan, block - kernel_blocks, factors, rows, operands, store);
    }
}

template <int32_t Precision>
auto* gradient_kernel(bool pooled) {
    return pooled ? conv2d_general_gradient_kernel<Precision, true> : conv2d_general_gradient_kernel<Precision, false>;
}

auto* gradient_kernel(int32_t precision, bool pooled) {
    switch (precision) {
    case CN_PRECISION_TF32:
        return gradient_kernel<CN_PRECISION_TF32>(pooled);
    case CN_PRECISION_BFLOAT16:
        return gradient_kernel<CN_PRECISION_BFLOAT16>(pooled);
    default:
        return gradient_kernel<CN_PRECISION_FLOAT32>(pooled);
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// dz, where windows overlap
// -----------------------------------------------------------------------------------------------------------------------------------

// The windows [first, last] that cover a place, along one axis; `shifted` is the place with the padding before it.
struct CoveringWindows {
    uint32_t first, last;

    __device__ CoveringWindows(uint32_t shifted, uint32_t size, const Divider& by_stride, uint32_t outputs)
        : first(shifted < size ? 0 : by_stride.divide(shifted - size).quotient + 1), last(by_stride.divide(shifted).quotient) {
        last = last < outputs ? last : outputs - 1;
    }
};

__global__ void conv2d_spread_gradient_kernel(const cn_state* state, Conv2DShape shape, GradientPointers p, float* dz) {
    float scale = shape.drops ? shape.dropout.rule.scale : 1.0f, unscale = 1.0f / scale;
    for_packs<1>(state->rows * shape.conv.size() * shape.filters, [&](int64_t element) {
        int64_t index = element;
        uint32_t filter = shape.by_filters.take(index);
        Pixel position = Pixel::of(shape.conv, index);
        uint32_t row = position.row + shape.pool.pad_top, column = position.column + shape.pool.pad_left;
        CoveringWindows rows(row, shape.pool.size.height, shape.pool.by_stride_height, shape.output.height);
        CoveringWindows columns(column, shape.pool.size.width, shape.pool.by_stride_width, shape.output.width);
        float sum = 0.0f;
        for (uint32_t oy = rows.first; oy <= rows.last; ++oy) {
            for (uint32_t ox = columns.first; ox <= columns.last; ++ox) {
                int64_t output = Pixel{position.image, oy, ox}.in(shape.output) * shape.filters + filter;
                uint32_t cell = (row - oy * shape.pool.stride_height) * shape.pool.size.width + column - ox * shape.pool.stride_width;
                if (p.codes[output] == cell) {
                    float y[1] = {p.y[output] * unscale}, gradient[1] = {p.dy[output] * scale};
                    activation_gradient(shape.activation, y, gradient);
                    sum += gradient[0];
                }
            }
        }
        dz[element] = sum;
    });
}

TilePlan plan_kernel_gradient(const cn_conv2d_desc& d) {
    int64_t stages = ceil_div(d.batch * d.conv_height * d.conv_width, TileDepth);
    int64_t taps = d.window.height * d.window.width * (d.input_channels / d.groups), filters = d.filters / d.groups;
    TilePlan plan;
    // Splitting brings the blocks that a wide tile lacks.
    plan.wide = filters > NarrowColumns;
    plan.column_tiles = ceil_div(filters, plan.wide ? WideColumns : NarrowColumns);
    plan.tiles = ceil_div(taps, TileRows) * plan.column_tiles;
    int64_t most = std::clamp<int64_t>(stages / StagesOfSplit, 1, MostSplits);
    plan.splits = static_cast<int>(std::clamp<int64_t>(WantedBlocks / (plan.tiles * d.groups), 1, most));
    return plan;
}

int64_t partial_floats(const TilePlan& plan) {
    int64_t values = TileRows * (plan.wide ? WideColumns : NarrowColumns) + TileThreads;
    return plan.splits == 1 ? 0 : plan.blocks() * values;
}

} // namespace

namespace general {

bool windows_overlap(const cn_window& pool, const Conv2DShape& shape) {
    return pool.height != 0 && (shape.pool.stride_height < shape.pool.size.height || shape.pool.stride_width < shape.pool.size.width);
}

void spread_gradient(Context& context, const cn_conv2d_desc& desc, const cn_state* state, const float* y, const uint8_t* codes,
                     const float* dy, float* dz) {
    cn_conv2d_desc all = desc;
    all.groups = 1;
    GradientPointers pointers{y, dy, codes, false, 0};
    int64_t elements = desc.batch * desc.conv_height * desc.conv_width * desc.filters;
    context.launch(conv2d_spread_gradient_kernel, element_grid(context, elements, 1), ElementThreads, 0, state, Conv2DShape(all), pointers,
                   dz);
}

} // namespace general

GeneralConv2DGradient::GeneralConv2DGradient(Context& context, const cn_conv2d_desc& desc)
    : _context(context), _desc(desc), _shape(desc), _kernel_plan(plan_kernel_gradient(desc)), _input_plan(desc),
      _overlaps(windows_overlap(desc.pool, _shape)), _partial_floats(partial_floats(_kernel_plan)),
      _tickets(_kernel_plan.tiles * desc.groups * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
    require_blocks(_kernel_plan.blocks() + _input_plan.tiles.blocks(), desc.groups);
    context.reserve_scratch(scratch_floats() * static_cast<int64_t>(sizeof(float)));
}

void GeneralConv2DGradient::run(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes,
                                const float* dy, float* dx, float* dkernel, float* dbias) {
    Conv2DShape shape = _shape;
    float* partials = _context.scratch<float>();
    bool pooled = _desc.pool.height != 0 && !_overlaps;
    if (_overlaps) {
        float* dz = partials + _partial_floats * _desc.groups;
        spread_gradient(_context, _desc, state, y, codes, dy, dz);
        shape.activation = activation_rule(CN_ACTIVATION_LINEAR);
        shape.drops = false;
        y = dy = dz;
    }
    int64_t channels = _desc.input_channels / _desc.groups, filters = _desc.filters / _desc.groups;
    bool vectors = pack_width(filters, y, dy) == 4 && reinterpret_cast<uintptr_t>(codes) % 4 == 0;
    GradientRun r{x,        kernel,          {y, dy, codes, vectors, 0},
                  dx,       dkernel,         dbias,
                  partials, _partial_floats, static_cast<unsigned*>(_tickets.data()),
                  false,    false,           false};
    r.accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
    r.channel_vectors = pack_width(channels, x, dx) == 4;
    r.filter_vectors = pack_width(filters, kernel, dkernel) == 4;
    TilePlan kernel_plan = _kernel_plan;
    kernel_plan.tiles = dkernel != nullptr || dbias != nullptr ? kernel_plan.tiles : 0;
    _context.launch(gradient_kernel(_desc.precision, pooled),
                    static_cast<unsigned>((kernel_plan.blocks() + _input_plan.tiles.blocks()) * _desc.groups), TileThreads, 0, state, shape,
                    kernel_plan, _input_plan, r);
}

} // namespace compiled::cuda
