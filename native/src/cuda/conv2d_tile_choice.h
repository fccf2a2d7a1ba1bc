// The tiles of a HaloProduct: small ones for small batches, so that all multiprocessors have work. Sums do not depend on them.
#pragma once

#include "conv2d_tiled_shape.h"

#include <algorithm>
#include <cmath>

namespace compiled::cuda::tiled {

inline int ceiling(int64_t count, int64_t size) {
    return static_cast<int>((count + size - 1) / size);
}

struct TileChoice {
    int64_t batch;
    int multiprocessors;
    bool even_columns; // for a pooling
    int cost;          // cycles of a multiprocessor's quarter for 32 channels, 32 positions and one product each

    // words(product) are those of a stage of shared memory for a chunk of `chunk` channels. The smallest tile fits, or the stage does not
    // suit.
    template <class Words>
    void choose(HaloProduct& product, int chunk, const Words& words) const {
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
    }

private:
    // Cycles for all blocks, of which a block reads `bytes`. Warps that have something to multiply begin at the first quarter of a
    // multiprocessor in every block, so blocks that share one get in each other's way.
    double estimate(const HaloProduct& p, int64_t bytes) const {
        constexpr double BytesPerCycle = 64, Start = 1000; // of a block
        constexpr int Resident = 2;                        // blocks of a multiprocessor, as registers allow
        auto blocks = static_cast<double>(ceiling(batch * p.image_tiles(), multiprocessors));
        double together = std::min<double>(blocks, Resident);
        double products = ceiling(ceiling(p.pairs(), Slots * 8), 4) * double{1} * p.taps() * p.source_channels * cost;
        double loads = static_cast<double>(bytes) / BytesPerCycle;
        double wave = Start + std::max(together * products + loads / p.stages, together * loads);
        return std::ceil(blocks / together) * wave;
    }
};

} // namespace compiled::cuda::tiled
