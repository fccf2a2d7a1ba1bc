// Up-sampling by whole factors, nearest or bilinear with half-pixel centres.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Threads  rows of the output forward, rows of the input backward. Backward gathers: an element of dx adds up what it gave to, row by row,
//          so no two threads write the same place.
#include "common/upsampling.h"

#include "elementwise.h"
#include "ops.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

class UpSampling2DKernel final : public UpSampling2DOp {
public:
    UpSampling2DKernel(Context& context, const cn_upsampling2d_desc& desc)
        : _context(context), _desc(desc), _rows(upsampling_axis(desc.input_height, desc.factor_height)),
          _columns(upsampling_axis(desc.input_width, desc.factor_width)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int64_t height = output_height();
        _context.parallel_for(state->rows * height, [&](int64_t item, int) {
            const float* image = x + item / height * _desc.input_height * input_row();
            float* target = y + item * output_row();
            int64_t row = item % height;
            if (_desc.interpolation == CN_INTERPOLATION_NEAREST) {
                repeat_row(image + row / _desc.factor_height * input_row(), target);
            } else {
                interpolate_row(image, row, target);
            }
        });
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        _context.parallel_for(state->rows * _desc.input_height, [&](int64_t item, int) {
            const float* image = dy + item / _desc.input_height * output_height() * output_row();
            for (int64_t column = 0; column < _desc.input_width; ++column) {
                float* target = dx + item * input_row() + column * _desc.channels;
                if (_desc.interpolation == CN_INTERPOLATION_NEAREST) {
                    sum_block(image, item % _desc.input_height, column, target);
                } else {
                    sum_taps(image, item % _desc.input_height, column, target);
                }
            }
        });
    }

private:
    int64_t input_row() const { return _desc.input_width * _desc.channels; }
    int64_t output_height() const { return _desc.input_height * _desc.factor_height; }
    int64_t output_row() const { return input_row() * _desc.factor_width; }

    void repeat_row(const float* source, float* target) const {
        int64_t channels = _desc.channels;
        for (int64_t column = 0; column < _desc.input_width; ++column) {
            for (int64_t copy = 0; copy < _desc.factor_width; ++copy, target += channels) {
                std::memcpy(target, source + column * channels, static_cast<size_t>(channels) * sizeof(float));
            }
        }
    }

    void interpolate_row(const float* image, int64_t row, float* target) const {
        int64_t channels = _desc.channels;
        UpSamplingTap vertical = upsampling_tap(_rows, row / _desc.factor_height, row % _desc.factor_height);
        const float *top = image + vertical.low * input_row(), *bottom = image + vertical.high * input_row();
        for (int64_t column = 0; column < _desc.input_width; ++column) {
            for (int64_t place = 0; place < _desc.factor_width; ++place, target += channels) {
                UpSamplingTap horizontal = upsampling_tap(_columns, column, place);
                int64_t left = horizontal.low * channels, right = horizontal.high * channels;
                float near = 1.0f - horizontal.weight, above = 1.0f - vertical.weight;
                for_vectors(0, channels, [=](int64_t c, auto vector) {
                    Vec upper = near * vector.load(top + left + c) + horizontal.weight * vector.load(top + right + c);
                    Vec lower = near * vector.load(bottom + left + c) + horizontal.weight * vector.load(bottom + right + c);
                    vector.store(target + c, above * upper + vertical.weight * lower);
                });
            }
        }
    }

    template <class Vector>
    CN_INLINE void put(const Vector& vector, float* target, Vec sum) const {
        vector.store(target, _desc.input_gradient == CN_GRADIENT_ACCUMULATE ? vector.load(target) + sum : sum);
    }

    void sum_block(const float* image, int64_t row, int64_t column, float* target) const {
        int64_t channels = _desc.channels;
        const float* corner = image + row * _desc.factor_height * output_row() + column * _desc.factor_width * channels;
        for_vectors(0, channels, [=](int64_t c, auto vector) {
            Vec sum{};
            for (int64_t y = 0; y < _desc.factor_height; ++y) {
                for (int64_t x = 0; x < _desc.factor_width; ++x) {
                    sum = sum + vector.load(corner + y * output_row() + x * channels + c);
                }
            }
            put(vector, target + c, sum);
        });
    }

    void sum_taps(const float* image, int64_t row, int64_t column, float* target) const {
        int64_t channels = _desc.channels;
        UpSamplingRange rows = upsampling_range(_rows, row), columns = upsampling_range(_columns, column);
        for_vectors(0, channels, [=](int64_t c, auto vector) {
            Vec sum{};
            for (int64_t y = rows.first; y < rows.last; ++y) {
                UpSamplingTap vertical = upsampling_tap(_rows, y / _desc.factor_height, y % _desc.factor_height);
                Vec line{};
                int64_t input = columns.first / _desc.factor_width, place = columns.first % _desc.factor_width;
                for (int64_t x = columns.first; x < columns.last; ++x) {
                    UpSamplingTap horizontal = upsampling_tap(_columns, input, place);
                    line = line + upsampling_weight(horizontal, column) * vector.load(image + y * output_row() + x * channels + c);
                    if (++place == _desc.factor_width) {
                        ++input;
                        place = 0;
                    }
                }
                sum = sum + upsampling_weight(vertical, row) * line;
            }
            put(vector, target + c, sum);
        });
    }

    Context& _context;
    cn_upsampling2d_desc _desc;
    UpSamplingAxis _rows, _columns;
};

} // namespace

std::unique_ptr<UpSampling2DOp> make_upsampling2d(Context& context, const cn_upsampling2d_desc& desc) {
    return std::make_unique<UpSampling2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
