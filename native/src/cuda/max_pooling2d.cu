// Max pooling: y = the maximum of a window, codes = the cell it came from; dx = dy there, 0 elsewhere.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy, codes: [rows, output_height, output_width, channels].
// Codes    ky * window.width + kx, counted from the window's own corner, be it inside the input or not.
// Writes   forward overwrites y and, unless null, codes; backward overwrites dx or adds to it.
// Blocks   packs of channels: of y forward, of dx backward. Backward gathers from the windows that cover a place, in their order, so
//          windows may overlap and no two threads write the same place.
#include "common/max_pooling.h"
#include "common/pooling_window.h"

#include "elementwise.h"
#include "ops.h"
#include "pooling_codes.h"
#include "pooling_place.h"

namespace compiled::cuda {

namespace {

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    max_pooling2d_forward_kernel(const cn_state* state, cn_max_pooling2d_desc d, const float* x, float* y, uint8_t* codes) {
    const cn_window& w = d.window;
    for_packs<Width>(state->rows * d.output_height * d.output_width * d.channels, [&](int64_t i) {
        PoolingPlace place(i, d.output_height, d.output_width, d.channels);
        PoolingCells rows(place.row, w.stride_height, w.pad_top, w.height, d.input_height);
        PoolingCells columns(place.column, w.stride_width, w.pad_left, w.width, d.input_width);
        const float* corner = x + ((place.sample * d.input_height + rows.origin) * d.input_width + columns.origin) * d.channels;
        corner += place.channel;
        auto best = Pack<Width>::load(corner + (rows.first * d.input_width + columns.first) * d.channels);
        int winners[Width];
        for (int& winner : winners) {
            winner = static_cast<int>(rows.first * w.width + columns.first);
        }
        for (int64_t ky = rows.first; ky < rows.last; ++ky) {
            for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                auto candidate = Pack<Width>::load(corner + (ky * d.input_width + kx) * d.channels);
                for (int e = 0; e < Width; ++e) {
                    if (max_pooling_takes(candidate.values[e], best.values[e])) {
                        best.values[e] = candidate.values[e];
                        winners[e] = static_cast<int>(ky * w.width + kx);
                    }
                }
            }
        }
        best.store(y + i);
        if (codes != nullptr) {
            store_codes<Width>(codes + i, winners);
        }
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    max_pooling2d_backward_kernel(const cn_state* state, cn_max_pooling2d_desc d, const uint8_t* codes, const float* dy, float* dx) {
    const cn_window& w = d.window;
    for_packs<Width>(state->rows * d.input_height * d.input_width * d.channels, [&](int64_t i) {
        PoolingPlace place(i, d.input_height, d.input_width, d.channels);
        int64_t row = place.row + w.pad_top, column = place.column + w.pad_left;
        PoolingWindows rows(row, w.stride_height, w.height, d.output_height);
        PoolingWindows columns(column, w.stride_width, w.width, d.output_width);
        Pack<Width> sums{};
        if (d.input_gradient == CN_GRADIENT_ACCUMULATE) {
            sums = Pack<Width>::load(dx + i);
        }
        for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
            for (int64_t ox = columns.first; ox <= columns.last; ++ox) {
                int64_t from = ((place.sample * d.output_height + oy) * d.output_width + ox) * d.channels + place.channel;
                auto cell = static_cast<int>((row - oy * w.stride_height) * w.width + column - ox * w.stride_width);
                auto gradients = Pack<Width>::load(dy + from);
                int winners[Width];
                load_codes<Width>(codes + from, winners);
                for (int e = 0; e < Width; ++e) {
                    sums.values[e] += winners[e] == cell ? gradients.values[e] : 0.0f;
                }
            }
        }
        sums.store(dx + i);
    });
}

class MaxPooling2DKernel final : public MaxPooling2DOp {
public:
    MaxPooling2DKernel(Context& context, const cn_max_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y, uint8_t* codes) override {
        int width = pack_width(_desc.channels, x, y, codes);
        auto* kernel = width == 4 ? max_pooling2d_forward_kernel<4> : max_pooling2d_forward_kernel<1>;
        int64_t elements = _desc.batch * _desc.output_height * _desc.output_width * _desc.channels;
        _context.launch(kernel, element_grid(_context, elements, width), ElementThreads, 0, state, _desc, x, y, codes);
    }

    void backward(const cn_state* state, const uint8_t* codes, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int width = pack_width(_desc.channels, codes, dy, dx);
        auto* kernel = width == 4 ? max_pooling2d_backward_kernel<4> : max_pooling2d_backward_kernel<1>;
        int64_t elements = _desc.batch * _desc.input_height * _desc.input_width * _desc.channels;
        _context.launch(kernel, element_grid(_context, elements, width), ElementThreads, 0, state, _desc, codes, dy, dx);
    }

private:
    Context& _context;
    cn_max_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(Context& context, const cn_max_pooling2d_desc& desc) {
    return std::make_unique<MaxPooling2DKernel>(context, desc);
}

} // namespace compiled::cuda
