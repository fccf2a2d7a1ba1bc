// The tiles of a HaloProduct: small ones for small batches, so that all multiprocessors have work. Sums do not depend on them.
#pragma once

#include "conv2d_tiled_shape.h"

#include <algorithm>

namespace compiled::cuda::tiled {

inline int ceiling(int64_t count, int64_t size) {
    return static_cast<int>((count + size - 1) / size);
}

struct TileChoice {
    int64_t batch;
    int multiprocessors;
    bool even_columns; // for a pooling
    int cost;          // cycles of a multiprocessor's quarter for 32 channels, 32 positions and one product each

    // words(product) are those of a stage of shared memory for a chunk of `chunk` channels. Returns false where no tile fits.
    template <class Words>
    bool choose(HaloProduct& product, int chunk, const Words& words) const {
        double best = -1;
        HaloProduct candidate = product;
        candidate.channel_tiles = ceiling(product.result_channels, TileChannels);
        for (int columns = product.result_width; columns >= 1; columns = columns == 1 ? 0 : (columns + 1) / 2) {
            candidate.tile_columns = even_columns ? ceiling(columns, 2) * 2 : columns;
            candidate.column_tiles = ceiling(product.result_width, candidate.tile_columns);
            int row_pairs = ceiling(product.result_height, 2);
            for (int pairs = std::min(row_pairs, MaxPairs / candidate.tile_columns); pairs >= 1; --pairs) {
                candidate.tile_rows = 2 * pairs;
                candidate.row_tiles = ceiling(row_pairs, pairs);
                int64_t bytes = words(candidate) * int64_t{4};
                if (bytes > SharedBudget) {
                    continue;
                }
                int chunks = ceiling(product.source_channels, chunk);
                candidate.stages = chunks > 1 && 2 * bytes <= SharedBudget ? 2 : 1;
                double time = estimate(candidate, chunks * bytes);
                if (best < 0 || time < best) {
                    best = time;
                    product = candidate;
                }
            }
        }
        return best >= 0;
    }

private:
    // `bytes` are all that a block reads. Where nothing overlaps with reading, all of it counts.
    double estimate(const HaloProduct& p, int64_t bytes) const {
        constexpr double BytesPerCycle = 64;
        double depth = double{1} * p.taps() * p.source_channels;
        int warps = ceiling(p.pairs(), Slots * 8);
        double blocks = static_cast<double>(ceiling(batch * p.image_tiles(), multiprocessors));
        double alone = ceiling(warps, 4) * depth * cost; // a block, by the quarter that has most to do
        double shared = warps / 4.0 * depth * cost;      // of blocks that share a multiprocessor
        double loads = static_cast<double>(bytes) / BytesPerCycle;
        return std::max(alone + loads / p.stages, blocks * std::max(shared, loads));
    }
};

} // namespace compiled::cuda::tiled
