#include "handle.h"

namespace compiled::cuda::cudnn {

Handle::Handle(const Library& library, cudaStream_t stream) : _library(library) {
    bool works = _library.cudnnCreate(&_handle) == CUDNN_STATUS_SUCCESS;
    if (works && _library.cudnnSetStream(_handle, stream) != CUDNN_STATUS_SUCCESS) {
        _library.cudnnDestroy(_handle);
        works = false;
    }
    if (!works) {
        _handle = nullptr;
        cudaGetLastError();
    }
}

Handle::~Handle() {
    if (works()) {
        _library.cudnnDestroy(_handle);
    }
}

Handle* handle_of(Context& context) {
    if (!is_wanted()) {
        return nullptr;
    }
    std::shared_ptr<Handle>& handle = context.cudnn();
    if (handle == nullptr) {
        const Library* library = find_library();
        if (library == nullptr) {
            return nullptr;
        }
        handle = std::make_shared<Handle>(*library, context.stream());
    }
    return handle->works() ? handle.get() : nullptr;
}

} // namespace compiled::cuda::cudnn
