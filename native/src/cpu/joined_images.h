// The inputs of a joined convolution (compiled.h, cn_joined_conv2d_desc). The image that they are, enlarged and side by side in channels,
// is in scratch memory alone, one at a time.
#pragma once

#include "upsampled_images.h"

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
        : _count(d.inputs), _size(d.conv.input_height * d.conv.input_width * d.conv.input_channels), _channels(d.conv.input_channels) {
        const int64_t channels[] = {d.channels_0, d.channels_1, d.channels_2, d.channels_3};
        const int64_t heights[] = {d.upsampling_height_0, d.upsampling_height_1, d.upsampling_height_2, d.upsampling_height_3};
        const int64_t widths[] = {d.upsampling_width_0, d.upsampling_width_1, d.upsampling_width_2, d.upsampling_width_3};
        const int32_t interpolations[] = {d.interpolation_0, d.interpolation_1, d.interpolation_2, d.interpolation_3};
        const int32_t gradients[] = {d.gradient_0, d.gradient_1, d.gradient_2, d.gradient_3};
        int64_t first = 0;
        for (int i = 0; i < _count; first += channels[i++]) {
            UpSampledImages images(d.conv.input_height / heights[i], d.conv.input_width / widths[i], channels[i], heights[i], widths[i],
                                   interpolations[i]);
            _parts[i] = {first, images, gradients[i]};
        }
    }

    bool wants_gradient() const {
        return std::any_of(_parts, _parts + _count, [](const Part& part) { return part.gradient != CN_GRADIENT_NONE; });
    }

    // Of the joined image.
    int64_t size() const { return _size; }

    // The pixels [first, first + count) of a row of the joined image.
    void gather(const Images& images, int64_t image, int64_t row, int64_t first, int64_t count, float* target) const {
        for (int i = 0; i < _count; ++i) {
            const UpSampledImages& part = _parts[i].images;
            part.enlarge(images.at[i] + image * part.image_floats(), row, first, count, _channels, target + _parts[i].first);
        }
    }

    // What the gradient of the joined image gives to the inputs, one after the other: two of them may be one array.
    void scatter(const float* gradient, int64_t image, const ImageGradients& gradients) const {
        for (int i = 0; i < _count; ++i) {
            const UpSampledImages& part = _parts[i].images;
            bool accumulate = _parts[i].gradient == CN_GRADIENT_ACCUMULATE;
            for (int64_t row = 0; row < part.height() && _parts[i].gradient != CN_GRADIENT_NONE; ++row) {
                float* target = gradients.at[i] + image * part.image_floats() + row * part.row_floats();
                part.sum_row(gradient + _parts[i].first, row, _channels, accumulate, target);
            }
        }
    }

private:
    struct Part {
        int64_t first; // of the joined image's channels
        UpSampledImages images;
        int32_t gradient; // cn_gradient_mode
    };

    int _count;
    int64_t _size, _channels;
    Part _parts[4] = {};
};

} // namespace compiled::cpu::CN_ISA
