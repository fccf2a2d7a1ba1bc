// The moments of what a tiled convolution gives, from the sums that are still in registers: of each tile around its own mean, then, by the
// last block of a tile of filters, of all tiles in a fixed order.
#pragma once

#include "column_moments.h"
#include "conv2d_halo.h"
#include "conv2d_tiled_forward.h"

namespace compiled::cuda::tiled {

// Of one filter; in shared memory.
struct FilterMoments {
    double count, mean, squares;
};

// What a block needs of its dynamic shared memory, once its product is done.
constexpr size_t TileMomentsBytes = Threads * sizeof(FilterMoments);

__device__ __forceinline__ int64_t tile_positions(const HaloProduct& p, int row, int column) {
    int rows = p.result_height - row, columns = p.result_width - column;
    return static_cast<int64_t>(rows < p.tile_rows ? rows : p.tile_rows) * (columns < p.tile_columns ? columns : p.tile_columns);
}

// of(value, e) of all results that a block has of filter e of a lane's 8, summed up: every lane gets the sums of its own filters.
template <class Of>
__device__ __forceinline__ void sum_filters(const HaloProduct& p, const HaloTile& tile, Sums& values, float* shared, const Of& of,
                                            float (&sums)[8]) {
    constexpr unsigned AllLanes = 0xFFFFFFFFu;
    CN_UNROLL
    for (float& sum : sums) {
        sum = 0.0f;
    }
    CN_UNROLL
    for (int slot = 0; slot < Slots; ++slot) {
        Pair pair(p, slot, lane_row());
        CN_UNROLL
        for (int half = 0; half < 2; ++half) {
            bool valid = !pair.none && tile.row + pair.row + half < p.result_height && tile.column + pair.column < p.result_width;
            CN_UNROLL
            for (int e = 0; e < 8; ++e) {
                sums[e] += valid ? of(values.at(slot, half, e), e) : 0.0f;
            }
        }
    }
    CN_UNROLL
    for (int e = 0; e < 8; ++e) {
        CN_UNROLL
        for (int distance = 4; distance < 32; distance *= 2) { // lanes of the same filters
            sums[e] += __shfl_xor_sync(AllLanes, sums[e], distance);
        }
    }
    __syncthreads(); // what is there has been read
    if (lane_row() == 0) {
        CN_UNROLL
        for (int e = 0; e < 8; ++e) {
            shared[warp_number() * TileChannels + lane_column() * 8 + e] = sums[e];
        }
    }
    __syncthreads();
    CN_UNROLL
    for (int e = 0; e < 8; ++e) {
        sums[e] = 0.0f;
        for (int warp = 0; warp < Warps; ++warp) {
            sums[e] += shared[warp * TileChannels + lane_column() * 8 + e];
        }
    }
}

// Every thread of every block with rows calls it.
__device__ __forceinline__ void find_moments(const ForwardArguments& a, const HaloTile& tile, Sums& values, float* shared) {
    const HaloProduct& p = a.product;
    auto count = static_cast<double>(tile_positions(p, tile.row, tile.column));
    float means[8], offsets[8], squares[8];
    sum_filters(
        p, tile, values, shared, [](float value, int) { return value; }, means);
    CN_UNROLL
    for (float& mean : means) {
        mean /= static_cast<float>(count);
    }
    sum_filters(
        p, tile, values, shared, [&](float value, int e) { return value - means[e]; }, offsets);
    sum_filters(
        p, tile, values, shared, [&](float value, int e) { return (value - means[e]) * (value - means[e]); }, squares);

    // One after the other: the tiles of an image, the images, of each the filters.
    int64_t image_tiles = static_cast<int64_t>(p.row_tiles) * p.column_tiles, tiles = a.state->rows * image_tiles;
    int64_t number =
        tile.image * image_tiles + tile.row / p.tile_rows * static_cast<int64_t>(p.column_tiles) + tile.column / p.tile_columns;
    int filters = p.result_channels;
    if (warp_number() == 0 && lane_row() == 0) {
        CN_UNROLL
        for (int e = 0; e < 8; ++e) {
            int filter = tile.channel + lane_column() * 8 + e;
            if (filter < filters) {
                double offset = static_cast<double>(offsets[e]) / count;
                double* own = a.partials + number * Moments * filters + filter;
                own[0] = static_cast<double>(means[e]) + offset;
                own[filters] = static_cast<double>(squares[e]) - offset * offset * count;
            }
        }
    }
    if (!is_last_block(a.tickets + tile.channel / TileChannels, static_cast<unsigned>(tiles))) {
        return;
    }
    constexpr int Lines = Threads / TileChannels;
    int line = static_cast<int>(threadIdx.x) / TileChannels, filter = tile.channel + static_cast<int>(threadIdx.x) % TileChannels;
    FilterMoments own{};
    for (int64_t other = line; other < tiles && filter < filters; other += Lines) {
        auto in_image = static_cast<int>(other % image_tiles);
        int row = in_image / p.column_tiles, column = in_image - row * p.column_tiles;
        auto more = static_cast<double>(tile_positions(p, row * p.tile_rows, column * p.tile_columns));
        const double* part = a.partials + other * Moments * filters + filter;
        merge_moments(own.count, own.mean, own.squares, more, part[0], part[filters]);
        own.count += more;
    }
    auto* lines = reinterpret_cast<FilterMoments*>(shared);
    lines[threadIdx.x] = own;
    __syncthreads();
    if (line != 0 || filter >= filters) {
        return;
    }
    for (int other = 1; other < Lines; ++other) {
        FilterMoments more = lines[other * TileChannels + threadIdx.x];
        if (more.count > 0.0) {
            merge_moments(own.count, own.mean, own.squares, more.count, more.mean, more.squares);
            own.count += more.count;
        }
    }
    a.moments[filter] = own.mean;
    a.moments[filters + filter] = own.squares;
}

} // namespace compiled::cuda::tiled
