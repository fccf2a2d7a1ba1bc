// Depthwise convolution stages: filter c * multiplier + m sees channel c alone.
//
// Forward    Each thread has an output of four neighbouring filters, or of one, and looks through the cells of its pooling.
// Backward   One launch: blocks for the gradients of kernel and bias, then blocks for that of the input, which walk over its elements.
//            dz, the gradient before the activation, is computed by all that need it, from y, dy and codes; only where windows of the
//            pooling overlap, a launch of its own writes it out before.
// Kernel     A block has some filters and cells, and a part of the positions; the last to finish adds the parts in order. The blocks of the
//            first cells also sum dz itself.
// Writes     y, codes, dkernel and dbias are overwritten; dx by the descriptor.
// Scratch    The parts; dz where it is written.
#include "conv2d_depthwise.h"

#include "conv2d_general_gradient.h"
#include "conv2d_general_output.h"
#include "conv2d_general_sources.h"
#include "split_sum.h"
#include "sum_columns.h"

namespace compiled::cuda {

using namespace general;

namespace {

constexpr int Threads = 128;
constexpr int TileFilters = 32;                    // of a block of the kernel's gradient
constexpr int TileCells = 9;                       // likewise
constexpr int ThreadsOfPosition = TileFilters / 4; // four filters each
constexpr int PositionsOfTurn = Threads / ThreadsOfPosition;

// -----------------------------------------------------------------------------------------------------------------------------------
// x and the kernel
// -----------------------------------------------------------------------------------------------------------------------------------

// Of a cell of the window from its first one.
struct Offset {
    uint32_t rows, columns;

    __device__ __forceinline__ static Offset of(const Window& window, uint32_t row, uint32_t column) {
        return {row * window.dilation_height, column * window.dilation_width};
    }
};

// Width neighbouring channels of x, as Width neighbouring filters see them.
template <int Width>
class ChannelReader {
public:
    // `vectors`: filters are channels, they come in fours, and x is aligned to them.
    __device__ ChannelReader(const Conv2DShape& shape, const Divider& by_multiplier, const float* x, bool vectors, uint32_t filter)
        : _shape(shape), _x(x), _vectors(vectors) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            uint32_t seen = filter + e < shape.filters ? filter + e : filter;
            _channels[e] = by_multiplier.divide(seen).quotient;
        }
    }

    // From a pixel of the input; zeros in the padding.
    __device__ __forceinline__ Pack<Width> load(const WindowPlace& place, const Offset& offset) const {
        uint32_t row = place.top + offset.rows, column = place.left + offset.columns;
        Pack<Width> pack{};
        if (!_shape.input.holds(row, column)) {
            return pack;
        }
        const float* pixel = _x + place.image + (static_cast<int64_t>(row) * _shape.input.width + column) * _shape.channels;
        if (Width == 4 && _vectors) {
            return Pack<Width>::load(pixel + _channels[0]);
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            pack.values[e] = pixel[_channels[e]];
        }
        return pack;
    }

private:
    const Conv2DShape& _shape;
    const float* _x;
    bool _vectors;
    uint32_t _channels[Width];
};

template <int Width>
__device__ __forceinline__ void add_products(float (&sums)[Width], const Pack<Width>& a, const float (&b)[Width]) {
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        sums[e] += a.values[e] * b[e];
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Forward
// -----------------------------------------------------------------------------------------------------------------------------------

template <int Width>
__device__ __forceinline__ void convolve(const Conv2DShape& shape, const ChannelReader<Width>& reader, const float* kernel,
                                         const Pixel& position, float (&sums)[Width]) {
    WindowPlace place = WindowPlace::over(shape, position);
    CN_UNROLL
    for (float& sum : sums) {
        sum = 0.0f;
    }
    for (uint32_t row = 0; row < shape.window.size.height; ++row) {
        for (uint32_t column = 0; column < shape.window.size.width; ++column) {
            Pack<Width> weights = Pack<Width>::load(kernel);
            add_products(sums, weights, reader.load(place, Offset::of(shape.window, row, column)).values);
            kernel += shape.filters;
        }
    }
}

template <int Width>
__global__ void conv2d_depthwise_forward_kernel(const cn_state* state, Conv2DShape shape, Divider by_multiplier, ForwardPointers p) {
    ForwardOutput output(shape, state, p);
    for_packs<Width>(state->rows * shape.output.size() * shape.filters, [&](int64_t element) {
        int64_t index = element;
        uint32_t filter = shape.by_filters.take(index);
        Pixel pooled = Pixel::of(shape.output, index);
        ChannelReader<Width> reader(shape, by_multiplier, p.x, p.channel_vectors, filter);
        BestCells<Width> best;
        for (uint32_t row = 0; row < shape.pool.size.height; ++row) {
            for (uint32_t column = 0; column < shape.pool.size.width; ++column) {
                Pixel position{pooled.image, pooled.row * shape.pool.stride_height - shape.pool.pad_top + row,
                               pooled.column * shape.pool.stride_width - shape.pool.pad_left + column};
                if (!shape.conv.holds(position.row, position.column)) {
                    continue;
                }
                float sums[Width];
                convolve(shape, reader, p.kernel + filter, position, sums);
                output.add_addend(element, shape.filters - filter, sums);
                output.activate_sums(filter, sums);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    best.offer(e, sums[e], row * shape.pool.size.width + column);
                }
            }
        }
        uint32_t codes[Width];
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            codes[e] = best.code(e);
        }
        output.write(index, filter, best.values, codes);
    });
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Kernel and bias
// -----------------------------------------------------------------------------------------------------------------------------------

struct DepthwiseRun {
    const float *x, *kernel;
    GradientPointers gradient;
    float *dx, *dkernel, *dbias;
    float* partials;
    unsigned* tickets;
    int64_t filter_tiles, kernel_blocks;
    int splits;
    Divider by_multiplier;
    uint32_t multiplier;
    bool accumulate;
    bool channel_vectors; // filters are channels, which come in fours, and x, dx and kernel are aligned to them
};

// dz of four neighbouring filters at a position; zeros for those that do not exist.
template <bool Pooled>
__device__ __forceinline__ Pack<4> load_gradient(const Conv2DShape& shape, const GradientReader<Pooled>& reader, bool vectors,
                                                 const Pixel& position, uint32_t filter) {
    if (vectors) {
        return reader.finish(reader.load_four(position, filter));
    }
    auto raw = reader.nothing();
    if (filter < shape.filters) {
        reader.template load_one<0>(raw, position, filter);
    }
    if (filter + 1 < shape.filters) {
        reader.template load_one<1>(raw, position, filter + 1);
    }
    if (filter + 2 < shape.filters) {
        reader.template load_one<2>(raw, position, filter + 2);
    }
    if (filter + 3 < shape.filters) {
        reader.template load_one<3>(raw, position, filter + 3);
    }
    return reader.finish(raw);
}

template <bool Pooled>
__device__ __forceinline__ void kernel_gradient_tile(const Conv2DShape& shape, int64_t block, const GradientReader<Pooled>& reader,
                                                     int64_t rows, const DepthwiseRun& r) {
    CN_SHARED(columns, float[Threads * 4]);
    CN_SHARED(offsets, Offset[TileCells]); // there are no registers for them
    int64_t tile = block / r.splits, split = block % r.splits;
    auto first_filter = static_cast<uint32_t>(tile % r.filter_tiles * TileFilters);
    int64_t first_cell = tile / r.filter_tiles * TileCells, cells = shape.window.size.size();
    int64_t positions = rows * shape.conv.size(), part = (positions + r.splits - 1) / r.splits;
    int64_t end = (split + 1) * part < positions ? (split + 1) * part : positions;

    if (threadIdx.x < TileCells) {
        Divider::Result cell = shape.window.size.by_width.divide(static_cast<uint32_t>(first_cell + threadIdx.x));
        offsets[threadIdx.x] = Offset::of(shape.window, cell.quotient, cell.remainder);
    }
    __syncthreads();
    uint32_t filter = first_filter + threadIdx.x % ThreadsOfPosition * 4;
    float sums[TileCells + 1][4] = {}; // dz itself last
    if (filter < shape.filters) {
        ChannelReader<4> channels(shape, r.by_multiplier, r.x, r.channel_vectors, filter);
        for (int64_t index = split * part + threadIdx.x / ThreadsOfPosition; index < end; index += PositionsOfTurn) {
            Pixel position = Pixel::of(shape.conv, index);
            WindowPlace place = WindowPlace::over(shape, position);
            Pack<4> gradient = load_gradient(shape, reader, r.gradient.vectors, position, filter);
            CN_UNROLL
            for (int c = 0; c < TileCells; ++c) {
                if (first_cell + c < cells) {
                    add_products(sums[c], gradient, channels.load(place, offsets[c]).values);
                }
            }
            CN_UNROLL
            for (int e = 0; e < 4; ++e) {
                sums[TileCells][e] += gradient.values[e];
            }
        }
    }
    float values[TileCells + 1];
    CN_UNROLL
    for (int c = 0; c < TileCells + 1; ++c) {
        values[c] = sum_columns<Threads, TileFilters>(sums[c], columns);
    }
    float* partials = r.partials + tile * r.splits * (TileCells + 1) * Threads;
    if (!sum_splits<Threads>(values, partials, static_cast<int>(split), r.splits, r.tickets + tile)) {
        return;
    }
    uint32_t column = first_filter + threadIdx.x;
    if (threadIdx.x >= TileFilters || column >= shape.filters) {
        return;
    }
    CN_UNROLL
    for (int c = 0; c < TileCells; ++c) {
        if (r.dkernel != nullptr && first_cell + c < cells) {
            r.dkernel[(first_cell + c) * shape.filters + column] = values[c];
        }
    }
    if (r.dbias != nullptr && first_cell == 0) {
        r.dbias[column] = values[TileCells];
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Input
// -----------------------------------------------------------------------------------------------------------------------------------

// The position of the convolution whose window has this cell over a pixel of the input, where the padding is counted; false: none.
__device__ __forceinline__ bool find_position(const Conv2DShape& shape, const Pixel& padded, uint32_t cell_row, uint32_t cell_column,
                                              Pixel& position) {
    uint32_t rows = cell_row * shape.window.dilation_height, columns = cell_column * shape.window.dilation_width;
    if (rows > padded.row || columns > padded.column) {
        return false;
    }
    Divider::Result row = shape.window.by_stride_height.divide(padded.row - rows);
    Divider::Result column = shape.window.by_stride_width.divide(padded.column - columns);
    position = {padded.image, row.quotient, column.quotient};
    return (row.remainder | column.remainder) == 0 && shape.conv.holds(row.quotient, column.quotient);
}

// What the filters of a channel give to it, or one filter to each of four channels.
template <int Width, bool Pooled>
__device__ __forceinline__ void add_cell(const Conv2DShape& shape, const GradientReader<Pooled>& reader, const DepthwiseRun& r,
                                         const float* kernel, const Pixel& position, uint32_t channel, float (&sums)[Width]) {
    if constexpr (Width == 4) {
        Pack<4> gradient = load_gradient(shape, reader, r.gradient.vectors, position, channel);
        add_products(sums, gradient, Pack<4>::load(kernel + channel).values);
    } else {
        uint32_t filter = channel * r.multiplier;
        for (uint32_t m = 0; m < r.multiplier; ++m) {
            auto raw = reader.nothing();
            reader.template load_one<0>(raw, position, filter + m);
            sums[0] += reader.finish(raw).values[0] * kernel[filter + m];
        }
    }
}

template <int Width, bool Pooled>
__device__ __forceinline__ void input_gradient(const Conv2DShape& shape, const GradientReader<Pooled>& reader, int64_t rows,
                                               const DepthwiseRun& r) {
    int64_t packs = rows * shape.input.size() * shape.channels / Width;
    int64_t stride = (gridDim.x - r.kernel_blocks) * Threads;
    for (int64_t pack = (blockIdx.x - r.kernel_blocks) * Threads + threadIdx.x; pack < packs; pack += stride) {
        int64_t index = pack * Width;
        uint32_t channel = shape.by_channels.take(index);
        Pixel padded = Pixel::of(shape.input, index);
        padded.row += shape.window.pad_top;
        padded.column += shape.window.pad_left;
        Pack<Width> result{};
        if (r.accumulate) {
            result = Pack<Width>::load(r.dx + pack * Width);
        }
        const float* kernel = r.kernel;
        for (uint32_t row = 0; row < shape.window.size.height; ++row) {
            for (uint32_t column = 0; column < shape.window.size.width; ++column, kernel += shape.filters) {
                Pixel position{};
                if (find_position(shape, padded, row, column, position)) {
                    add_cell<Width>(shape, reader, r, kernel, position, channel, result.values);
                }
            }
        }
        result.store(r.dx + pack * Width);
    }
}

template <int Width, bool Pooled>
__global__ void __launch_bounds__(Threads, 3) conv2d_depthwise_gradient_kernel(const cn_state* state, Conv2DShape shape, DepthwiseRun r) {
    GradientReader<Pooled> reader(shape, state, r.gradient);
    if (blockIdx.x < r.kernel_blocks) {
        kernel_gradient_tile(shape, blockIdx.x, reader, state->rows, r);
    } else {
        input_gradient<Width>(shape, reader, state->rows, r);
    }
}

template <int Width>
auto* gradient_kernel(bool pooled) {
    return pooled ? conv2d_depthwise_gradient_kernel<Width, true> : conv2d_depthwise_gradient_kernel<Width, false>;
}

cn_conv2d_desc as_one_group(const cn_conv2d_desc& desc) {
    cn_conv2d_desc result = desc;
    result.groups = 1;
    return result;
}

} // namespace

DepthwiseConv2D::Plan::Plan(const cn_conv2d_desc& desc)
    : filter_tiles(ceil_div(desc.filters, TileFilters)), cell_tiles(ceil_div(desc.window.height * desc.window.width, TileCells)) {
    constexpr int64_t WantedBlocks = 512, MostSplits = 64, TurnsOfSplit = 8;
    int64_t turns = ceil_div(desc.batch * desc.conv_height * desc.conv_width, PositionsOfTurn);
    int64_t most = std::clamp<int64_t>(turns / TurnsOfSplit, 1, MostSplits);
    splits = static_cast<int>(std::clamp<int64_t>(WantedBlocks / tiles(), 1, most));
}

DepthwiseConv2D::DepthwiseConv2D(Context& context, const cn_conv2d_desc& desc)
    : _context(context), _desc(as_one_group(desc)), _shape(_desc), _multiplier(desc.filters / desc.input_channels), _plan(desc),
      _partial_floats(_plan.splits == 1 ? 0 : _plan.blocks() * (TileCells + 1) * Threads), _overlaps(windows_overlap(desc.pool, _shape)),
      _tickets(_plan.tiles() * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
    int64_t gradient = _overlaps ? desc.batch * desc.conv_height * desc.conv_width * desc.filters : 0;
    context.reserve_scratch((_partial_floats + gradient) * static_cast<int64_t>(sizeof(float)));
}

void DepthwiseConv2D::forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                              uint8_t* codes, bool training) {
    Conv2DShape shape = _shape;
    shape.drops = training && _desc.dropout_rate > 0;
    ForwardPointers pointers{x, kernel, bias, addend, y, training ? codes : nullptr, false, false, 0};
    pointers.channel_vectors = _multiplier == 1 && pack_width(_desc.filters, x) == 4;
    pointers.filter_vectors = pack_width(_desc.filters, kernel, addend, y) == 4 && reinterpret_cast<uintptr_t>(codes) % 4 == 0;
    int width = pointers.filter_vectors ? 4 : 1;
    int64_t outputs = _desc.batch * _desc.output_height * _desc.output_width * _desc.filters;
    _context.launch(width == 4 ? conv2d_depthwise_forward_kernel<4> : conv2d_depthwise_forward_kernel<1>,
                    element_grid(_context, outputs, width), ElementThreads, 0, state, shape, Divider(_multiplier), pointers);
}

void DepthwiseConv2D::backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes,
                               const float* dy, float* dx, float* dkernel, float* dbias) {
    Conv2DShape shape = _shape;
    float* partials = _context.scratch<float>();
    bool pooled = _desc.pool.height != 0 && !_overlaps;
    if (_overlaps) {
        float* dz = partials + _partial_floats;
        spread_gradient(_context, _desc, state, y, codes, dy, dz);
        shape.activation = activation_rule(CN_ACTIVATION_LINEAR);
        shape.drops = false;
        y = dy = dz;
    }
    DepthwiseRun r{};
    r.x = x, r.kernel = kernel, r.dx = dx, r.dkernel = dkernel, r.dbias = dbias;
    r.gradient = {y, dy, codes, pack_width(_desc.filters, y, dy) == 4 && reinterpret_cast<uintptr_t>(codes) % 4 == 0, 0};
    r.partials = partials, r.tickets = static_cast<unsigned*>(_tickets.data());
    r.filter_tiles = _plan.filter_tiles, r.kernel_blocks = dkernel != nullptr || dbias != nullptr ? _plan.blocks() : 0,
    r.splits = _plan.splits;
    r.by_multiplier = Divider(_multiplier), r.multiplier = static_cast<uint32_t>(_multiplier);
    r.accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
    r.channel_vectors = _multiplier == 1 && pack_width(_desc.filters, x, dx, kernel) == 4;
    int width = r.channel_vectors ? 4 : 1;
    int64_t pixels = _desc.batch * _desc.input_height * _desc.input_width;
    int64_t input_blocks = 0;
    if (_desc.input_gradient != CN_GRADIENT_NONE) {
        input_blocks = std::clamp<int64_t>(ceil_div(pixels * _desc.input_channels / width, Threads), 1, _context.multiprocessors() * 16);
    }
    _context.launch(width == 4 ? gradient_kernel<4>(pooled) : gradient_kernel<1>(pooled),
                    static_cast<unsigned>(r.kernel_blocks + input_blocks), Threads, 0, state, shape, r);
}

} // namespace compiled::cuda
