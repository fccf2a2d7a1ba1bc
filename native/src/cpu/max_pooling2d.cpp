// Max pooling: y = the maximum of a window, codes = the cell it came from; dx = dy there, 0 elsewhere.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy, codes: [rows, output_height, output_width, channels].
// Codes    ky * window.width + kx, counted from the window's own corner, be it inside the input or not.
// Writes   forward overwrites y and, unless null, codes; backward overwrites dx or adds to it.
// Threads  rows of the output forward, rows of the input backward. Backward gathers: a row of dx looks at the windows that cover it,
//          so windows may overlap and no two threads write the same place.
#include "common/max_pooling.h"
#include "common/pooling_window.h"
#include "elementwise.h"
#include "ops.h"

#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

struct WholeBytes : WholeVector {
    CN_INLINE IntVec load_codes(const uint8_t* source) const { return load_bytes(source); }
    CN_INLINE void store_codes(uint8_t* target, IntVec value) const { store_bytes(target, value); }
};

struct PartialBytes : PartialVector {
    CN_INLINE IntVec load_codes(const uint8_t* source) const { return load_bytes_partial(source, count); }
    CN_INLINE void store_codes(uint8_t* target, IntVec value) const { store_bytes_partial(target, count, value); }
};

template <class Body>
CN_INLINE void for_channels(int64_t channels, const Body& body) {
    int64_t c = 0;
    for (; c + Lanes <= channels; c += Lanes) {
        body(c, WholeBytes{});
    }
    if (c < channels) {
        body(c, PartialBytes{{channels - c}});
    }
}

class MaxPooling2DKernel final : public MaxPooling2DOp {
public:
    MaxPooling2DKernel(Context& context, const cn_max_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y, uint8_t* codes) override {
        const cn_max_pooling2d_desc& d = _desc;
        _context.parallel_for(state->rows * d.output_height, [=, &d](int64_t item, int) {
            int64_t sample = item / d.output_height;
            const float* image = x + sample * d.input_height * d.input_width * d.channels;
            int64_t row = item * d.output_width * d.channels;
            if (codes != nullptr) {
                forward_row<true>(item % d.output_height, image, y + row, codes + row);
            } else {
                forward_row<false>(item % d.output_height, image, y + row, nullptr);
            }
        });
    }

    void backward(const cn_state* state, const uint8_t* codes, const float* dy, float* dx) override {
        const cn_max_pooling2d_desc& d = _desc;
        if (d.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        _context.parallel_for(state->rows * d.input_height, [=, &d](int64_t item, int) {
            int64_t output = item / d.input_height * d.output_height * d.output_width * d.channels;
            backward_row(item % d.input_height, codes + output, dy + output, dx + item * d.input_width * d.channels);
        });
    }

private:
    template <bool Save>
    void forward_row(int64_t oy, const float* image, float* y, uint8_t* codes) const {
        const cn_max_pooling2d_desc& d = _desc;
        const cn_window& w = d.window;
        PoolingCells rows(oy, w.stride_height, w.pad_top, w.height, d.input_height);
        for (int64_t ox = 0; ox < d.output_width; ++ox) {
            PoolingCells columns(ox, w.stride_width, w.pad_left, w.width, d.input_width);
            const float* corner = image + (rows.origin * d.input_width + columns.origin) * d.channels;
            for_channels(d.channels, [&](int64_t c, auto vector) {
                Vec best = vector.load(corner + (rows.first * d.input_width + columns.first) * d.channels + c);
                IntVec code = broadcast_int(static_cast<int32_t>(rows.first * w.width + columns.first));
                for (int64_t ky = rows.first; ky < rows.last; ++ky) {
                    for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                        Vec candidate = vector.load(corner + (ky * d.input_width + kx) * d.channels + c);
                        IntVec takes = max_pooling_takes(candidate, best);
                        best = select(takes, candidate, best);
                        if (Save) {
                            code = takes ? broadcast_int(static_cast<int32_t>(ky * w.width + kx)) : code;
                        }
                    }
                }
                vector.store(y + ox * d.channels + c, best);
                if (Save) {
                    vector.store_codes(codes + ox * d.channels + c, code);
                }
            });
        }
    }

    void backward_row(int64_t iy, const uint8_t* codes, const float* dy, float* dx) const {
        const cn_max_pooling2d_desc& d = _desc;
        const cn_window& w = d.window;
        if (d.input_gradient == CN_GRADIENT_OVERWRITE) {
            std::memset(dx, 0, static_cast<size_t>(d.input_width * d.channels) * sizeof(float));
        }
        int64_t shifted = iy + w.pad_top;
        PoolingWindows rows(shifted, w.stride_height, w.height, d.output_height);
        for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
            int64_t ky = shifted - oy * w.stride_height;
            for (int64_t ox = 0; ox < d.output_width; ++ox) {
                PoolingCells columns(ox, w.stride_width, w.pad_left, w.width, d.input_width);
                int64_t from = (oy * d.output_width + ox) * d.channels;
                for_channels(d.channels, [&](int64_t c, auto vector) {
                    Vec gradient = vector.load(dy + from + c);
                    IntVec winner = vector.load_codes(codes + from + c);
                    for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                        IntVec hit = winner == static_cast<int32_t>(ky * w.width + kx);
                        float* target = dx + (columns.origin + kx) * d.channels + c;
                        vector.store(target, vector.load(target) + select(hit, gradient, zero()));
                    }
                });
            }
        }
    }

    Context& _context;
    cn_max_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(Context& context, const cn_max_pooling2d_desc& desc) {
    return std::make_unique<MaxPooling2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
