// Zero padding and cropping: y[i, j] = x[i - pad_top, j - pad_left], 0 outside of x; backward is the same, the other way round.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Blocks   packs of channels of the target.
#include "divider.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

struct PaddingShape {
    Divider packs, width, height;        // of the target; a pixel has so many packs
    int64_t source_height, source_width; // a pixel (row, column) of the target is the source's at (row - top, column - left)
    int64_t top, left;
};

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    padding2d_kernel(const cn_state* state, PaddingShape shape, bool accumulate, const float* source, float* target) {
    int64_t packs = shape.packs.divisor();
    for_packs<Width>(state->rows * shape.height.divisor() * shape.width.divisor() * packs * Width, [&](int64_t i) {
        int64_t index = i / Width; // in the end the sample
        int64_t pack = shape.packs.take(index);
        int64_t column = shape.width.take(index) - shape.left;
        int64_t row = shape.height.take(index) - shape.top;
        bool inside = row >= 0 && row < shape.source_height && column >= 0 && column < shape.source_width;
        Pack<Width> sums{};
        if (inside) {
            int64_t pixel = (index * shape.source_height + row) * shape.source_width + column;
            sums = Pack<Width>::load(source + (pixel * packs + pack) * Width);
        } else if (accumulate) {
            return;
        }
        if (accumulate) {
            auto old = Pack<Width>::load(target + i);
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += old.values[e];
            }
        }
        sums.store(target + i);
    });
}

class Padding2DKernel final : public Padding2DOp {
public:
    Padding2DKernel(Context& context, const cn_padding2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        const cn_padding2d_desc& d = _desc;
        PaddingShape shape{{}, Divider(d.output_width), Divider(d.output_height), d.input_height, d.input_width, d.pad_top, d.pad_left};
        run(state, shape, d.output_height * d.output_width, false, x, y);
    }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        const cn_padding2d_desc& d = _desc;
        if (d.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        PaddingShape shape{{}, Divider(d.input_width), Divider(d.input_height), d.output_height, d.output_width, -d.pad_top, -d.pad_left};
        run(state, shape, d.input_height * d.input_width, d.input_gradient == CN_GRADIENT_ACCUMULATE, dy, dx);
    }

private:
    void run(const cn_state* state, PaddingShape shape, int64_t pixels, bool accumulate, const float* source, float* target) {
        int width = pack_width(_desc.channels, source, target);
        shape.packs = Divider(_desc.channels / width);
        auto* kernel = width == 4 ? padding2d_kernel<4> : padding2d_kernel<1>;
        _context.launch(kernel, element_grid(_context, _desc.batch * pixels * _desc.channels, width), ElementThreads, 0, state, shape,
                        accumulate, source, target);
    }

    Context& _context;
    cn_padding2d_desc _desc;
};

} // namespace

std::unique_ptr<Padding2DOp> make_padding2d(Context& context, const cn_padding2d_desc& desc) {
    return std::make_unique<Padding2DKernel>(context, desc);
}

} // namespace compiled::cuda
