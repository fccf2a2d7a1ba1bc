// Average pooling: y = the mean of the cells of a window that lie inside the input; dx = the sum of dy / cells over the windows.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Sums     Each row of a window by itself, then the rows: the error grows with the sides of a window, not with its cells.
// Threads  rows of the output forward, rows of the input backward. Backward gathers: a row of dx looks at the windows that cover it,
//          so windows may overlap and no two threads write the same place.
#include "common/pooling_window.h"
#include "elementwise.h"
#include "ops.h"

#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

class AveragePooling2DKernel final : public AveragePooling2DOp {
public:
    AveragePooling2DKernel(Context& context, const cn_average_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        const cn_average_pooling2d_desc& d = _desc;
        _context.parallel_for(state->rows * d.output_height, [=, &d](int64_t item, int) {
            const float* image = x + item / d.output_height * d.input_height * d.input_width * d.channels;
            forward_row(item % d.output_height, image, y + item * d.output_width * d.channels);
        });
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        const cn_average_pooling2d_desc& d = _desc;
        if (d.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        _context.parallel_for(state->rows * d.input_height, [=, &d](int64_t item, int) {
            const float* gradients = dy + item / d.input_height * d.output_height * d.output_width * d.channels;
            backward_row(item % d.input_height, gradients, dx + item * d.input_width * d.channels);
        });
    }

private:
    PoolingCells rows_of(int64_t oy) const {
        return {oy, _desc.window.stride_height, _desc.window.pad_top, _desc.window.height, _desc.input_height};
    }
    PoolingCells columns_of(int64_t ox) const {
        return {ox, _desc.window.stride_width, _desc.window.pad_left, _desc.window.width, _desc.input_width};
    }

    void forward_row(int64_t oy, const float* image, float* y) const {
        const cn_average_pooling2d_desc& d = _desc;
        PoolingCells rows = rows_of(oy);
        for (int64_t ox = 0; ox < d.output_width; ++ox) {
            PoolingCells columns = columns_of(ox);
            auto cells = static_cast<float>(rows.count() * columns.count());
            const float* corner = image + (rows.origin * d.input_width + columns.origin) * d.channels;
            for_vectors(0, d.channels, [&](int64_t c, auto vector) {
                Vec sum = zero();
                for (int64_t ky = rows.first; ky < rows.last; ++ky) {
                    Vec of_row = zero();
                    for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                        of_row = of_row + vector.load(corner + (ky * d.input_width + kx) * d.channels + c);
                    }
                    sum = sum + of_row;
                }
                vector.store(y + ox * d.channels + c, sum / cells);
            });
        }
    }

    void backward_row(int64_t iy, const float* dy, float* dx) const {
        const cn_average_pooling2d_desc& d = _desc;
        if (d.input_gradient == CN_GRADIENT_OVERWRITE) {
            std::memset(dx, 0, static_cast<size_t>(d.input_width * d.channels) * sizeof(float));
        }
        PoolingWindows covering(iy + d.window.pad_top, d.window.stride_height, d.window.height, d.output_height);
        for (int64_t oy = covering.first; oy <= covering.last; ++oy) {
            int64_t rows = rows_of(oy).count();
            for (int64_t ox = 0; ox < d.output_width; ++ox) {
                PoolingCells columns = columns_of(ox);
                auto cells = static_cast<float>(rows * columns.count());
                const float* source = dy + (oy * d.output_width + ox) * d.channels;
                for_vectors(0, d.channels, [&](int64_t c, auto vector) {
                    Vec gradient = vector.load(source + c) / cells;
                    for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                        float* target = dx + (columns.origin + kx) * d.channels + c;
                        vector.store(target, vector.load(target) + gradient);
                    }
                });
            }
        }
    }

    Context& _context;
    cn_average_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<AveragePooling2DOp> make_average_pooling2d(Context& context, const cn_average_pooling2d_desc& desc) {
    return std::make_unique<AveragePooling2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
