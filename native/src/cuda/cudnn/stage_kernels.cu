// The kernels around cuDNN's.
//
// Shapes     x: [rows, input, channels]; staged x and dx: [batch, staged, channels]; z and dz: [batch, conv, filters];
//            y, dy, codes: [rows, output, filters]. Kernels: [taps][filters]; turned: [filters][taps].
// Codes      The winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
// Writes     What is beyond the rows is written in scratch memory alone: zeros there, so that it takes no part in the gradients.
// Blocks     Each job of a launch has a number of blocks of its own, one after the other; they walk over packs of channels or filters,
//            or have a tile each.
#include "stage_kernels.h"

#include "common/max_pooling.h"
#include "cuda/elementwise.h"
#include "cuda/split_sum.h"

namespace compiled::cuda::cudnn {

using general::Conv2DShape;
using general::Pixel;
using general::Plane;

namespace {

constexpr uint32_t NoGradient = 255; // the code of an output that passes nothing on
constexpr int TileLines = 32;        // of a matrix that is turned
constexpr int ThreadLines = ElementThreads / TileLines;

// -----------------------------------------------------------------------------------------------------------------------------------
// Jobs
// -----------------------------------------------------------------------------------------------------------------------------------

// The blocks of one job of a launch.
struct Blocks {
    unsigned first = 0, count = 0;

    __device__ __forceinline__ bool have(unsigned block) const { return block - first < count; }
    unsigned end() const { return first + count; }
};

Blocks after(const Blocks& last, int64_t count) {
    return {last.end(), static_cast<unsigned>(count)};
}

// for_packs over the blocks of a job.
template <int Width, class Body>
__device__ __forceinline__ void for_packs_of(const Blocks& blocks, int64_t count, const Body& body) {
    int64_t stride = static_cast<int64_t>(blocks.count) * ElementThreads;
    int64_t first = static_cast<int64_t>(blockIdx.x - blocks.first) * ElementThreads + threadIdx.x;
    for (int64_t pack = first; pack < count / Width; pack += stride) {
        body(pack * Width);
    }
}

int64_t pack_blocks(const Context& context, int64_t elements, int width) {
    constexpr int64_t BlocksPerMultiprocessor = 8;
    int64_t blocks = (elements / width + ElementThreads - 1) / ElementThreads;
    return std::clamp<int64_t>(blocks, 1, context.multiprocessors() * BlocksPerMultiprocessor);
}

int64_t tiles_of(int64_t rows, int64_t columns) {
    return ((rows + TileLines - 1) / TileLines) * ((columns + TileLines - 1) / TileLines);
}

// target[column][row] = source[row][column], a tile of it per block.
__device__ __forceinline__ void turn_tile(const Blocks& blocks, const float* source, int64_t rows, int64_t columns, float* target) {
    CN_SHARED(tile, float[TileLines][TileLines + 1]);
    int64_t column_tiles = (columns + TileLines - 1) / TileLines, block = blockIdx.x - blocks.first;
    int64_t row = block / column_tiles * TileLines, column = block % column_tiles * TileLines;
    int lane = static_cast<int>(threadIdx.x) % TileLines, line = static_cast<int>(threadIdx.x) / TileLines;
    for (int i = line; i < TileLines; i += ThreadLines) {
        if (row + i < rows && column + lane < columns) {
            tile[i][lane] = source[(row + i) * columns + column + lane];
        }
    }
    __syncthreads();
    for (int i = line; i < TileLines; i += ThreadLines) {
        if (column + i < columns && row + lane < rows) {
            target[(column + i) * rows + row + lane] = tile[lane][i];
        }
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Before
// -----------------------------------------------------------------------------------------------------------------------------------

// The windows [first, last] that cover a place, along one axis; `shifted` is the place with the padding before it.
struct CoveringWindows {
    uint32_t first, last;

    __device__ CoveringWindows(uint32_t shifted, uint32_t size, const Divider& by_stride, uint32_t outputs)
        : first(shifted < size ? 0 : by_stride.divide(shifted - size).quotient + 1), last(by_stride.divide(shifted).quotient) {
        last = last < outputs ? last : outputs - 1;
    }
};

template <int Width>
__device__ __forceinline__ void stage_input(const Blocks& blocks, const StageShape& shape, int64_t rows, const PrepareArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    for_packs_of<Width>(blocks, shape.batch * shape.staged.size() * s.channels, [&](int64_t element) {
        int64_t index = element;
        uint32_t channel = s.by_channels.take(index);
        Pixel pixel = Pixel::of(shape.staged, index);
        pixel.row -= s.window.pad_top, pixel.column -= s.window.pad_left;
        Pack<Width> pack{};
        if (pixel.image < rows && s.input.holds(pixel.row, pixel.column)) {
            pack = Pack<Width>::load(p.x + pixel.in(s.input) * s.channels + channel);
        }
        pack.store(p.staged_x + element);
    });
}

// dz of some filters at a position, summed over the windows of the pooling that it won.
template <int Width>
__device__ __forceinline__ Pack<Width> unpool(const Conv2DShape& s, const Pixel& position, uint32_t filter, const PrepareArguments& p,
                                              float scale, float unscale) {
    uint32_t row = position.row + s.pool.pad_top, column = position.column + s.pool.pad_left;
    CoveringWindows rows(row, s.pool.size.height, s.pool.by_stride_height, s.output.height);
    CoveringWindows columns(column, s.pool.size.width, s.pool.by_stride_width, s.output.width);
    Pack<Width> sums{};
    for (uint32_t oy = rows.first; oy <= rows.last; ++oy) {
        for (uint32_t ox = columns.first; ox <= columns.last; ++ox) {
            int64_t output = Pixel{position.image, oy, ox}.in(s.output) * s.filters + filter;
            uint32_t cell = (row - oy * s.pool.stride_height) * s.pool.size.width + column - ox * s.pool.stride_width;
            auto y = Pack<Width>::load(p.y + output), dy = Pack<Width>::load(p.dy + output);
            for (int e = 0; e < Width; ++e) {
                y.values[e] *= unscale;
                dy.values[e] *= scale;
            }
            activation_gradient(s.activation, y.values, dy.values);
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += p.codes[output + e] == cell ? dy.values[e] : 0.0f;
            }
        }
    }
    return sums;
}

// The same without a pooling: the mask is drawn again.
template <int Width>
__device__ __forceinline__ Pack<Width> undrop(const Conv2DShape& s, const DropoutMask& mask, int64_t element, const PrepareArguments& p,
                                              float unscale) {
    auto y = Pack<Width>::load(p.y + element), dy = Pack<Width>::load(p.dy + element);
    if (s.drops) {
        for (float& value : y.values) {
            value *= unscale;
        }
        mask.apply(element, dy.values);
    }
    activation_gradient(s.activation, y.values, dy.values);
    return dy;
}

template <int Width>
__device__ __forceinline__ void make_dz(const Blocks& blocks, const StageShape& shape, const cn_state* state, const PrepareArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    DropoutMask mask(s.dropout, state);
    float scale = s.drops ? s.dropout.rule.scale : 1.0f, unscale = 1.0f / scale;
    int64_t rows = state->rows;
    for_packs_of<Width>(blocks, shape.batch * s.conv.size() * s.filters, [&](int64_t element) {
        int64_t index = element;
        uint32_t filter = s.by_filters.take(index);
        Pixel position = Pixel::of(s.conv, index);
        Pack<Width> pack{};
        if (position.image < rows) {
            pack = p.codes != nullptr ? unpool<Width>(s, position, filter, p, scale, unscale) : undrop<Width>(s, mask, element, p, unscale);
        }
        pack.store(p.dz + element);
    });
}

struct PrepareJobs {
    Blocks turns, inputs, gradients;
};

// Widths of the packs of channels and of filters.
template <int ChannelWidth, int FilterWidth>
__global__ void __launch_bounds__(ElementThreads)
    cudnn_prepare_kernel(const cn_state* state, StageShape shape, PrepareJobs jobs, PrepareArguments p) {
    const Conv2DShape& s = shape.conv2d;
    if (jobs.turns.have(blockIdx.x)) {
        turn_tile(jobs.turns, p.kernel, s.taps(), s.filters, p.turned_kernel);
    } else if (jobs.inputs.have(blockIdx.x)) {
        stage_input<ChannelWidth>(jobs.inputs, shape, state->rows, p);
    } else {
        make_dz<FilterWidth>(jobs.gradients, shape, state, p);
    }
}

auto* prepare_kernel(int channel_width, int filter_width) {
    if (channel_width == 4) {
        return filter_width == 4 ? cudnn_prepare_kernel<4, 4> : cudnn_prepare_kernel<4, 1>;
    }
    return filter_width == 4 ? cudnn_prepare_kernel<1, 4> : cudnn_prepare_kernel<1, 1>;
}

// -----------------------------------------------------------------------------------------------------------------------------------
// After, forward
// -----------------------------------------------------------------------------------------------------------------------------------

// The maximum of a window, and where it is.
template <int Width>
struct Best {
    Pack<Width> pack{};
    uint32_t codes[Width];
    bool is_empty = true;

    __device__ __forceinline__ void offer(const Pack<Width>& values, uint32_t cell) {
        for (int e = 0; e < Width; ++e) {
            if (is_empty || max_pooling_takes(values.values[e], pack.values[e])) {
                pack.values[e] = values.values[e];
                codes[e] = cell;
            }
        }
        is_empty = false;
    }
};

template <int Width>
__device__ __forceinline__ Best<Width> pool(const Conv2DShape& s, const Pixel& position, uint32_t filter, const EpilogueArguments& p) {
    Pack<Width> bias{};
    if (p.bias != nullptr) {
        bias = Pack<Width>::load(p.bias + filter);
    }
    uint32_t top = position.row * s.pool.stride_height - s.pool.pad_top, left = position.column * s.pool.stride_width - s.pool.pad_left;
    Best<Width> best;
    for (uint32_t cell_row = 0; cell_row < s.pool.size.height; ++cell_row) {
        for (uint32_t cell_column = 0; cell_column < s.pool.size.width; ++cell_column) {
            Pixel pixel{position.image, top + cell_row, left + cell_column};
            if (s.conv.holds(pixel.row, pixel.column)) {
                int64_t element = pixel.in(s.conv) * s.filters + filter;
                auto pack = Pack<Width>::load(p.z + element);
                for (int e = 0; e < Width; ++e) {
                    pack.values[e] += bias.values[e];
                }
                if (p.addend != nullptr) {
                    auto addends = Pack<Width>::load(p.addend + element);
                    for (int e = 0; e < Width; ++e) {
                        pack.values[e] += addends.values[e];
                    }
                }
                activate(s.activation, pack.values);
                best.offer(pack, cell_row * s.pool.size.width + cell_column);
            }
        }
    }
    return best;
}

template <int Width>
__device__ __forceinline__ void drop(const DropoutMask& mask, int64_t element, Best<Width>& best) {
    float multipliers[Width];
    for (float& multiplier : multipliers) {
        multiplier = 1.0f;
    }
    mask.apply(element, multipliers);
    for (int e = 0; e < Width; ++e) {
        best.pack.values[e] = multipliers[e] != 0.0f ? best.pack.values[e] * multipliers[e] : 0.0f;
        best.codes[e] = multipliers[e] != 0.0f ? best.codes[e] : NoGradient;
    }
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads) cudnn_epilogue_kernel(const cn_state* state, StageShape shape, EpilogueArguments p) {
    const Conv2DShape& s = shape.conv2d;
    DropoutMask mask(s.dropout, state);
    for_packs<Width>(state->rows * s.output.size() * s.filters, [&](int64_t element) {
        int64_t index = element;
        uint32_t filter = s.by_filters.take(index);
        Best<Width> best = pool<Width>(s, Pixel::of(s.output, index), filter, p);
        for (int e = 0; e < Width; ++e) {
            bool dead = s.activation.form == ActivationForm::Relu && best.pack.values[e] <= 0.0f;
            best.codes[e] = dead ? NoGradient : best.codes[e];
        }
        if (p.drops) {
            drop(mask, element, best);
        }
        best.pack.store(p.y + element);
        if (p.codes != nullptr) {
            for (int e = 0; e < Width; ++e) {
                p.codes[element + e] = static_cast<uint8_t>(best.codes[e]);
            }
        }
    });
}

// -----------------------------------------------------------------------------------------------------------------------------------
// After, backward
// -----------------------------------------------------------------------------------------------------------------------------------

template <int Width>
__device__ __forceinline__ void unstage_gradient(const Blocks& blocks, const StageShape& shape, int64_t rows, const FinishArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    for_packs_of<Width>(blocks, rows * s.input.size() * s.channels, [&](int64_t element) {
        int64_t index = element;
        uint32_t channel = s.by_channels.take(index);
        Pixel pixel = Pixel::of(s.input, index);
        pixel.row += s.window.pad_top, pixel.column += s.window.pad_left;
        Pack<Width> pack{}; // where no window reaches, no gradient does
        if (shape.staged.holds(pixel.row, pixel.column)) {
            pack = Pack<Width>::load(p.staged_dx + pixel.in(shape.staged) * s.channels + channel);
        }
        if (p.accumulates) {
            auto sums = Pack<Width>::load(p.dx + element);
            for (int e = 0; e < Width; ++e) {
                pack.values[e] += sums.values[e];
            }
        }
        pack.store(p.dx + element);
    });
}

// The columns of dz: a block sums those of a tile over a part of the positions, the last one the parts.
__device__ __forceinline__ void sum_bias(const Blocks& blocks, const StageShape& shape, int64_t rows, int splits,
                                         const FinishArguments& p) {
    CN_SHARED(sums, float[ThreadLines][BiasPlan::TileFilters]);
    const Conv2DShape& s = shape.conv2d;
    auto block = static_cast<int>(blockIdx.x - blocks.first);
    int tile = block / splits, split = block % splits;
    int lane = static_cast<int>(threadIdx.x) % BiasPlan::TileFilters, line = static_cast<int>(threadIdx.x) / BiasPlan::TileFilters;
    int64_t filter = static_cast<int64_t>(tile) * BiasPlan::TileFilters + lane;
    int64_t positions = rows * s.conv.size(), part = (positions + splits - 1) / splits;
    int64_t end = (split + 1) * part < positions ? (split + 1) * part : positions;
    float sum[1] = {0.0f};
    if (filter < s.filters) {
        for (int64_t position = split * part + line; position < end; position += ThreadLines) {
            sum[0] += p.dz[position * s.filters + filter];
        }
    }
    float* partials = p.partials + static_cast<int64_t>(tile) * splits * ElementThreads;
    if (!sum_splits<ElementThreads>(sum, partials, split, splits, p.tickets + tile)) {
        return;
    }
    sums[line][lane] = sum[0];
    __syncthreads();
    if (line == 0 && filter < s.filters) {
        for (int i = 1; i < ThreadLines; ++i) {
            sum[0] += sums[i][lane];
        }
        p.dbias[filter] = sum[0];
    }
}

struct FinishJobs {
    Blocks turns, inputs, biases;
};

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    cudnn_finish_kernel(const cn_state* state, StageShape shape, FinishJobs jobs, int splits, FinishArguments p) {
    const Conv2DShape& s = shape.conv2d;
    if (jobs.turns.have(blockIdx.x)) {
        turn_tile(jobs.turns, p.turned_dkernel, s.filters, s.taps(), p.dkernel);
    } else if (jobs.inputs.have(blockIdx.x)) {
        unstage_gradient<Width>(jobs.inputs, shape, state->rows, p);
    } else {
        sum_bias(jobs.biases, shape, state->rows, splits, p);
    }
}

int64_t conv_elements(const StageShape& shape) {
    return shape.batch * shape.conv2d.conv.size() * shape.conv2d.filters;
}

} // namespace

BiasPlan::BiasPlan(const cn_conv2d_desc& d) : tiles(static_cast<int>((d.filters + TileFilters - 1) / TileFilters)), splits(1) {
    constexpr int64_t WantedBlocks = 128, PositionsOfSplit = 512, MostSplits = 64;
    int64_t positions = d.batch * d.conv_height * d.conv_width;
    int64_t most = std::clamp<int64_t>(positions / PositionsOfSplit, 1, MostSplits);
    splits = static_cast<int>(std::clamp<int64_t>(WantedBlocks / tiles, 1, most));
}

int64_t BiasPlan::partial_floats() const {
    return static_cast<int64_t>(tiles) * splits * ElementThreads;
}

void launch_prepare(Context& context, const cn_state* state, const StageShape& shape, const PrepareArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    int channel_width = pack_width(s.channels, p.x), filter_width = p.dz == nullptr ? 4 : pack_width(s.filters, p.y, p.dy);
    int64_t staged = shape.batch * shape.staged.size() * s.channels;
    PrepareJobs jobs;
    jobs.turns = after({}, p.turned_kernel == nullptr ? 0 : tiles_of(s.taps(), s.filters));
    jobs.inputs = after(jobs.turns, p.staged_x == nullptr ? 0 : pack_blocks(context, staged, channel_width));
    jobs.gradients = after(jobs.inputs, p.dz == nullptr ? 0 : pack_blocks(context, conv_elements(shape), filter_width));
    context.launch(prepare_kernel(channel_width, filter_width), jobs.gradients.end(), ElementThreads, 0, state, shape, jobs, p);
}

void launch_epilogue(Context& context, const cn_state* state, const StageShape& shape, const EpilogueArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    int width = pack_width(s.filters, p.bias, p.addend, p.y);
    auto* kernel = width == 4 ? cudnn_epilogue_kernel<4> : cudnn_epilogue_kernel<1>;
    int64_t outputs = shape.batch * s.output.size() * s.filters;
    context.launch(kernel, element_grid(context, outputs, width), ElementThreads, 0, state, shape, p);
}

void launch_finish(Context& context, const cn_state* state, const StageShape& shape, const BiasPlan& bias, const FinishArguments& p) {
    const Conv2DShape& s = shape.conv2d;
    int width = pack_width(s.channels, p.dx);
    auto* kernel = width == 4 ? cudnn_finish_kernel<4> : cudnn_finish_kernel<1>;
    int64_t inputs = shape.batch * s.input.size() * s.channels;
    FinishJobs jobs;
    jobs.turns = after({}, p.dkernel == nullptr ? 0 : tiles_of(s.filters, s.taps()));
    jobs.inputs = after(jobs.turns, p.staged_dx == nullptr ? 0 : pack_blocks(context, inputs, width));
    jobs.biases = after(jobs.inputs, p.dbias == nullptr ? 0 : static_cast<int64_t>(bias.tiles) * bias.splits);
    context.launch(kernel, jobs.biases.end(), ElementThreads, 0, state, shape, jobs, bias.splits, p);
}

} // namespace compiled::cuda::cudnn
