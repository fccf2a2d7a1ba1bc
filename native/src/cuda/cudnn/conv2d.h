// A convolution stage whose products cuDNN computes: for stages that the tiled kernels are not made for, and as their rival.
//
// Per call: one launch that brings what is multiplied into cuDNN's shape (staging.h), cuDNN's kernels, and one launch that does the rest of
// the stage. All of it goes to the context's stream and can be recorded.
#pragma once

#include "convolution.h"
#include "stage_kernels.h"

#include <memory>

namespace compiled::cuda::cudnn {

class CudnnConv2D {
public:
    // Null: cuDNN is not there, or not for this stage.
    static std::unique_ptr<CudnnConv2D> make(Context& context, const cn_conv2d_desc& desc);

    // Of make.
    CudnnConv2D(Context& context, Handle& handle, const cn_conv2d_desc& desc);

    int64_t version() const { return _handle.library().version; }

    // What can be chosen for a direction, cuDNN's own preference first.
    std::vector<Choice> choices(Direction direction) const;

    // Decides for a choice, reserves its memory, and tries it once: what cuDNN loads when it is first asked, it must not load while a graph
    // is recorded. False: it does not work.
    bool prepare(Direction direction, const Choice& choice);
    int64_t scratch_bytes(Direction direction) const;

    // What was prepared can be run; see TiledConv2D, whose codes have the same meaning.
    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                 uint8_t* codes, bool training);
    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias);

private:
    // Parts of scratch memory.
    struct Parts {
        float *kernel, *input, *conv;
        float *dkernel, *partials; // backward
        void* workspace;
    };

    bool wants_input_gradient() const { return _desc.input_gradient != CN_GRADIENT_NONE; }
    int64_t staging_bytes(Direction direction) const;
    int64_t workspace_bytes(Direction direction) const;
    Parts parts(Direction direction);
    bool multiply(Direction direction, const Parts& parts, bool wants_kernel_gradient);
    bool tries(Direction direction);

    Context& _context;
    Handle& _handle;
    cn_conv2d_desc _desc;
    Staging _staging;
    StageShape _shape;
    BiasPlan _bias;
    Convolution _convolution;
    DeviceMemory _tickets;
    int64_t _most_bytes; // of scratch memory
};

} // namespace compiled::cuda::cudnn
