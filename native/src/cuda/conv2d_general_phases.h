// Which taps of a window reach a pixel of the input: with a stride, only every so many of them do, the same ones for all pixels whose
// coordinates leave the same remainders. Such pixels are a phase: a tile of the input's gradient lies in one phase, and sums its taps
// alone.
#pragma once

#include "conv2d_general_shape.h"

namespace compiled::cuda::general {

// The cells of a window, along one axis, that reach a phase: `count` of them, `step` apart.
struct PhaseCells {
    uint32_t first = 0, step = 1, count = 0;
    Divider by_count;

    PhaseCells() = default;

    // Those that reach coordinate `pixel` of the input, where windows are `stride` apart.
    PhaseCells(int64_t size, int64_t stride, int64_t dilation, int64_t pad, int64_t pixel) {
        int64_t found[2] = {size, 2 * size}; // the first two
        for (int64_t cell = 0, number = 0; cell < size && number < 2; ++cell) {
            if ((pixel + pad - cell * dilation) % stride == 0) {
                found[number++] = cell;
            }
        }
        first = static_cast<uint32_t>(found[0]);
        step = static_cast<uint32_t>(found[1] > found[0] ? found[1] - found[0] : 1);
        count = found[0] < size ? static_cast<uint32_t>((size - 1 - found[0]) / step + 1) : 0;
        by_count = Divider(std::max<int64_t>(1, count));
    }
};

// The taps of a phase, in the order of the kernel's rows; channels are filters here.
struct TurnedTaps {
    PhaseCells rows, columns;

    __device__ __forceinline__ int64_t count(const Conv2DShape& shape) const {
        return static_cast<int64_t>(rows.count) * columns.count * shape.filters;
    }

    __device__ __forceinline__ Tap at(const Conv2DShape& shape, int64_t index) const {
        Tap tap{};
        tap.channel = shape.by_filters.take(index);
        Divider::Result cell = columns.by_count.divide(static_cast<uint32_t>(index));
        tap.row = rows.first + cell.quotient * rows.step;
        tap.column = columns.first + cell.remainder * columns.step;
        return tap;
    }

    // Behind the last one, the row is not of the window any more.
    __device__ __forceinline__ void next(const Conv2DShape& shape, Tap& tap) const {
        if (++tap.channel == shape.filters) {
            tap.channel = 0;
            tap.column += columns.step;
            if (tap.column >= shape.window.size.width) {
                tap.column = columns.first;
                tap.row += rows.step;
            }
        }
    }
};

// The phases of an input. Those of long strides are not told apart: then all taps are summed, and most of their gradients are zeros.
struct InputPhases {
    static constexpr int64_t MostOfAxis = 4;

    uint32_t height = 1, width = 1; // how many there are, by row and by column
    Plane plane;                    // the pixels of a phase, some of which may be behind the end of the input
    PhaseCells rows[MostOfAxis], columns[MostOfAxis];

    explicit InputPhases(const cn_conv2d_desc& d) {
        const cn_window& w = d.window;
        height = of_axis(w.stride_height, d.input_height, w.height, w.dilation_height, w.pad_top, rows);
        width = of_axis(w.stride_width, d.input_width, w.width, w.dilation_width, w.pad_left, columns);
        plane = Plane((d.input_height + height - 1) / height, (d.input_width + width - 1) / width);
    }

    int64_t count() const { return static_cast<int64_t>(height) * width; }

    __device__ __forceinline__ TurnedTaps taps(uint32_t phase) const { return {rows[phase / width], columns[phase % width]}; }

    // The pixel of the input that is number `index` of a phase.
    __device__ __forceinline__ Pixel pixel(uint32_t phase, int64_t index) const {
        Pixel pixel = Pixel::of(plane, index);
        pixel.row = pixel.row * height + phase / width;
        pixel.column = pixel.column * width + phase % width;
        return pixel;
    }

private:
    static uint32_t of_axis(int64_t stride, int64_t input, int64_t size, int64_t dilation, int64_t pad, PhaseCells (&cells)[MostOfAxis]) {
        int64_t phases = stride <= std::min(MostOfAxis, input) ? stride : 1;
        for (int64_t phase = 0; phase < phases; ++phase) {
            cells[phase] = PhaseCells(size, phases, dilation, pad, phase);
        }
        return static_cast<uint32_t>(phases);
    }
};

} // namespace compiled::cuda::general
