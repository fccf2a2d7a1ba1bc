// The forward pass of a convolution stage of any geometry.
//
// Product    [outputs of the stage][taps] times the kernel, [taps][filters]. With pooling there is one such product for each cell of the
//            window, one after the other: the best values so far and their cells stay in registers.
// Writes     y and, in training with pooling, codes.
// Blocks     tiles of the product, group by group; those beyond the rows of the batch return.
#include "conv2d_general_forward.h"

#include "conv2d_general_output.h"
#include "conv2d_general_sources.h"

namespace compiled::cuda {

using namespace general;

namespace {

// What the registers are meant to allow: a pooling keeps its best values in them, too.
constexpr int blocks_per_multiprocessor(bool pooled) {
    return pooled ? 2 : 3;
}

// Where the windows begin that the outputs from `first` on look through in one cell of their pooling.
__device__ void find_places(const Conv2DShape& shape, int64_t first, int64_t end, uint32_t cell_row, uint32_t cell_column,
                            WindowPlace (&places)[TileRows]) {
    for (int row = static_cast<int>(threadIdx.x); row < TileRows; row += TileThreads) {
        places[row] = {0, WindowPlace::Nowhere, 0};
        if (first + row < end) {
            Pixel position = Pixel::of(shape.output, first + row);
            position.row = position.row * shape.pool.stride_height - shape.pool.pad_top + cell_row;
            position.column = position.column * shape.pool.stride_width - shape.pool.pad_left + cell_column;
            if (shape.conv.holds(position.row, position.column)) {
                places[row] = WindowPlace::over(shape, position);
            }
        }
    }
}

__device__ ForwardPointers group_of(const Conv2DShape& shape, ForwardPointers p, int64_t group) {
    p.first_filter = group * shape.filters;
    p.x += group * shape.channels;
    p.kernel += p.first_filter;
    p.bias += p.bias != nullptr ? p.first_filter : 0;
    p.addend += p.addend != nullptr ? p.first_filter : 0;
    p.y += p.first_filter;
    p.codes += p.codes != nullptr ? p.first_filter : 0;
    return p;
}

template <int32_t Precision, int Columns, bool Pooled>
__device__ __forceinline__ void forward_tile(const Conv2DShape& shape, const TilePlan& plan, int64_t tile, const ForwardOutput& output,
                                             int64_t outputs, Operands<Precision>& operands, const ForwardPointers& p) {
    using Tile = Product<Precision, Columns, TileOrder::DepthFirst, TileOrder::LinesFirst>;
    CN_SHARED(places, WindowPlace[TileRows]);
    int64_t first = tile / plan.column_tiles * TileRows, column = tile % plan.column_tiles * Columns;
    if (first >= outputs) {
        return;
    }
    PlaceTable table{places, first};
    UnfoldedInput<PlaceTable> a(shape, table, p.x, p.channel_vectors);
    MatrixSource b(p.kernel, shape.taps(), shape.filters, shape.all_filters, p.filter_vectors);
    BestCells<Pooled ? Tile::Values : 1> best;
    Tile sums;
    for (uint32_t cell_row = 0; cell_row < shape.pool.size.height; ++cell_row) {
        for (uint32_t cell_column = 0; cell_column < shape.pool.size.width; ++cell_column) {
            if (Pooled) {
                __syncthreads(); // the last cell's places have been read
                sums.clear();
            }
            find_places(shape, first, outputs, cell_row, cell_column, places);
            __syncthreads();
            multiply_tile(sums, operands.template a<Tile>(), a, first, operands.template b<Tile>(), b, column, 0, shape.taps());
            int i = 0;
            sums.for_each_pack([&](int row, int pack_column, auto& values) {
                if constexpr (Pooled) {
                    output.activate_sums(column + pack_column, values);
                    CN_UNROLL
                    for (int e = 0; e < Tile::Pack; ++e, ++i) {
                        if (places[row].exists()) {
                            best.offer(i, values[e], cell_row * shape.pool.size.width + cell_column);
                        }
                    }
                } else if (first + row < outputs && column + pack_column < shape.filters) {
                    int64_t element = (first + row) * shape.all_filters + column + pack_column;
                    output.add_addend(element, shape.filters - column - pack_column, values);
                    output.activate_sums(column + pack_column, values);
                    uint32_t codes[Tile::Pack] = {};
                    output.write(first + row, column + pack_column, values, codes);
                }
            });
        }
    }
    if constexpr (Pooled) {
        int i = 0;
        sums.for_each_pack([&](int row, int pack_column, auto& values) {
            uint32_t codes[Tile::Pack];
            CN_UNROLL
            for (int e = 0; e < Tile::Pack; ++e, ++i) {
                values[e] = best.values[i];
                codes[e] = best.code(i);
            }
            if (first + row < outputs && column + pack_column < shape.filters) {
                output.write(first + row, column + pack_column, values, codes);
            }
        });
    }
}

template <int32_t Precision, bool Pooled>
__global__ void __launch_bounds__(TileThreads, blocks_per_multiprocessor(Pooled))
    conv2d_general_forward_kernel(const cn_state* state, Conv2DShape shape, TilePlan plan, ForwardPointers p) {
    CN_SHARED(operands, Operands<Precision>);
    int64_t tile = blockIdx.x;
    if (shape.filters != shape.all_filters) {
        p = group_of(shape, p, tile / plan.blocks());
        tile %= plan.blocks();
    }
    int64_t outputs = state->rows * shape.output.size();
    ForwardOutput output(shape, state, p);
    if (plan.wide) {
        forward_tile<Precision, WideColumns, Pooled>(shape, plan, tile, output, outputs, operands, p);
    } else {
        forward_tile<Precision, NarrowColumns, Pooled>(shape, plan, tile, output, outputs, operands, p);
    }
}

template <int32_t Precision>
auto* forward_kernel(bool pooled) {
    return pooled ? conv2d_general_forward_kernel<Precision, true> : conv2d_general_forward_kernel<Precision, false>;
}

auto* forward_kernel(int32_t precision, bool pooled) {
    switch (precision) {
    case CN_PRECISION_TF32:
        return forward_kernel<CN_PRECISION_TF32>(pooled);
    case CN_PRECISION_BFLOAT16:
        return forward_kernel<CN_PRECISION_BFLOAT16>(pooled);
    default:
        return forward_kernel<CN_PRECISION_FLOAT32>(pooled);
    }
}

} // namespace

GeneralConv2DForward::GeneralConv2DForward(Context& context, const cn_conv2d_desc& desc)
    : _context(context), _desc(desc), _shape(desc),
      _plan(plan_tiles(desc.batch * desc.output_height * desc.output_width, desc.filters / desc.groups)) {
    require_blocks(_plan.blocks(), desc.groups);
}

void GeneralConv2DForward::run(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                               uint8_t* codes, bool training) {
    Conv2DShape shape = _shape;
    shape.drops = training && _desc.dropout_rate > 0;
    ForwardPointers pointers{x, kernel, bias, addend, y, training ? codes : nullptr, false, false, 0};
    pointers.channel_vectors = pack_width(_desc.input_channels / _desc.groups, x) == 4;
    pointers.filter_vectors =
        pack_width(_desc.filters / _desc.groups, kernel, addend, y) == 4 && reinterpret_cast<uintptr_t>(codes) % 4 == 0;
    _context.launch(forward_kernel(_desc.precision, _desc.pool.height != 0), static_cast<unsigned>(_plan.blocks() * _desc.groups),
                    TileThreads, 0, state, shape, _plan, pointers);
}

} // namespace compiled::cuda
