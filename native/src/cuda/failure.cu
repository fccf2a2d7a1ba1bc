#include "failure.h"

#include <cstdio>
#include <cstring>

namespace compiled::cuda {

namespace {

thread_local Failure noted_failure;
thread_local bool has_failure = false;

// What a failure means to the caller: whether it can go on.
cn_status_code status_of(cudaError_t error) {
    switch (error) {
    case cudaErrorMemoryAllocation:
        return CN_STATUS_OUT_OF_MEMORY;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
    case cudaErrorInvalidResourceHandle:
    case cudaErrorLaunchOutOfResources:
    case cudaErrorStreamCaptureUnsupported:
    case cudaErrorStreamCaptureInvalidated:
    case cudaErrorStreamCaptureUnmatched:
    case cudaErrorStreamCaptureUnjoined:
    case cudaErrorStreamCaptureImplicit:
    case cudaErrorCapturedEvent:
        return CN_STATUS_INTERNAL;
    case cudaErrorDevicesUnavailable: // another program has it for itself
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
        return CN_STATUS_UNSUPPORTED;
    default:
        return CN_STATUS_DEVICE_FAILED;
    }
}

const char* remedy_of(cn_status_code status) {
    switch (status) {
    case CN_STATUS_OUT_OF_MEMORY:
        return "; use a smaller batch or a smaller network, or free the memory that other programs hold on the device";
    case CN_STATUS_UNSUPPORTED:
        return "; use the CPU (CN_DEVICE_CPU, in C# Device.Cpu(), or COMPILED_DEVICE=cpu in the environment), or build the CUDA backend "
               "for "
               "this device and its driver";
    case CN_STATUS_DEVICE_FAILED:
        return "; the device is lost to this process, which has to be started again";
    default:
        return "";
    }
}

} // namespace

void check(cudaError_t error, const char* what) {
    if (error != cudaSuccess) {
        cudaGetLastError(); // or the next call would return it once more
        cn_status_code status = status_of(error);
        fail(status, "%s failed: %s, %s%s", what, cudaGetErrorName(error), cudaGetErrorString(error), remedy_of(status));
    }
}

void note_failure(cn_status_code status, const char* reason) noexcept {
    if (!has_failure) {
        has_failure = true;
        noted_failure.status = status;
        std::snprintf(noted_failure.reason, sizeof(noted_failure.reason), "%s", reason);
    }
}

void note_failure(cudaError_t error, const char* what) noexcept {
    try {
        check(error, what);
    } catch (const Error& failure) {
        note_failure(failure.status(), failure.what());
    }
}

const Failure* take_noted_failure() noexcept {
    if (!has_failure) {
        return nullptr;
    }
    has_failure = false;
    return &noted_failure;
}

} // namespace compiled::cuda
