// cuDNN at work on the stream of one context.
#pragma once

#include "cuda/context.h"
#include "library.h"

namespace compiled::cuda::cudnn {

class Handle {
public:
    Handle(const Library& library, cudaStream_t stream);
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle();

    const Library& library() const noexcept { return _library; }
    cudnnHandle_t get() const noexcept { return _handle; }
    bool works() const noexcept { return _handle != nullptr; }

private:
    const Library& _library;
    cudnnHandle_t _handle = nullptr;
};

// At creation of an op. Null where cuDNN is switched off, not there, or does not work on the device.
Handle* handle_of(Context& context);

} // namespace compiled::cuda::cudnn
