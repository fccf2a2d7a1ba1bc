// Where an element of an image lies.
#pragma once

#include "cuda.h"

#include <cstdint>

namespace compiled::cuda {

// A place in an NHWC tensor, from the index of one of its elements.
struct PoolingPlace {
    int64_t sample, row, column, channel;

    __device__ PoolingPlace(int64_t element, int64_t height, int64_t width, int64_t channels) {
        channel = element % channels;
        element /= channels;
        column = element % width;
        element /= width;
        row = element % height;
        sample = element / height;
    }
};

} // namespace compiled::cuda
