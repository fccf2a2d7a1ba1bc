// Convolution stage of inputs that are enlarged and side by side in channels (compiled.h, cn_joined_conv2d_desc).
//
// Kernels    The joined image is gathered into scratch memory before the convolution's own kernels, in both passes, and its gradient is
//            summed up from there behind them: neither is kept from one call to the next. In the index maps of those kernels, which
//            have no registers to spare, it would save that pass.
// Writes     As conv2d.cu; each dx_i by its mode, one after the other: two of them may be one array.
// Blocks     Packs of channels of an input: of all pixels of the joined image forward, of its own ones backward.
#include "divider.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

// An input as a part of the joined image.
struct JoinedPart {
    Divider packs;         // of a pixel of the input
    Divider width, height; // of what a kernel walks over
    Divider factor_height, factor_width;
    int64_t joined_width, joined_height, joined_channels;
};

// A place in what a kernel walks over.
struct JoinedPlace {
    int64_t sample;
    uint32_t row, column, pack;

    __device__ __forceinline__ JoinedPlace(const JoinedPart& part, int64_t index) {
        pack = part.packs.take(index);
        column = part.width.take(index);
        row = part.height.take(index);
        sample = index;
    }
};

// `joined` begins with the channels of the part.
template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    joined_gather_kernel(const cn_state* state, JoinedPart part, const float* x, float* joined) {
    int64_t pixel = static_cast<int64_t>(part.packs.divisor()) * Width;
    int64_t height = part.joined_height / part.factor_height.divisor(), width = part.joined_width / part.factor_width.divisor();
    for_packs<Width>(state->rows * part.joined_height * part.joined_width * pixel, [&](int64_t i) {
        JoinedPlace place(part, i / Width);
        int64_t row = place.sample * height + part.factor_height.divide(place.row).quotient;
        int64_t source = (row * width + part.factor_width.divide(place.column).quotient) * pixel;
        int64_t target = (place.sample * part.joined_height + place.row) * part.joined_width + place.column;
        Pack<Width>::load(x + source + place.pack * Width).store(joined + target * part.joined_channels + place.pack * Width);
    });
}

// Each element of dx adds up what it was repeated to, row by row.
template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    joined_scatter_kernel(const cn_state* state, JoinedPart part, bool accumulate, const float* joined, float* dx) {
    int64_t pixel = static_cast<int64_t>(part.packs.divisor()) * Width;
    uint32_t rows = part.factor_height.divisor(), columns = part.factor_width.divisor();
    for_packs<Width>(state->rows * part.height.divisor() * part.width.divisor() * pixel, [&](int64_t i) {
        JoinedPlace place(part, i / Width);
        int64_t top = place.sample * part.joined_height + static_cast<int64_t>(place.row) * rows;
        int64_t left = static_cast<int64_t>(place.column) * columns;
        Pack<Width> sums{};
        for (int64_t row = top; row < top + rows; ++row) {
            for (int64_t column = left; column < left + columns; ++column) {
                auto cell = Pack<Width>::load(joined + (row * part.joined_width + column) * part.joined_channels + place.pack * Width);
                for (int e = 0; e < Width; ++e) {
                    sums.values[e] += cell.values[e];
                }
            }
        }
        if (accumulate) {
            auto old = Pack<Width>::load(dx + i);
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += old.values[e];
            }
        }
        sums.store(dx + i);
    });
}

class JoinedConv2DKernel final : public JoinedConv2DOp {
public:
    JoinedConv2DKernel(Context& context, const cn_joined_conv2d_desc& desc)
        : _context(context), _desc(desc), _inputs{{desc.channels_0, desc.upsampling_height_0, desc.upsampling_width_0, desc.gradient_0},
                                                  {desc.channels_1, desc.upsampling_height_1, desc.upsampling_width_1, desc.gradient_1},
                                                  {desc.channels_2, desc.upsampling_height_2, desc.upsampling_width_2, desc.gradient_2},
                                                  {desc.channels_3, desc.upsampling_height_3, desc.upsampling_width_3, desc.gradient_3}} {
        cn_conv2d_desc conv = desc.conv;
        conv.input_gradient = CN_GRADIENT_NONE;
        for (int i = 0; i < desc.inputs; ++i) {
            if (_inputs[i].gradient != CN_GRADIENT_NONE) {
                conv.input_gradient = CN_GRADIENT_OVERWRITE;
            }
        }
        _has_gradient = conv.input_gradient != CN_GRADIENT_NONE;
        _context.reserve_scratch(scratch_bytes());
        ScratchPrefix behind(_context, scratch_bytes());
        _conv = make_conv2d(_context, conv);
    }

    void forward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, float* y, uint8_t* codes,
                 double* moments) override {
        float* joined = gather(state, x);
        ScratchPrefix behind(_context, scratch_bytes());
        _conv->forward(state, joined, kernel, bias, y, codes, moments);
    }

    void predict(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, const float* addend,
                 float* y) override {
        float* joined = gather(state, x);
        ScratchPrefix behind(_context, scratch_bytes());
        _conv->predict(state, joined, kernel, bias, addend, y);
    }

    void backward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* y, const uint8_t* codes,
                  const float* dy, float* const (&dx)[4], float* dkernel, float* dbias) override {
        bool reads = dkernel != nullptr || dbias != nullptr;
        float* joined = reads ? gather(state, x) : _context.scratch<float>();
        float* joined_gradient = _has_gradient ? joined + joined_floats() : nullptr;
        {
            ScratchPrefix behind(_context, scratch_bytes());
            _conv->backward(state, joined, kernel, y, codes, dy, joined_gradient, dkernel, dbias);
        }
        int64_t first = 0;
        for (int i = 0; i < _desc.inputs; first += _inputs[i++].channels) {
            if (_inputs[i].gradient != CN_GRADIENT_NONE) {
                scatter(state, _inputs[i], first, joined_gradient, dx[i]);
            }
        }
    }

private:
    struct Input {
        int64_t channels, factor_height, factor_width;
        int32_t gradient; // cn_gradient_mode
    };

    // Of the joined image, so that what comes behind is aligned as well.
    int64_t joined_floats() const {
        constexpr int64_t Alignment = 64;
        int64_t floats = _desc.conv.batch * _desc.conv.input_height * _desc.conv.input_width * _desc.conv.input_channels;
        return (floats + Alignment - 1) / Alignment * Alignment;
    }
    int64_t scratch_bytes() const { return joined_floats() * (_has_gradient ? 2 : 1) * static_cast<int64_t>(sizeof(float)); }

    float* gather(const cn_state* state, const float* const (&x)[4]) {
        const cn_conv2d_desc& d = _desc.conv;
        float* joined = _context.scratch<float>();
        int64_t first = 0;
        for (int i = 0; i < _desc.inputs; first += _inputs[i++].channels) {
            int width = width_of(_inputs[i], first, x[i]);
            auto* kernel = width == 4 ? joined_gather_kernel<4> : joined_gather_kernel<1>;
            Grid grid = element_grid(_context, d.batch * d.input_height * d.input_width * _inputs[i].channels, width);
            _context.launch(kernel, grid, ElementThreads, 0, state, part(_inputs[i], width, d.input_height, d.input_width), x[i],
                            joined + first);
        }
        return joined;
    }

    void scatter(const cn_state* state, const Input& input, int64_t first, const float* joined, float* dx) {
        const cn_conv2d_desc& d = _desc.conv;
        int64_t height = d.input_height / input.factor_height, columns = d.input_width / input.factor_width;
        int width = width_of(input, first, dx);
        auto* kernel = width == 4 ? joined_scatter_kernel<4> : joined_scatter_kernel<1>;
        Grid grid = element_grid(_context, d.batch * height * columns * input.channels, width);
        _context.launch(kernel, grid, ElementThreads, 0, state, part(input, width, height, columns),
                        input.gradient == CN_GRADIENT_ACCUMULATE, joined + first, dx);
    }

    int width_of(const Input& input, int64_t first, const float* array) const {
        return pack_width(input.channels | first | _desc.conv.input_channels, array);
    }

    JoinedPart part(const Input& input, int width, int64_t rows, int64_t columns) const {
        const cn_conv2d_desc& d = _desc.conv;
        return {Divider(input.channels / width), Divider(columns), Divider(rows),  Divider(input.factor_height),
                Divider(input.factor_width),     d.input_width,    d.input_height, d.input_channels};
    }

    Context& _context;
    cn_joined_conv2d_desc _desc;
    Input _inputs[4];
    bool _has_gradient = false; // whether any input has one
    std::unique_ptr<Conv2DOp> _conv;
};

} // namespace

std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(Context& context, const cn_joined_conv2d_desc& desc) {
    return std::make_unique<JoinedConv2DKernel>(context, desc);
}

} // namespace compiled::cuda
