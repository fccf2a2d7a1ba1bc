// Convolution stage (compiled.h, cn_conv2d_desc): y = dropout(max_pooling(activation(conv(x, kernel) + bias))).
//
// Kernels    Each direction by the tiled kernels (conv2d_tiled.h) where they suit the stage, else by the general ones.
// Codes      The winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
// Writes     y, codes, dkernel and dbias are overwritten; dx by the descriptor.
#include "conv2d_general_forward.h"
#include "conv2d_general_gradient.h"
#include "conv2d_tiled.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

class Conv2DKernel final : public Conv2DOp {
public:
    Conv2DKernel(Context& context, const cn_conv2d_desc& desc) {
        bool tiled_forward = TiledConv2D::suits_forward(desc), tiled_gradient = TiledConv2D::suits_backward(desc);
        if (tiled_forward || tiled_gradient) {
            _tiled = std::make_unique<TiledConv2D>(context, desc);
        }
        if (!tiled_forward) {
            _forward = std::make_unique<GeneralConv2DForward>(context, desc);
        }
        if (!tiled_gradient) {
            _gradient = std::make_unique<GeneralConv2DGradient>(context, desc);
        }
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes) override {
        run_forward(state, x, kernel, bias, y, codes, true);
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        run_forward(state, x, kernel, bias, y, nullptr, false);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias) override {
        if (_gradient != nullptr) {
            _gradient->run(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        } else {
            _tiled->backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        }
    }

private:
    void run_forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes,
                     bool training) {
        if (_forward != nullptr) {
            _forward->run(state, x, kernel, bias, y, codes, training);
        } else {
            _tiled->forward(state, x, kernel, bias, y, codes, training);
        }
    }

    std::unique_ptr<TiledConv2D> _tiled; // null: suits neither direction
    std::unique_ptr<GeneralConv2DForward> _forward;
    std::unique_ptr<GeneralConv2DGradient> _gradient;
};

} // namespace

std::unique_ptr<Conv2DOp> make_conv2d(Context& context, const cn_conv2d_desc& desc) {
    return std::make_unique<Conv2DKernel>(context, desc);
}

} // namespace compiled::cuda
