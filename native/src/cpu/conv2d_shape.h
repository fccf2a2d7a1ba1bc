// What follows from the descriptor of a convolution stage: runs, packing, padding, bands and scratch memory. Sizes are in floats.
#pragma once

#include "activation_simd.h"
#include "context.h"
#include "conv2d_phases.h"
#include "dropout_mask.h"
#include "elementwise.h"
#include "joined_images.h"
#include "tile_kernel.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace compiled::cpu::CN_ISA {

// Rows [begin, end) of the stage's output of one image, and the rows of the convolution that they need.
struct Band {
    int64_t image;
    int64_t begin, end;
    int64_t conv_begin, conv_end;
};

// The input of a band, padding included: row 0 is the first row of the first window.
struct Source {
    const float* data;
    int64_t row; // floats from row to row
    Runs runs;
};

class Conv2DShape {
public:
    static constexpr int64_t DropoutPiece = 4096;
    static constexpr int64_t PartPixels = 256;

    cn_conv2d_desc desc;

    explicit Conv2DShape(const cn_conv2d_desc& descriptor) : desc(descriptor), _turned(desc.conv_height, desc.conv_width) {
        const cn_window& w = desc.window;
        _depthwise = desc.groups > 1 && desc.groups == desc.input_channels;
        _span_width = (desc.conv_width - 1) * w.stride_width + (w.width - 1) * w.dilation_width + 1;
        _needs_columns = w.pad_left > 0 || _span_width - w.pad_left > desc.input_width || source_channels() != desc.input_channels;
        _direct = runs_of(desc.input_width * desc.input_channels);
        _padded = runs_of(_span_width * source_channels());
        if (wants_input_gradient()) {
            _turned = TurnedWindow(desc, filters_padded(), group_filters(), _depthwise);
        }
        _band_limit = desc.pool.height == 0 ? desc.output_height : pooled_band_limit();
    }

    // Always copies its input, and gives the gradient of a joined image: see joined().
    explicit Conv2DShape(const cn_joined_conv2d_desc& descriptor) : Conv2DShape(of_joined(descriptor)) {
        _joined.emplace(descriptor);
        _needs_columns = true;
    }

    // Where the input is there in parts alone.
    const JoinedImages* joined() const { return _joined ? &*_joined : nullptr; }

    // --- groups. A depthwise convolution counts as one, of as many channels as filters, by kernels of its own.

    bool depthwise() const { return _depthwise; }
    int64_t groups() const { return _depthwise ? 1 : desc.groups; }
    int64_t group_channels() const { return source_channels() / groups(); }
    int64_t group_filters() const { return desc.filters / groups(); }
    // Floats of a pixel of the input as the kernels read it: depthwise, a channel is there for each of its filters.
    int64_t source_channels() const { return _depthwise ? desc.filters : desc.input_channels; }
    int64_t multiplier() const { return source_channels() / desc.input_channels; }

    // Rows of the kernel.
    int64_t taps() const { return desc.window.height * desc.window.width * desc.input_channels / desc.groups; }
    // Floats of a pixel of the gradient, and of a row of the kernel's: groups begin at whole vectors.
    int64_t group_pitch() const { return round_up(group_filters(), Lanes); }
    int64_t filters_padded() const { return groups() * group_pitch(); }
    int64_t window_rows() const { return (desc.window.height - 1) * desc.window.dilation_height + 1; }

    // --- the kernel, packed by tile of filters; a depthwise one is used as it is

    // Filters that are computed at once, or channels likewise; a tile is of one group.
    struct Tile {
        int64_t group;
        int64_t first; // of all
        int64_t count;
    };

    static Tile tile_of(int64_t tile, int64_t in_group) {
        int64_t tiles = tile_count(in_group);
        int64_t begin = tile % tiles * TileWidth;
        return {tile / tiles, tile / tiles * in_group + begin, std::min(TileWidth, in_group - begin)};
    }
    int64_t filter_tiles() const { return groups() * tile_count(group_filters()); }
    Tile filter_tile(int64_t tile) const { return tile_of(tile, group_filters()); }
    int64_t channel_tiles() const { return groups() * tile_count(group_channels()); }
    Tile channel_tile(int64_t tile) const { return tile_of(tile, group_channels()); }

    int64_t packed_kernel() const { return _depthwise ? 0 : filter_tiles() * taps() * TileWidth; }

    void pack_kernel(const float* kernel, int64_t tile, float* packed) const {
        int64_t channel = filter_tile(tile).first;
        int64_t channels = filter_tile(tile).count;
        float* target = packed + tile * taps() * TileWidth;
        for (int64_t k = 0; k < taps(); ++k) {
            for (int64_t n = 0; n < TileWidth; ++n) {
                target[k * TileWidth + n] = n < channels ? kernel[k * desc.filters + channel + n] : 0.0f;
            }
        }
    }

    int64_t packed_turned_kernel() const {
        int64_t cells = desc.window.height * desc.window.width;
        return _depthwise ? cells * desc.filters : channel_tiles() * cells * group_filters() * TileWidth;
    }

    // With the cells in the order of their phases, input and output channels exchanged: what the input's gradient is convolved with.
    // Depthwise, the kernel is one tile.
    int64_t turned_tiles() const { return _depthwise ? 1 : channel_tiles(); }
    int64_t turned_tile() const { return packed_turned_kernel() / turned_tiles(); }

    void pack_turned_kernel(const float* kernel, int64_t tile, float* packed) const {
        float* target = packed + tile * turned_tile();
        for (int64_t cell : _turned.cells()) {
            if (_depthwise) {
                std::memcpy(target, kernel + cell * desc.filters, bytes(desc.filters));
                target += desc.filters;
            } else {
                pack_turned_cell(kernel, cell, channel_tile(tile), target);
                target += group_filters() * TileWidth;
            }
        }
    }

    // The runs of a window over an image of `row` floats per row.
    std::vector<Run> runs_of(int64_t row) const {
        const cn_window& w = desc.window;
        std::vector<Run> runs;
        bool contiguous = w.dilation_width == 1 && desc.groups == 1;
        for (int64_t ky = 0; ky < w.height; ++ky) {
            if (contiguous) {
                runs.push_back({ky * w.dilation_height * row, w.width * source_channels()});
                continue;
            }
            for (int64_t kx = 0; kx < w.width; ++kx) {
                runs.push_back({ky * w.dilation_height * row + kx * w.dilation_width * source_channels(), group_channels()});
            }
        }
        return runs;
    }

    // --- the input

    int64_t padded_rows(int64_t conv_rows) const { return (conv_rows - 1) * desc.window.stride_height + window_rows(); }
    int64_t padded_input() const { return round_up(padded_rows(conv_band_rows(_band_limit)) * _span_width * source_channels(), Lanes); }
    int64_t span_width() const { return _span_width; }
    int64_t padded_image() const { return round_up(padded_rows(desc.conv_height) * _span_width * source_channels(), Lanes); }

    // Whether no window of the convolution leaves the image, and where then the first one begins in it.
    bool stays_inside() const {
        int64_t top = desc.window.pad_top;
        return !_needs_columns && top <= 0 && padded_rows(desc.conv_height) - top <= desc.input_height;
    }
    int64_t first_window() const { return (-desc.window.pad_top * desc.input_width - desc.window.pad_left) * desc.input_channels; }

    // The input of the convolution's rows [begin, end): in place where no window leaves the image, else a padded copy in `scratch`.
    Source source(const Images& x, int64_t image, int64_t begin, int64_t end, float* scratch) const {
        if (!_joined) {
            return source(x.at[0], image, begin, end, scratch);
        }
        int64_t first = begin * desc.window.stride_height - desc.window.pad_top;
        copy_padded(first, padded_rows(end - begin), scratch,
                    [&](int64_t row, int64_t column, int64_t count, float* to) { _joined->gather(x, image, row, column, count, to); });
        return padded_source(scratch);
    }
    Source source(const float* x, int64_t image, int64_t begin, int64_t end, float* scratch) const {
        int64_t first = begin * desc.window.stride_height - desc.window.pad_top;
        int64_t rows = padded_rows(end - begin);
        int64_t row = desc.input_width * desc.input_channels;
        const float* pixels = x + image * desc.input_height * row;
        if (!_needs_columns && first >= 0 && first + rows <= desc.input_height) {
            const float* corner = pixels + first * row - desc.window.pad_left * desc.input_channels;
            return {corner, row, {_direct.data(), static_cast<int64_t>(_direct.size())}};
        }
        copy_padded(first, rows, scratch, [&](int64_t y, int64_t x_first, int64_t count, float* to) {
            const float* from = pixels + (y * desc.input_width + x_first) * desc.input_channels;
            if (source_channels() == desc.input_channels) {
                std::memcpy(to, from, bytes(count * desc.input_channels));
            } else {
                repeat(from, count * desc.input_channels, to);
            }
        });
        return padded_source(scratch);
    }

    // How an image lies there as a whole, for whoever does not read it.
    Source unread_source() const {
        int64_t row = desc.input_width * desc.input_channels;
        return stays_inside() ? Source{nullptr, row, {_direct.data(), static_cast<int64_t>(_direct.size())}} : padded_source(nullptr);
    }

    // --- bands

    int64_t conv_band_rows(int64_t output_rows) const {
        if (desc.pool.height == 0) {
            return output_rows;
        }
        return std::min(desc.conv_height, (output_rows - 1) * desc.pool.stride_height + desc.pool.height);
    }
    int64_t conv_band() const {
        return desc.pool.height == 0 ? 0 : round_up(conv_band_rows(_band_limit) * desc.conv_width * desc.filters, Lanes);
    }

    // Enough bands for the threads when there are few images; bands are independent, so their number changes no result.
    int64_t band_rows(int64_t images, int64_t threads) const {
        int64_t bands = std::max<int64_t>(1, (2 * threads + images - 1) / images);
        int64_t rows = images >= threads ? desc.output_height : (desc.output_height + bands - 1) / bands;
        return std::min(_band_limit, desc.use_moments != 0 ? round_up(rows, part_rows()) : std::max<int64_t>(1, rows));
    }

    // --- the moments of the result, found part by part of an image while that is in the cache

    int64_t part_rows() const { return std::min(desc.conv_height, (PartPixels + desc.conv_width - 1) / desc.conv_width); }
    int64_t image_parts() const { return (desc.conv_height + part_rows() - 1) / part_rows(); }
    int64_t part_pixels(int64_t part) const {
        int64_t first = part % image_parts() * part_rows();
        return std::min(part_rows(), desc.conv_height - first) * desc.conv_width;
    }
    // Columns of the arrays of a part, of which whole vectors are written from the first filter of any tile on.
    int64_t moments_stride() const { return round_up(desc.filters + Lanes, Lanes); }

    Band band(int64_t image, int64_t begin, int64_t end) const {
        if (desc.pool.height == 0) {
            return {image, begin, end, begin, end};
        }
        int64_t first = begin * desc.pool.stride_height - desc.pool.pad_top;
        int64_t last = (end - 1) * desc.pool.stride_height - desc.pool.pad_top + desc.pool.height;
        return {image, begin, end, std::max<int64_t>(0, first), std::min(desc.conv_height, last)};
    }

    int64_t forward_scratch() const {
        int64_t multipliers = desc.pool.height == 0 ? DropoutPiece : _band_limit * desc.output_width * desc.filters;
        return padded_input() + conv_band() + multipliers + 4 * Lanes;
    }

    // --- the gradient of the convolution's result, with a border of zeros for the turned window

    bool wants_input_gradient() const { return desc.input_gradient != CN_GRADIENT_NONE; }
    const TurnedWindow& turned() const { return _turned; }
    int64_t gradient_image() const { return _turned.rows() * _turned.columns() * filters_padded(); }

    // Of an image with its padding, and then of the gradient of a joined one.
    int64_t source_room() const {
        return joined() == nullptr ? padded_image() : std::max(padded_image(), round_up(_joined->size(), Lanes));
    }

    int64_t backward_scratch() const {
        int64_t row = multiplier() == 1 ? desc.output_width : std::max(desc.output_width, desc.input_width);
        return source_room() + gradient_image() + row * desc.filters + 4 * Lanes;
    }

    // --- the kernel's gradient, summed by chunk of images

    static int64_t chunks(int64_t rows) { return std::min<int64_t>(rows, rows <= 64 ? 8 : 16); }
    int64_t chunk_gradient() const { return (taps() + 1) * filters_padded(); } // the bias after the kernel
    int64_t partial_gradients() const { return chunks(desc.batch) * chunk_gradient(); }

private:
    // Pooled stages keep their convolution in scratch: no more rows than half of a usual second cache holds.
    int64_t pooled_band_limit() const {
        constexpr int64_t Budget = 256 * 1024 / sizeof(float);
        // A stride may be far longer than the convolution is high: the product with it could overflow.
        int64_t row = std::min(desc.pool.stride_height, desc.conv_height) * desc.conv_width * desc.filters;
        return std::min(desc.output_height, std::max<int64_t>(1, Budget / row));
    }

    void pack_turned_cell(const float* kernel, int64_t cell, Tile tile, float* target) const {
        int64_t channel = tile.first - tile.group * group_channels();
        for (int64_t f = 0; f < group_filters(); ++f) {
            for (int64_t n = 0; n < TileWidth; ++n) {
                int64_t row = cell * group_channels() + channel + n;
                *target++ = n < tile.count ? kernel[row * desc.filters + tile.group * group_filters() + f] : 0.0f;
            }
        }
    }

    // The convolution that is left when the inputs are joined: its input's gradient is wanted where any part's is.
    static cn_conv2d_desc of_joined(const cn_joined_conv2d_desc& joined) {
        cn_conv2d_desc conv = joined.conv;
        conv.input_gradient = JoinedImages(joined).wants_gradient() ? CN_GRADIENT_OVERWRITE : CN_GRADIENT_NONE;
        return conv;
    }

    Source padded_source(const float* scratch) const {
        return {scratch, _span_width * source_channels(), {_padded.data(), static_cast<int64_t>(_padded.size())}};
    }

    // copy(row, first column, columns, to) moves the pixels of a row that exist.
    template <class Copy>
    void copy_padded(int64_t first, int64_t rows, float* target, const Copy& copy) const {
        int64_t channels = source_channels();
        int64_t left = std::clamp<int64_t>(desc.window.pad_left, 0, _span_width);
        int64_t cut = std::max<int64_t>(0, -desc.window.pad_left);
        int64_t copied = std::min(desc.input_width - cut, _span_width - left);
        int64_t right = _span_width - left - copied;
        for (int64_t row = first; row < first + rows; ++row) {
            if (row < 0 || row >= desc.input_height) {
                std::memset(target, 0, bytes(_span_width * channels));
            } else {
                std::memset(target, 0, bytes(left * channels));
                copy(row, cut, copied, target + left * channels);
                std::memset(target + (left + copied) * channels, 0, bytes(right * channels));
            }
            target += _span_width * channels;
        }
    }

    void repeat(const float* from, int64_t count, float* to) const {
        for (int64_t i = 0; i < count; ++i) {
            std::fill_n(to + i * multiplier(), multiplier(), from[i]);
        }
    }

    static size_t bytes(int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); }

    bool _depthwise;
    int64_t _span_width; // columns that the windows of a row cover, padding included
    bool _needs_columns;
    std::vector<Run> _direct;
    std::vector<Run> _padded;
    TurnedWindow _turned;
    int64_t _band_limit;
    std::optional<JoinedImages> _joined;
};

} // namespace compiled::cpu::CN_ISA
