// The gradient of what a stage pooled, from that of its output: for any run of positions, without a tensor of their size.
#pragma once

#include "activation_simd.h"
#include "common/pooling_window.h"
#include "compiled.h"
#include "tile_kernel.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

struct UnpooledGradient {
    cn_window window;
    int64_t height, width, channels; // of the images that were pooled
    int64_t output_height, output_width;
    float scale;         // of a dropout: what is kept was multiplied by it
    ActivationRule rule; // linear behind a ReLU, too: where that is dead, the code lets nothing through
    const float* y;
    const uint8_t* codes; // the winning cell; others let nothing through
    const float* dy;

    // For the positions [first, first + count) of all images and the channels [begin, end): end - begin floats for each position.
    template <int32_t Activation>
    void fill(int64_t first, int64_t count, int64_t begin, int64_t end, float* target) const {
        std::memset(target, 0, static_cast<size_t>(count * (end - begin)) * sizeof(float));
        bool apart = window.stride_height >= window.height && window.stride_width >= window.width;
        while (count > 0) {
            int64_t column = first % width, row = first / width % height, image = first / width / height;
            int64_t pixels = std::min(count, width - column);
            if (apart) {
                fill_row<Activation, false>(image, row, column, pixels, begin, end, target);
            } else {
                fill_row<Activation, true>(image, row, column, pixels, begin, end, target);
            }
            target += pixels * (end - begin);
            first += pixels;
            count -= pixels;
        }
    }

private:
    // Pixels of a row that are 0 so far. Where windows overlap they come in row-major order.
    template <int32_t Activation, bool Overlap>
    void fill_row(int64_t image, int64_t row, int64_t column, int64_t pixels, int64_t begin, int64_t end, float* target) const {
        int64_t shifted_row = row + window.pad_top, shifted = column + window.pad_left;
        PoolingWindows rows(shifted_row, window.stride_height, window.height, output_height);
        int64_t left_most = PoolingWindows(shifted, window.stride_width, window.width, output_width).first;
        int64_t right_most = PoolingWindows(shifted + pixels - 1, window.stride_width, window.width, output_width).last;
        for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
            auto first_cell = static_cast<int32_t>((shifted_row - oy * window.stride_height) * window.width);
            for (int64_t ox = left_most; ox <= right_most; ++ox) {
                int64_t origin = ox * window.stride_width - shifted; // of the window, from the first pixel
                int64_t first_column = std::max<int64_t>(0, -origin), last_column = std::min(window.width, pixels - origin);
                int64_t from = ((image * output_height + oy) * output_width + ox) * channels;
                for (int64_t c = begin; c < end; c += Lanes) {
                    int64_t count = std::min(Lanes, end - c);
                    Vec gradient = load_upto(dy + from + c, count) * scale;
                    if constexpr (Activation != CN_ACTIVATION_LINEAR) {
                        gradient = activation_gradient<Activation>(rule, load_upto(y + from + c, count) * (1.0f / scale), gradient);
                    }
                    IntVec winner = count == Lanes ? load_bytes(codes + from + c) : load_bytes_partial(codes + from + c, count);
                    for (int64_t kx = first_column; kx < last_column; ++kx) {
                        float* at = target + (origin + kx) * (end - begin) + c - begin;
                        Vec passed = select(winner == first_cell + static_cast<int32_t>(kx), gradient, zero());
                        store_upto(at, count, Overlap ? load_upto(at, count) + passed : passed);
                    }
                }
            }
        }
    }
};

} // namespace compiled::cpu::CN_ISA
