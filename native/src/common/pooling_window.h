// Where the windows of a pooling lie, along one axis.
#pragma once

#include "host_device.h"

#include <cstdint>

namespace compiled {

// The cells [first, last) of an output's window that lie inside the input.
struct PoolingCells {
    int64_t origin; // the input index of cell 0
    int64_t first;
    int64_t last;

    CN_HOST_DEVICE PoolingCells(int64_t output, int64_t stride, int64_t pad, int64_t window, int64_t input)
        : origin(output * stride - pad), first(origin < 0 ? -origin : 0), last(window < input - origin ? window : input - origin) {}

    CN_HOST_DEVICE int64_t count() const { return last - first; }
};

// The outputs [first, last] whose windows cover an input; `shifted` is its index plus the padding before the first input.
struct PoolingWindows {
    int64_t first;
    int64_t last;

    CN_HOST_DEVICE PoolingWindows(int64_t shifted, int64_t stride, int64_t window, int64_t outputs)
        : first(shifted < window ? 0 : (shifted - window) / stride + 1),
          last(outputs - 1 < shifted / stride ? outputs - 1 : shifted / stride) {}
};

} // namespace compiled
