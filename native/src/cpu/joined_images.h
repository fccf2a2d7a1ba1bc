// The inputs of a joined convolution (compiled.h, cn_joined_conv2d_desc). The image that they are, enlarged and side by side in channels,
// is in scratch memory alone, one at a time.
#pragma once

#include "elementwise.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

// The arrays that a convolution reads, or that it gives gradients to: one, or those that are joined.
struct Images {
    const float* at[4];
};
struct ImageGradients {
    float* at[4];
};

class JoinedImages {
public:
    explicit JoinedImages(const cn_joined_conv2d_desc& d)
        : _count(d.inputs), _height(d.conv.input_height), _width(d.conv.input_width),
          _channels(d.conv.input_channels), _parts{{0, d.channels_0, d.upsampling_height_0, d.upsampling_width_0, d.gradient_0},
                                                   {0, d.channels_1, d.upsampling_height_1, d.upsampling_width_1, d.gradient_1},
                                                   {0, d.channels_2, d.upsampling_height_2, d.upsampling_width_2, d.gradient_2},
                                                   {0, d.channels_3, d.upsampling_height_3, d.upsampling_width_3, d.gradient_3}} {
        for (int i = 1; i < _count; ++i) {
            _parts[i].first = _parts[i - 1].first + _parts[i - 1].channels;
        }
    }

    bool wants_gradient() const {
        return std::any_of(_parts, _parts + _count, [](const Part& part) { return part.gradient != CN_GRADIENT_NONE; });
    }

    // Of the joined image.
    int64_t size() const { return _height * _width * _channels; }

    // The pixels [first, first + count) of a row of the joined image.
    void gather(const Images& images, int64_t image, int64_t row, int64_t first, int64_t count, float* target) const {
        for (int i = 0; i < _count; ++i) {
            const Part& part = _parts[i];
            const float* source = row_of(part, image, row / part.factor_height, images.at[i]) + first / part.factor_width * part.channels;
            float* to = target + part.first;
            int64_t copies = part.factor_width - first % part.factor_width;
            for (int64_t pixel = 0; pixel < count; source += part.channels, copies = part.factor_width) {
                for (int64_t end = std::min(count, pixel + copies); pixel < end; ++pixel, to += _channels) {
                    for_vectors(0, part.channels, [=](int64_t c, auto vector) { vector.store(to + c, vector.load(source + c)); });
                }
            }
        }
    }

    // What the gradient of the joined image gives to the inputs, one after the other: two of them may be one array.
    void scatter(const float* gradient, int64_t image, const ImageGradients& gradients) const {
        for (int i = 0; i < _count; ++i) {
            const Part& part = _parts[i];
            for (int64_t row = 0; row < _height / part.factor_height && part.gradient != CN_GRADIENT_NONE; ++row) {
                sum_row(part, gradient + row * part.factor_height * _width * _channels + part.first,
                        row_of(part, image, row, gradients.at[i]));
            }
        }
    }

private:
    struct Part {
        int64_t first, channels; // of the joined image's
        int64_t factor_height, factor_width;
        int32_t gradient; // cn_gradient_mode
    };

    template <class T>
    T* row_of(const Part& part, int64_t image, int64_t row, T* images) const {
        return images + (image * (_height / part.factor_height) + row) * (_width / part.factor_width) * part.channels;
    }

    void sum_row(const Part& part, const float* gradient, float* target) const {
        bool accumulate = part.gradient == CN_GRADIENT_ACCUMULATE;
        for (int64_t column = 0; column < _width / part.factor_width; ++column, target += part.channels) {
            const float* corner = gradient + column * part.factor_width * _channels;
            for_vectors(0, part.channels, [&](int64_t c, auto vector) {
                Vec sum{};
                for (int64_t y = 0; y < part.factor_height; ++y) {
                    for (int64_t x = 0; x < part.factor_width; ++x) {
                        sum = sum + vector.load(corner + (y * _width + x) * _channels + c);
                    }
                }
                vector.store(target + c, accumulate ? vector.load(target + c) + sum : sum);
            });
        }
    }

    int _count;
    int64_t _height, _width, _channels;
    Part _parts[4];
};

} // namespace compiled::cpu::CN_ISA
