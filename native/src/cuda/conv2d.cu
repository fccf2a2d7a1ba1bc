// Convolution stage (compiled.h, cn_conv2d_desc): y = dropout(max_pooling(activation(conv(x, kernel) + bias))).
//
// Codes      The winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
// Writes     y, codes, dkernel and dbias are overwritten; dx by the descriptor.
#include "conv2d_general_forward.h"
#include "conv2d_general_gradient.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

class Conv2DKernel final : public Conv2DOp {
public:
    Conv2DKernel(Context& context, const cn_conv2d_desc& desc) : _forward(context, desc), _gradient(context, desc) {}

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes) override {
        _forward.run(state, x, kernel, bias, y, codes, true);
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        _forward.run(state, x, kernel, bias, y, nullptr, false);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias) override {
        _gradient.run(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
    }

private:
    GeneralConv2DForward _forward;
    GeneralConv2DGradient _gradient;
};

} // namespace

std::unique_ptr<Conv2DOp> make_conv2d(Context& context, const cn_conv2d_desc& desc) {
    return std::make_unique<Conv2DKernel>(context, desc);
}

} // namespace compiled::cuda
