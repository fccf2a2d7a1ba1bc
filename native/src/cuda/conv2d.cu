// Convolution stage (compiled.h, cn_conv2d_desc): y = dropout(max_pooling(activation(conv(x, kernel) + bias))).
//
// Kernels    Each direction by the tiled kernels (conv2d_tiled.h) where they suit the stage, else by the general ones; depthwise by others;
//            or by cuDNN, where that is better (cudnn/decision.h) and there are no groups.
// Codes      The winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
// Writes     y, codes, dkernel and dbias are overwritten; dx by the descriptor.
#include "conv2d_depthwise.h"
#include "conv2d_general_forward.h"
#include "conv2d_general_gradient.h"
#include "conv2d_moments.h"
#include "conv2d_tiled.h"
#include "ops.h"

#if defined(CN_HAVE_CUDNN)
#include "cudnn/decision.h"
#endif

namespace compiled::cuda {

namespace {

// By the library's own kernels.
class OwnConv2D {
public:
    OwnConv2D(Context& context, const cn_conv2d_desc& desc)
        : _context(context), _desc(desc), _tiles_forward(TiledConv2D::suits_forward(desc)),
          _tiles_backward(TiledConv2D::suits_backward(desc)), _is_depthwise(DepthwiseConv2D::suits(desc)) {}

    // What is made can be run.
    void make_forward() {
        if (_is_depthwise) {
            make_depthwise();
        } else if (_tiles_forward) {
            make_tiled();
        } else if (_forward == nullptr) {
            _forward = std::make_unique<GeneralConv2DForward>(_context, _desc);
        }
    }
    void make_backward() {
        if (_is_depthwise) {
            make_depthwise();
        } else if (_tiles_backward) {
            make_tiled();
        } else if (_gradient == nullptr) {
            _gradient = std::make_unique<GeneralConv2DGradient>(_context, _desc);
        }
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                 uint8_t* codes, bool training) {
        if (_is_depthwise) {
            _depthwise->forward(state, x, kernel, bias, addend, y, codes, training);
        } else if (_tiles_forward) {
            _tiled->forward(state, x, kernel, bias, addend, y, codes, training);
        } else {
            _forward->run(state, x, kernel, bias, addend, y, codes, training);
        }
    }
    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias) {
        if (_is_depthwise) {
            _depthwise->backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        } else if (_tiles_backward) {
            _tiled->backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        } else {
            _gradient->run(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        }
    }

private:
    void make_tiled() {
        if (_tiled == nullptr) {
            _tiled = std::make_unique<TiledConv2D>(_context, _desc);
        }
    }

    void make_depthwise() {
        if (_depthwise == nullptr) {
            _depthwise = std::make_unique<DepthwiseConv2D>(_context, _desc);
        }
    }

    Context& _context;
    cn_conv2d_desc _desc;
    bool _tiles_forward, _tiles_backward, _is_depthwise;
    std::unique_ptr<DepthwiseConv2D> _depthwise;
    std::unique_ptr<TiledConv2D> _tiled;
    std::unique_ptr<GeneralConv2DForward> _forward;
    std::unique_ptr<GeneralConv2DGradient> _gradient;
};

#if defined(CN_HAVE_CUDNN)

using cudnn::CudnnConv2D;
using cudnn::Decision;

// Runs own kernels in a contest, made when it begins.
Decision decide(Context& context, const cn_conv2d_desc& desc) {
    if (desc.groups != 1) {
        return {};
    }
    OwnConv2D own(context, desc);
    auto floats = [](const DeviceMemory& memory) { return static_cast<float*>(memory.data()); };
    cudnn::OwnKernels kernels{TiledConv2D::suits_forward(desc), TiledConv2D::suits_backward(desc), nullptr, nullptr};
    kernels.forward = [&](const cudnn::StageTensors& t) {
        own.make_forward();
        own.forward(t.state_pointer(), floats(t.x), floats(t.kernel), floats(t.bias), nullptr, floats(t.y),
                    static_cast<uint8_t*>(t.codes.data()), true);
    };
    kernels.backward = [&](const cudnn::StageTensors& t) {
        own.make_backward();
        own.backward(t.state_pointer(), floats(t.x), floats(t.kernel), floats(t.y), static_cast<uint8_t*>(t.codes.data()), floats(t.dy),
                     floats(t.dx), floats(t.dkernel), floats(t.dbias));
    };
    return cudnn::decide(context, desc, kernels);
}

#else

// Never there.
using CudnnConv2D = OwnConv2D;

struct Decision {
    std::unique_ptr<CudnnConv2D> cudnn;
    bool forward = false, backward = false;
};

Decision decide(Context&, const cn_conv2d_desc&) {
    return {};
}

#endif

class Conv2DKernel final : public Conv2DOp {
public:
    Conv2DKernel(Context& context, const cn_conv2d_desc& desc) : _own(context, desc), _by(decide(context, desc)) {
        if (desc.use_moments != 0) {
            _moments = std::make_unique<Conv2DMoments>(context, desc);
        }
        if (!_by.forward) {
            _own.make_forward();
        }
        if (!_by.backward) {
            _own.make_backward();
        }
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes,
                 double* moments) override {
        run_forward(state, x, kernel, bias, nullptr, y, codes, true);
        if (_moments != nullptr) {
            _moments->run(state, y, moments);
        }
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y) override {
        run_forward(state, x, kernel, bias, addend, y, nullptr, false);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias) override {
        if (_by.backward) {
            _by.cudnn->backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        } else {
            _own.backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        }
    }

private:
    void run_forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                     uint8_t* codes, bool training) {
        if (_by.forward) {
            _by.cudnn->forward(state, x, kernel, bias, addend, y, codes, training);
        } else {
            _own.forward(state, x, kernel, bias, addend, y, codes, training);
        }
    }

    OwnConv2D _own;
    Decision _by;
    std::unique_ptr<Conv2DMoments> _moments; // where they are wanted: a pass of its own, for in the kernels they would spill registers
};

} // namespace

std::unique_ptr<Conv2DOp> make_conv2d(Context& context, const cn_conv2d_desc& desc) {
    return std::make_unique<Conv2DKernel>(context, desc);
}

} // namespace compiled::cuda
