// Checks of the windows of convolutions and poolings.
#pragma once

#include "checks.h"

namespace compiled::abi {

constexpr int64_t MaxWindowCells = int64_t{1} << 20; // of a convolution, whose kernels keep a table of them, or an average pooling
constexpr int64_t MaxPoolingCells = 254;             // of a max pooling: a cell number fits a byte, with two values left to a backend

struct Plane {
    Field height, width;
};

// How many input cells a window covers along an axis, holes included. Below 2^62: both factors are at most MaxExtent.
int64_t reach_of(int64_t size, int64_t dilation);

// `of` is what the descriptor calls the window. Every window begins within the input.
void require_window(const char* of, const cn_window& w, Plane input, Plane output);

// Any padding, with windows that hold nothing else; below 0, so much of the input is cut off, but not all.
void require_convolution_window(const char* of, const cn_window& w, Plane input, Plane output);

// Of a convolution.
void require_cells(const cn_window& window);

// Without dilation a window that begins and ends in reach of the input holds one of its cells: a maximum, or a mean, always exists.
void require_pooling(const char* of, const cn_window& w, Plane input, Plane output, int64_t most_cells = MaxPoolingCells);

} // namespace compiled::abi
