// Convolution stage of inputs that are enlarged and side by side in channels (compiled.h, cn_joined_conv2d_desc).
//
// Kernels    The joined image is gathered into scratch memory before the convolution's own kernels, in both passes, and its gradient is
//            summed up from there behind them: neither is kept from one call to the next. In the index maps of those kernels, which
//            have no registers to spare, it would save that pass.
// Writes     As conv2d.cu; each dx_i by its mode, one after the other: two of them may be one array.
#include "ops.h"
#include "upsampling2d.h"

namespace compiled::cuda {

namespace {

class JoinedConv2DKernel final : public JoinedConv2DOp {
public:
    JoinedConv2DKernel(Context& context, const cn_joined_conv2d_desc& desc) : _context(context), _desc(desc) {
        const int64_t channels[] = {desc.channels_0, desc.channels_1, desc.channels_2, desc.channels_3};
        const int64_t heights[] = {desc.upsampling_height_0, desc.upsampling_height_1, desc.upsampling_height_2, desc.upsampling_height_3};
        const int64_t widths[] = {desc.upsampling_width_0, desc.upsampling_width_1, desc.upsampling_width_2, desc.upsampling_width_3};
        const int32_t interpolations[] = {desc.interpolation_0, desc.interpolation_1, desc.interpolation_2, desc.interpolation_3};
        const int32_t gradients[] = {desc.gradient_0, desc.gradient_1, desc.gradient_2, desc.gradient_3};
        for (int i = 0; i < desc.inputs; ++i) {
            cn_upsampling2d_desc& input = _inputs[i];
            input.input_gradient = gradients[i];
            input.batch = desc.conv.batch;
            input.input_height = desc.conv.input_height / heights[i], input.input_width = desc.conv.input_width / widths[i];
            input.channels = channels[i];
            input.factor_height = heights[i], input.factor_width = widths[i];
            input.interpolation = interpolations[i];
        }
        cn_conv2d_desc conv = desc.conv;
        conv.input_gradient = CN_GRADIENT_NONE;
        for (int i = 0; i < desc.inputs; ++i) {
            if (_inputs[i].input_gradient != CN_GRADIENT_NONE) {
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
            if (_inputs[i].input_gradient != CN_GRADIENT_NONE) {
                sum_enlarged(_context, _inputs[i], state, joined_gradient + first, _desc.conv.input_channels, dx[i]);
            }
        }
    }

private:
    // Of the joined image, so that what comes behind is aligned as well.
    int64_t joined_floats() const {
        constexpr int64_t Alignment = 64;
        int64_t floats = _desc.conv.batch * _desc.conv.input_height * _desc.conv.input_width * _desc.conv.input_channels;
        return (floats + Alignment - 1) / Alignment * Alignment;
    }
    int64_t scratch_bytes() const { return joined_floats() * (_has_gradient ? 2 : 1) * static_cast<int64_t>(sizeof(float)); }

    float* gather(const cn_state* state, const float* const (&x)[4]) {
        float* joined = _context.scratch<float>();
        int64_t first = 0;
        for (int i = 0; i < _desc.inputs; first += _inputs[i++].channels) {
            enlarge(_context, _inputs[i], state, x[i], _desc.conv.input_channels, joined + first);
        }
        return joined;
    }

    Context& _context;
    cn_joined_conv2d_desc _desc;
    cn_upsampling2d_desc _inputs[4] = {};
    bool _has_gradient = false; // whether any input has one
    std::unique_ptr<Conv2DOp> _conv;
};

} // namespace

std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(Context& context, const cn_joined_conv2d_desc& desc) {
    return std::make_unique<JoinedConv2DKernel>(context, desc);
}

} // namespace compiled::cuda
