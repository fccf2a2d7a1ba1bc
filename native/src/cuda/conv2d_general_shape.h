// A convolution stage of any geometry as its kernels see it: made on the host, given to the kernel by value.
//
// All of an image's coordinates are uint32_t and wrap around: a window may begin before the image, at a "negative" coordinate, which is
// then far behind its end; so does what is cut off of an image, by a "negative" padding. Extents are below 2^31 and so is what a window
// reaches over, with what is cut off, so this is never ambiguous.
#pragma once

#include "activation.h"
#include "divider.h"
#include "dropout_mask.h"

#include <algorithm>

namespace compiled::cuda::general {

// Rows by columns, with what takes an index of its elements apart.
struct Plane {
    uint32_t height = 1, width = 1;
    Divider by_height, by_width;

    Plane() = default;
    Plane(int64_t rows, int64_t columns)
        : height(static_cast<uint32_t>(rows)), width(static_cast<uint32_t>(columns)), by_height(rows), by_width(columns) {}

    __host__ __device__ int64_t size() const { return static_cast<int64_t>(height) * width; }

    __device__ __forceinline__ bool holds(uint32_t row, uint32_t column) const { return row < height && column < width; }
};

// A pixel of one of the images of a batch.
struct Pixel {
    int64_t image;
    uint32_t row, column;

    __device__ __forceinline__ static Pixel of(const Plane& plane, int64_t index) {
        Pixel pixel{};
        pixel.column = plane.by_width.take(index);
        pixel.row = plane.by_height.take(index);
        pixel.image = index;
        return pixel;
    }

    // The index.
    __device__ __forceinline__ int64_t in(const Plane& plane) const {
        return image * plane.size() + static_cast<int64_t>(row) * plane.width + column;
    }
};

struct Window {
    Plane size;
    uint32_t stride_height, stride_width;
    uint32_t dilation_height, dilation_width;
    uint32_t pad_top, pad_left;
    Divider by_stride_height, by_stride_width;

    Window() = default;
    explicit Window(const cn_window& w)
        : size(w.height, w.width), stride_height(static_cast<uint32_t>(w.stride_height)),
          stride_width(static_cast<uint32_t>(w.stride_width)), dilation_height(static_cast<uint32_t>(w.dilation_height)),
          dilation_width(static_cast<uint32_t>(w.dilation_width)), pad_top(static_cast<uint32_t>(w.pad_top)),
          pad_left(static_cast<uint32_t>(w.pad_left)), by_stride_height(w.stride_height), by_stride_width(w.stride_width) {}
};

// One of the products that an output sums: a cell of the window and a channel. Walks in the order of the kernel's rows.
struct Tap {
    uint32_t row, column, channel;

    __device__ __forceinline__ static Tap of(const Window& window, const Divider& by_channels, int64_t index) {
        Tap tap{};
        tap.channel = by_channels.take(index);
        Divider::Result cell = window.size.by_width.divide(static_cast<uint32_t>(index));
        tap.row = cell.quotient, tap.column = cell.remainder;
        return tap;
    }

    __device__ __forceinline__ void next(const Window& window, uint32_t channels) {
        if (++channel == channels) {
            channel = 0;
            if (++column == window.size.width) {
                column = 0;
                ++row;
            }
        }
    }
};

struct Conv2DShape {
    Plane input, conv, output;
    uint32_t channels, filters;         // of a group
    uint32_t all_channels, all_filters; // of a pixel
    Divider by_channels, by_filters;
    Window window, pool; // see pool_of
    ActivationRule activation;
    DropoutPlan dropout;
    bool drops; // in this run

    explicit Conv2DShape(const cn_conv2d_desc& d)
        : input(d.input_height, d.input_width), conv(d.conv_height, d.conv_width), output(d.output_height, d.output_width),
          channels(static_cast<uint32_t>(d.input_channels / d.groups)), filters(static_cast<uint32_t>(d.filters / d.groups)),
          all_channels(static_cast<uint32_t>(d.input_channels)), all_filters(static_cast<uint32_t>(d.filters)),
          by_channels(d.input_channels / d.groups), by_filters(d.filters / d.groups), window(d.window), pool(pool_of(d)),
          activation(activation_rule(d.activation, d.activation_alpha)), dropout(dropout_plan(d.dropout_rate, d.dropout_stream)),
          drops(d.dropout_rate > 0) {}

    // Of one cell where there is none. A window that is alone does not overlap, whatever its stride.
    static cn_window pool_of(const cn_conv2d_desc& d) {
        cn_window pool = d.pool.height == 0 ? cn_window{1, 1, 1, 1, 1, 1, 0, 0} : d.pool;
        pool.stride_height = d.output_height == 1 ? std::max(pool.stride_height, pool.height) : pool.stride_height;
        pool.stride_width = d.output_width == 1 ? std::max(pool.stride_width, pool.width) : pool.stride_width;
        return pool;
    }

    __host__ __device__ int64_t taps() const { return window.size.size() * channels; } // products of an output
};

} // namespace compiled::cuda::general
