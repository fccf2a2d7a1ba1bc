#include "current_device.h"

namespace compiled::cuda {

namespace {

// cuDevicePrimaryCtxGetState of the driver, which is not linked: a machine without it can load this library and be told so.
using GetState = int (*)(int device, unsigned* flags, int* active);

GetState find_get_state() noexcept {
    constexpr const char* Name = "cuDevicePrimaryCtxGetState";
    void* function = nullptr;
#if defined(CUDART_VERSION) && CUDART_VERSION >= 12050
    constexpr unsigned Since = 7000;
    cudaError_t error = cudaGetDriverEntryPointByVersion(Name, &function, Since, cudaEnableDefault);
#else
    cudaError_t error = cudaGetDriverEntryPoint(Name, &function, cudaEnableDefault);
#endif
    return error == cudaSuccess ? reinterpret_cast<GetState>(function) : nullptr;
}

bool is_awake(int device) noexcept {
    static const GetState get_state = find_get_state();
    unsigned flags = 0;
    int active = 0;
    return get_state != nullptr && get_state(device, &flags, &active) == 0 && active != 0;
}

} // namespace

int current_device() noexcept {
    int device = -1;
    return cudaGetDevice(&device) == cudaSuccess ? device : -1;
}

void restore_device(int device) noexcept {
    if (device >= 0 && device != current_device() && is_awake(device)) {
        cudaSetDevice(device);
    }
}

} // namespace compiled::cuda
