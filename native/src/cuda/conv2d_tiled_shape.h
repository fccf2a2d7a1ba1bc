// What the kernels of conv2d_tiled.h are told about a stage: extents, tiles and slices. Chosen on the host when the op is created; inside
// an image 32 bits are enough.
#pragma once

#include "common/dropout.h"
#include "cuda.h"

#include <cstdint>

namespace compiled::cuda {

namespace tiled {

constexpr int Threads = 256; // of every block
constexpr int Warps = Threads / 32;
constexpr int Slots = 2;         // tiles of 16 positions that a warp multiplies
constexpr int TileChannels = 32; // of the result, per block
constexpr int MaxPairs = Warps * Slots * 8;
constexpr int MaxSmallInputs = 48; // window cells by channels, where an input has at most 4 channels
// Bytes of shared memory that a block may have; sm_86 and sm_89 have 99 KiB.
constexpr int SharedBudget = 96 * 1024;

// A convolution of stride 1 from a source to a result, both NHWC: forward, of x; for the gradient of x, of the convolution's gradient dz.
//
// A block computes tile_rows (even) by tile_columns positions of one image, for TileChannels channels. Positions go in pairs, one above the
// other: pair q of a tile is rows 2 * (q / tile_columns) and the next, column q % tile_columns. So the 16 positions that a tensor
// core multiplies are 8 pairs, and the cells of a pooling window are in two neighbouring pairs.
struct HaloProduct {
    int source_height, source_width, source_channels;
    int result_height, result_width, result_channels;
    int window_height, window_width;
    int pad_top, pad_left; // of the source
    int tile_rows, tile_columns;
    int row_tiles, column_tiles, channel_tiles; // of the result
    int stages;                                 // of shared memory: 1, or 2 to read a chunk of channels while another is multiplied

    CN_HOST_DEVICE int taps() const { return window_height * window_width; }
    CN_HOST_DEVICE int pairs() const { return tile_rows / 2 * tile_columns; }
    CN_HOST_DEVICE int source_rows() const { return tile_rows + window_height - 1; }
    CN_HOST_DEVICE int source_columns() const { return tile_columns + window_width - 1; }
    CN_HOST_DEVICE int image_tiles() const { return row_tiles * column_tiles * channel_tiles; }
};

// Where a block of a HaloProduct works.
struct HaloTile {
    int64_t image;
    int row, column; // of the result
    int channel;

    __device__ HaloTile(const HaloProduct& p, unsigned block) {
        auto tiles = static_cast<unsigned>(p.image_tiles());
        image = block / tiles;
        auto in_image = static_cast<int>(block % tiles);
        channel = in_image % p.channel_tiles * TileChannels;
        in_image /= p.channel_tiles;
        column = in_image % p.column_tiles * p.tile_columns;
        row = in_image / p.column_tiles * p.tile_rows;
    }
};

// What dz, the gradient of the convolution's result, is made from. Its extents are those of the part that y depends on.
struct GradientSource {
    const float* y;
    const float* dy;
    const uint8_t* codes; // null: no pooling
    int height, width;    // of dz
    int output_height, output_width, filters;
    int activation;
    float scale, unscale; // of the dropout and its inverse; 1 without
    DropoutRule dropout;  // where the mask is drawn again: without codes
    uint32_t stream;
    bool draws_mask;
};

// The gradients of kernel and bias, cut in two ways. A tile is 3 taps of a row of the window, 32 input channels and 32 filters; where
// inputs are small, all rows of the kernel by 32 filters. A slice is some of the bands of dz, of all images: bands of band_rows by
// band_columns positions, both even with pooling.
struct KernelGradient {
    static constexpr int Taps = 3;
    static constexpr int TileInputs = 32;
    static constexpr int MaxPositions = 128; // of a band
    static constexpr int Stages = 2;         // of shared memory: a band is read while another is multiplied

    int input_height, input_width, channels, filters;
    int window_height, window_width;
    int pad_top, pad_left;
    int band_rows, band_columns, row_bands, column_bands;
    int tap_rows, tap_groups, channel_tiles, filter_tiles;
    int slices;
    int group_slices; // added up by one block, before the groups are

    CN_HOST_DEVICE int tiles() const { return tap_rows * tap_groups * channel_tiles * filter_tiles; }
    CN_HOST_DEVICE int image_bands() const { return row_bands * column_bands; }
    CN_HOST_DEVICE int blocks() const { return tiles() * slices; }
    CN_HOST_DEVICE int positions() const { return band_rows * band_columns; }
    CN_HOST_DEVICE int groups() const { return (slices + group_slices - 1) / group_slices; }
    CN_HOST_DEVICE int tile_tickets() const { return 1 + groups(); } // of the groups, then of each group's slices
    // Up to the next step of any precision.
    CN_HOST_DEVICE int padded_positions() const { return (positions() + 15) / 16 * 16; }
};

} // namespace tiled

} // namespace compiled::cuda
