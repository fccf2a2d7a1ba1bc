// Average pooling: y = the mean of the cells of a window that lie inside the input; dx = the sum of dy / cells over the windows.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Sums     Each row of a window by itself, then the rows: the error grows with the sides of a window, not with its cells.
// Blocks   packs of channels: of y forward, of dx backward. Backward gathers from the windows that cover a place, in their order, so
//          windows may overlap and no two threads write the same place.
#include "common/pooling_window.h"

#include "elementwise.h"
#include "ops.h"
#include "pooling_place.h"

namespace compiled::cuda {

namespace {

__device__ PoolingCells rows_of(const cn_average_pooling2d_desc& d, int64_t oy) {
    return {oy, d.window.stride_height, d.window.pad_top, d.window.height, d.input_height};
}

__device__ PoolingCells columns_of(const cn_average_pooling2d_desc& d, int64_t ox) {
    return {ox, d.window.stride_width, d.window.pad_left, d.window.width, d.input_width};
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    average_pooling2d_forward_kernel(const cn_state* state, cn_average_pooling2d_desc d, const float* x, float* y) {
    for_packs<Width>(state->rows * d.output_height * d.output_width * d.channels, [&](int64_t i) {
        PoolingPlace place(i, d.output_height, d.output_width, d.channels);
        PoolingCells rows = rows_of(d, place.row), columns = columns_of(d, place.column);
        const float* corner = x + ((place.sample * d.input_height + rows.origin) * d.input_width + columns.origin) * d.channels;
        corner += place.channel;
        Pack<Width> sums{};
        for (int64_t ky = rows.first; ky < rows.last; ++ky) {
            Pack<Width> of_row{};
            for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                auto cell = Pack<Width>::load(corner + (ky * d.input_width + kx) * d.channels);
                for (int e = 0; e < Width; ++e) {
                    of_row.values[e] += cell.values[e];
                }
            }
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += of_row.values[e];
            }
        }
        auto cells = static_cast<float>(rows.count() * columns.count());
        for (float& sum : sums.values) {
            sum /= cells;
        }
        sums.store(y + i);
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    average_pooling2d_backward_kernel(const cn_state* state, cn_average_pooling2d_desc d, const float* dy, float* dx) {
    const cn_window& w = d.window;
    for_packs<Width>(state->rows * d.input_height * d.input_width * d.channels, [&](int64_t i) {
        PoolingPlace place(i, d.input_height, d.input_width, d.channels);
        PoolingWindows rows(place.row + w.pad_top, w.stride_height, w.height, d.output_height);
        PoolingWindows columns(place.column + w.pad_left, w.stride_width, w.width, d.output_width);
        Pack<Width> sums{};
        if (d.input_gradient == CN_GRADIENT_ACCUMULATE) {
            sums = Pack<Width>::load(dx + i);
        }
        for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
            int64_t row_cells = rows_of(d, oy).count();
            for (int64_t ox = columns.first; ox <= columns.last; ++ox) {
                auto cells = static_cast<float>(row_cells * columns_of(d, ox).count());
                int64_t from = ((place.sample * d.output_height + oy) * d.output_width + ox) * d.channels + place.channel;
                auto gradients = Pack<Width>::load(dy + from);
                for (int e = 0; e < Width; ++e) {
                    sums.values[e] += gradients.values[e] / cells;
                }
            }
        }
        sums.store(dx + i);
    });
}

class AveragePooling2DKernel final : public AveragePooling2DOp {
public:
    AveragePooling2DKernel(Context& context, const cn_average_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int width = pack_width(_desc.channels, x, y);
        auto* kernel = width == 4 ? average_pooling2d_forward_kernel<4> : average_pooling2d_forward_kernel<1>;
        int64_t elements = _desc.batch * _desc.output_height * _desc.output_width * _desc.channels;
        _context.launch(kernel, element_grid(_context, elements, width), ElementThreads, 0, state, _desc, x, y);
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int width = pack_width(_desc.channels, dy, dx);
        auto* kernel = width == 4 ? average_pooling2d_backward_kernel<4> : average_pooling2d_backward_kernel<1>;
        int64_t elements = _desc.batch * _desc.input_height * _desc.input_width * _desc.channels;
        _context.launch(kernel, element_grid(_context, elements, width), ElementThreads, 0, state, _desc, dy, dx);
    }

private:
    Context& _context;
    cn_average_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<AveragePooling2DOp> make_average_pooling2d(Context& context, const cn_average_pooling2d_desc& desc) {
    return std::make_unique<AveragePooling2DKernel>(context, desc);
}

} // namespace compiled::cuda
