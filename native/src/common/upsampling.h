// Where the outputs of a bilinear up-sampling lie between its inputs (compiled.h, cn_interpolation), along one axis. Output o is place
// p = o % factor of input q = o / factor, its coordinate q + (2 p + 1 - factor) / (2 factor): whole numbers until the last step.
#pragma once

#include "host_device.h"

#include <cstdint>

namespace compiled {

struct UpSamplingAxis {
    int64_t inputs;
    int64_t factor;
    float unit; // 1 / (2 factor)
};

CN_ALWAYS_INLINE UpSamplingAxis upsampling_axis(int64_t inputs, int64_t factor) {
    return {inputs, factor, static_cast<float>(0.5 / static_cast<double>(factor))};
}

// An output is (1 - weight) times input `low` plus weight times input `high`; at the edges, and where
// the weight is 0, these are the same one.
struct UpSamplingTap {
    int64_t low;
    int64_t high;
    float weight;
};

CN_HOST_DEVICE UpSamplingTap upsampling_tap(const UpSamplingAxis& axis, int64_t input, int64_t place) {
    int64_t shift = 2 * place + 1 - axis.factor;
    int64_t low = shift < 0 ? input - 1 : input;
    int64_t part = shift < 0 ? shift + 2 * axis.factor : shift;
    int64_t high = part == 0 ? low : low + 1; // 0 times infinity would be NaN
    return {low < 0 ? 0 : low, high < axis.inputs ? high : axis.inputs - 1, static_cast<float>(part) * axis.unit};
}

// How much of input `input` is in the output of a tap.
CN_HOST_DEVICE float upsampling_weight(const UpSamplingTap& tap, int64_t input) {
    return (tap.low == input ? 1.0f - tap.weight : 0.0f) + (tap.high == input ? tap.weight : 0.0f);
}

// The outputs [first, last) that have something of an input.
struct UpSamplingRange {
    int64_t first;
    int64_t last;
};

CN_HOST_DEVICE UpSamplingRange upsampling_range(const UpSamplingAxis& axis, int64_t input) {
    int64_t first = (input - 1) * axis.factor + (axis.factor + 1) / 2;
    int64_t last = (input + 1) * axis.factor + axis.factor / 2;
    int64_t outputs = axis.inputs * axis.factor;
    return {first < 0 ? 0 : first, last < outputs ? last : outputs};
}

} // namespace compiled
