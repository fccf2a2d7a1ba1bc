// Max pooling of a band of a convolution that stays in scratch memory, with dropout.
#pragma once

#include "conv2d_shape.h"
#include "pooled_row.h"

namespace compiled::cpu::CN_ISA {

struct PooledBand {
    const Conv2DShape& shape;
    Band band;
    const float* conv;
    float* y;
    uint8_t* codes; // null: nothing is saved

    // `multipliers` has one float per output element, null without dropout.
    void run(const float* multipliers) const {
        const cn_conv2d_desc& d = shape.desc;
        PooledRow pooled{d.pool, d.conv_height, d.conv_width, d.filters, d.output_width, d.activation == CN_ACTIVATION_RELU};
        const float* first = conv - band.conv_begin * d.conv_width * d.filters;
        auto value = [=, &d](int64_t position, int64_t c, int64_t count) { return load_upto(first + position * d.filters + c, count); };
        for (int64_t oy = band.begin; oy < band.end; ++oy) {
            int64_t at = (oy - band.begin) * d.output_width * d.filters;
            pooled.write(oy, value, y + at, codes == nullptr ? nullptr : codes + at, multipliers == nullptr ? nullptr : multipliers + at);
        }
    }
};

} // namespace compiled::cpu::CN_ISA
