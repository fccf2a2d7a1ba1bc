// Who computes the directions of a convolution stage: decided once, when the op is created.
#pragma once

#include "conv2d.h"

#include <functional>

namespace compiled::cuda::cudnn {

// Device memory of all tensors of a stage, for a contest.
struct StageTensors {
    StageTensors(Context& context, const cn_conv2d_desc& desc);

    DeviceMemory x, kernel, bias, y, codes, dy, dx, dkernel, dbias, state;

    // What the arguments of a stage are.
    const cn_state* state_pointer() const { return static_cast<const cn_state*>(state.data()); }
    template <class T>
    static T* pointer(const DeviceMemory& memory) {
        return static_cast<T*>(memory.data());
    }
};

// The library's own kernels for the stage.
struct OwnKernels {
    bool tiled_forward, tiled_backward;
    std::function<void(const StageTensors&)> forward, backward; // each runs its direction once
};

struct Decision {
    std::unique_ptr<CudnnConv2D> cudnn;     // null: for neither
    bool forward = false, backward = false; // by cuDNN
};

// COMPILED_CUDA_TUNING says how: by the rule, by the file, by a contest.
Decision decide(Context& context, const cn_conv2d_desc& desc, const OwnKernels& own);

} // namespace compiled::cuda::cudnn
