// Images that are enlarged by whole factors, nearest or bilinear with half-pixel centres: any part of a row, into an image of more channels
// than theirs, and back from the gradient of that.
#pragma once

#include "common/upsampling.h"
#include "compiled.h"
#include "elementwise.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

class UpSampledImages {
public:
    UpSampledImages() = default;
    UpSampledImages(int64_t height, int64_t width, int64_t channels, int64_t factor_height, int64_t factor_width, int32_t interpolation)
        : _rows(upsampling_axis(height, factor_height)), _columns(upsampling_axis(width, factor_width)), _channels(channels),
          _is_bilinear(interpolation == CN_INTERPOLATION_BILINEAR) {}

    int64_t height() const { return _rows.inputs; }
    int64_t row_floats() const { return _columns.inputs * _channels; }
    int64_t image_floats() const { return height() * row_floats(); }

    // The pixels [first, first + count) of row `row` of an enlarged image, `pitch` floats from each other.
    void enlarge(const float* image, int64_t row, int64_t first, int64_t count, int64_t pitch, float* target) const {
        if (_is_bilinear) {
            interpolate(image, row, first, count, pitch, target);
        } else {
            repeat(image, row, first, count, pitch, target);
        }
    }

    // What the gradient of an enlarged image gives to row `row` of the image: each element adds up what it gave to, row by row.
    void sum_row(const float* gradient, int64_t row, int64_t pitch, bool accumulate, float* target) const {
        for (int64_t column = 0; column < _columns.inputs; ++column, target += _channels) {
            auto put = [=](int64_t c, auto vector, Vec sum) { vector.store(target + c, accumulate ? vector.load(target + c) + sum : sum); };
            if (_is_bilinear) {
                sum_taps(gradient, row, column, pitch, put);
            } else {
                sum_copies(gradient, row, column, pitch, put);
            }
        }
    }

private:
    void repeat(const float* image, int64_t row, int64_t first, int64_t count, int64_t pitch, float* target) const {
        int64_t factor = _columns.factor, channels = _channels;
        const float* source = image + row / _rows.factor * row_floats() + first / factor * channels;
        int64_t copies = factor - first % factor;
        for (int64_t pixel = 0; pixel < count; source += channels, copies = factor) {
            for (int64_t end = std::min(count, pixel + copies); pixel < end; ++pixel, target += pitch) {
                for_vectors(0, channels, [=](int64_t c, auto vector) { vector.store(target + c, vector.load(source + c)); });
            }
        }
    }

    void interpolate(const float* image, int64_t row, int64_t first, int64_t count, int64_t pitch, float* target) const {
        UpSamplingTap vertical = upsampling_tap(_rows, row / _rows.factor, row % _rows.factor);
        const float *top = image + vertical.low * row_floats(), *bottom = image + vertical.high * row_floats();
        int64_t input = first / _columns.factor, place = first % _columns.factor;
        for (int64_t pixel = 0; pixel < count; ++pixel, target += pitch) {
            UpSamplingTap horizontal = upsampling_tap(_columns, input, place);
            int64_t left = horizontal.low * _channels, right = horizontal.high * _channels;
            float near = 1.0f - horizontal.weight, above = 1.0f - vertical.weight;
            for_vectors(0, _channels, [=](int64_t c, auto vector) {
                Vec upper = near * vector.load(top + left + c) + horizontal.weight * vector.load(top + right + c);
                Vec lower = near * vector.load(bottom + left + c) + horizontal.weight * vector.load(bottom + right + c);
                vector.store(target + c, above * upper + vertical.weight * lower);
            });
            if (++place == _columns.factor) {
                ++input;
                place = 0;
            }
        }
    }

    int64_t enlarged_row(int64_t pitch) const { return _columns.inputs * _columns.factor * pitch; }

    template <class Put>
    void sum_copies(const float* gradient, int64_t row, int64_t column, int64_t pitch, const Put& put) const {
        const float* corner = gradient + row * _rows.factor * enlarged_row(pitch) + column * _columns.factor * pitch;
        for_vectors(0, _channels, [=](int64_t c, auto vector) {
            Vec sum{};
            for (int64_t y = 0; y < _rows.factor; ++y) {
                for (int64_t x = 0; x < _columns.factor; ++x) {
                    sum = sum + vector.load(corner + y * enlarged_row(pitch) + x * pitch + c);
                }
            }
            put(c, vector, sum);
        });
    }

    template <class Put>
    void sum_taps(const float* gradient, int64_t row, int64_t column, int64_t pitch, const Put& put) const {
        UpSamplingRange rows = upsampling_range(_rows, row), columns = upsampling_range(_columns, column);
        for_vectors(0, _channels, [=](int64_t c, auto vector) {
            Vec sum{};
            for (int64_t y = rows.first; y < rows.last; ++y) {
                UpSamplingTap vertical = upsampling_tap(_rows, y / _rows.factor, y % _rows.factor);
                Vec line{};
                int64_t input = columns.first / _columns.factor, place = columns.first % _columns.factor;
                for (int64_t x = columns.first; x < columns.last; ++x) {
                    UpSamplingTap horizontal = upsampling_tap(_columns, input, place);
                    line = line + upsampling_weight(horizontal, column) * vector.load(gradient + y * enlarged_row(pitch) + x * pitch + c);
                    if (++place == _columns.factor) {
                        ++input;
                        place = 0;
                    }
                }
                sum = sum + upsampling_weight(vertical, row) * line;
            }
            put(c, vector, sum);
        });
    }

    UpSamplingAxis _rows{}, _columns{};
    int64_t _channels = 0;
    bool _is_bilinear = false;
};

} // namespace compiled::cpu::CN_ISA
