// Up-sampling by whole factors, nearest or bilinear with half-pixel centres.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, pitch], of which the first
//          channels are meant.
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Blocks   packs of channels: of y forward, of dx backward. Backward gathers: an element of dx adds up what it gave to, row by row, so no
//          two threads write the same place.
#include "upsampling2d.h"

#include "common/upsampling.h"

#include "divider.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

struct UpSamplingShape {
    UpSamplingAxis rows, columns;
    Divider packs;                       // of a pixel
    Divider width, height;               // of what is written
    Divider factor_height, factor_width; // of an output row or column: the input's, and the place in it
    int64_t pitch;                       // of the pixels of what is enlarged
    bool nearest;

    // The number of a pixel of what is enlarged.
    __device__ __forceinline__ int64_t enlarged(int64_t sample, int64_t row, int64_t column) const {
        return (sample * rows.inputs * rows.factor + row) * columns.inputs * columns.factor + column;
    }
    __device__ __forceinline__ UpSamplingTap row_tap(int64_t output) const {
        Divider::Result at = factor_height.divide(static_cast<uint32_t>(output));
        return upsampling_tap(rows, at.quotient, at.remainder);
    }
    __device__ __forceinline__ UpSamplingTap column_tap(int64_t output) const {
        Divider::Result at = factor_width.divide(static_cast<uint32_t>(output));
        return upsampling_tap(columns, at.quotient, at.remainder);
    }
};

// A place in what is written: the pack of a pixel of a sample.
struct UpSamplingPlace {
    int64_t sample, row, column, pack;

    __device__ __forceinline__ UpSamplingPlace(const UpSamplingShape& shape, int64_t index) {
        pack = shape.packs.take(index);
        column = shape.width.take(index);
        row = shape.height.take(index);
        sample = index;
    }
};

template <int Width>
__device__ __forceinline__ void add_scaled(Pack<Width>& sums, float weight, const Pack<Width>& pack) {
    for (int e = 0; e < Width; ++e) {
        sums.values[e] += weight * pack.values[e];
    }
}

template <int Width>
__device__ __forceinline__ Pack<Width> between(const float* low, const float* high, float weight) {
    auto near = Pack<Width>::load(low), far = Pack<Width>::load(high);
    Pack<Width> result;
    for (int e = 0; e < Width; ++e) {
        result.values[e] = (1.0f - weight) * near.values[e] + weight * far.values[e];
    }
    return result;
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    upsampling2d_forward_kernel(const cn_state* state, UpSamplingShape shape, const float* x, float* y) {
    int64_t packs = shape.packs.divisor(), width = shape.columns.inputs, pixel = packs * Width;
    for_packs<Width>(state->rows * shape.height.divisor() * shape.width.divisor() * pixel, [&](int64_t i) {
        UpSamplingPlace place(shape, i / Width);
        const float* image = x + place.sample * shape.rows.inputs * width * pixel + place.pack * Width;
        float* target = y + shape.enlarged(place.sample, place.row, place.column) * shape.pitch + place.pack * Width;
        if (shape.nearest) {
            int64_t row = shape.factor_height.divide(static_cast<uint32_t>(place.row)).quotient;
            int64_t column = shape.factor_width.divide(static_cast<uint32_t>(place.column)).quotient;
            Pack<Width>::load(image + (row * width + column) * pixel).store(target);
            return;
        }
        UpSamplingTap rows = shape.row_tap(place.row), columns = shape.column_tap(place.column);
        const float *top = image + rows.low * width * pixel, *bottom = image + rows.high * width * pixel;
        auto upper = between<Width>(top + columns.low * pixel, top + columns.high * pixel, columns.weight);
        auto lower = between<Width>(bottom + columns.low * pixel, bottom + columns.high * pixel, columns.weight);
        for (int e = 0; e < Width; ++e) {
            upper.values[e] = (1.0f - rows.weight) * upper.values[e] + rows.weight * lower.values[e];
        }
        upper.store(target);
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    upsampling2d_backward_kernel(const cn_state* state, UpSamplingShape shape, bool accumulate, const float* dy, float* dx) {
    int64_t pixel = static_cast<int64_t>(shape.packs.divisor()) * Width;
    for_packs<Width>(state->rows * shape.height.divisor() * shape.width.divisor() * pixel, [&](int64_t i) {
        UpSamplingPlace place(shape, i / Width);
        auto gradient = [&](int64_t row, int64_t column) {
            return Pack<Width>::load(dy + shape.enlarged(place.sample, row, column) * shape.pitch + place.pack * Width);
        };
        Pack<Width> sums{};
        if (shape.nearest) {
            int64_t top = place.row * shape.rows.factor, left = place.column * shape.columns.factor;
            for (int64_t row = top; row < top + shape.rows.factor; ++row) {
                for (int64_t column = left; column < left + shape.columns.factor; ++column) {
                    add_scaled(sums, 1.0f, gradient(row, column));
                }
            }
        } else {
            UpSamplingRange rows = upsampling_range(shape.rows, place.row), columns = upsampling_range(shape.columns, place.column);
            for (int64_t row = rows.first; row < rows.last; ++row) {
                Pack<Width> line{};
                for (int64_t column = columns.first; column < columns.last; ++column) {
                    add_scaled(line, upsampling_weight(shape.column_tap(column), place.column), gradient(row, column));
                }
                add_scaled(sums, upsampling_weight(shape.row_tap(row), place.row), line);
            }
        }
        if (accumulate) {
            add_scaled(sums, 1.0f, Pack<Width>::load(dx + i));
        }
        sums.store(dx + i);
    });
}

// Of which `rows` x `columns` pixels are written.
UpSamplingShape shape_of(const cn_upsampling2d_desc& d, int64_t rows, int64_t columns, int64_t pitch, int width) {
    return {upsampling_axis(d.input_height, d.factor_height),
            upsampling_axis(d.input_width, d.factor_width),
            Divider(d.channels / width),
            Divider(columns),
            Divider(rows),
            Divider(d.factor_height),
            Divider(d.factor_width),
            pitch,
            d.interpolation == CN_INTERPOLATION_NEAREST};
}

class UpSampling2DKernel final : public UpSampling2DOp {
public:
    UpSampling2DKernel(Context& context, const cn_upsampling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override { enlarge(_context, _desc, state, x, _desc.channels, y); }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient != CN_GRADIENT_NONE) {
            sum_enlarged(_context, _desc, state, dy, _desc.channels, dx);
        }
    }

private:
    Context& _context;
    cn_upsampling2d_desc _desc;
};

} // namespace

void enlarge(Context& context, const cn_upsampling2d_desc& d, const cn_state* state, const float* x, int64_t pitch, float* y) {
    int width = pack_width(d.channels | pitch, x, y);
    auto* kernel = width == 4 ? upsampling2d_forward_kernel<4> : upsampling2d_forward_kernel<1>;
    int64_t rows = d.input_height * d.factor_height, columns = d.input_width * d.factor_width;
    Grid grid = element_grid(context, d.batch * rows * columns * d.channels, width);
    context.launch(kernel, grid, ElementThreads, 0, state, shape_of(d, rows, columns, pitch, width), x, y);
}

void sum_enlarged(Context& context, const cn_upsampling2d_desc& d, const cn_state* state, const float* dy, int64_t pitch, float* dx) {
    int width = pack_width(d.channels | pitch, dy, dx);
    auto* kernel = width == 4 ? upsampling2d_backward_kernel<4> : upsampling2d_backward_kernel<1>;
    Grid grid = element_grid(context, d.batch * d.input_height * d.input_width * d.channels, width);
    context.launch(kernel, grid, ElementThreads, 0, state, shape_of(d, d.input_height, d.input_width, pitch, width),
                   d.input_gradient == CN_GRADIENT_ACCUMULATE, dy, dx);
}

std::unique_ptr<UpSampling2DOp> make_upsampling2d(Context& context, const cn_upsampling2d_desc& desc) {
    return std::make_unique<UpSampling2DKernel>(context, desc);
}

} // namespace compiled::cuda
