// A tile of the gradient of a convolution's input: [positions of the input in a phase][turned taps] times the turned kernel.
#pragma once

#include "conv2d_general_gradient.h"
#include "conv2d_general_sources.h"

namespace compiled::cuda::general {

template <bool Pooled>
struct TurnedFactors {
    const GradientReader<Pooled>& reader;
    const float* kernel;
    bool gradient_vectors; // filters come in fours, and what the reader reads is aligned to them
    bool filter_vectors;   // the kernel is
};

// store(pixel, channel, how many of the values exist, values) for each pixel and some neighbouring channels.
template <int32_t Precision, int Columns, bool Pooled, class Store>
__device__ __forceinline__ void input_gradient_tile(const Conv2DShape& shape, const InputPlan& plan, int64_t tile,
                                                    const TurnedFactors<Pooled>& factors, int64_t rows, Operands<Precision>& operands,
                                                    const Store& store) {
    using Tile = Product<Precision, Columns, TileOrder::DepthFirst, TileOrder::DepthFirst>;
    CN_SHARED(places, WindowPlace[TileRows]);
    int64_t tile_row = tile / plan.tiles.column_tiles, column = tile % plan.tiles.column_tiles * Columns;
    auto phase = static_cast<uint32_t>(tile_row / plan.tile_rows_of_phase);
    int64_t first = tile_row % plan.tile_rows_of_phase * TileRows, pixels = rows * plan.phases.plane.size();
    if (first >= pixels) {
        return;
    }
    for (int row = static_cast<int>(threadIdx.x); row < TileRows; row += TileThreads) {
        Pixel pixel = plan.phases.pixel(phase, first + row);
        bool exists = first + row < pixels && shape.input.holds(pixel.row, pixel.column);
        places[row] = {exists ? pixel.image : -1, pixel.row + shape.window.pad_top, pixel.column + shape.window.pad_left};
    }
    __syncthreads();
    TurnedTaps taps = plan.phases.taps(phase);
    PlaceTable table{places, first};
    UnfoldedGradient<Pooled> a(shape, taps, factors.reader, table, factors.gradient_vectors);
    TurnedKernel b(shape, taps, factors.kernel, factors.filter_vectors);
    Tile sums;
    multiply_tile(sums, operands.template a<Tile>(), a, first, operands.template b<Tile>(), b, column, 0, taps.count(shape));
    sums.for_each_pack([&](int row, int pack_column, auto& pack) {
        WindowPlace place = places[row];
        int64_t channel = column + pack_column, count = shape.channels - channel;
        if (place.image >= 0 && count > 0) {
            Pixel pixel{place.image, place.top - shape.window.pad_top, place.left - shape.window.pad_left};
            store(pixel, channel, count, pack);
        }
    });
}

} // namespace compiled::cuda::general
