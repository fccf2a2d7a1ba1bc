#include "memory.h"

#include <cstdio>

namespace compiled::cuda {

namespace {

void check_allocation(cudaError_t error, int64_t bytes, const char* kind) {
    char what[64];
    std::snprintf(what, sizeof(what), "allocating %lld bytes of %s memory", static_cast<long long>(bytes), kind);
    check(error, what);
}

} // namespace

void* allocate_device(int64_t bytes, cudaStream_t stream) {
    if (bytes == 0) {
        return nullptr;
    }
    void* memory = nullptr;
    check_allocation(cudaMalloc(&memory, static_cast<size_t>(bytes)), bytes, "device");
    cudaError_t cleared = cudaMemsetAsync(memory, 0, static_cast<size_t>(bytes), stream);
    if (cleared != cudaSuccess) {
        release_device(memory);
        check(cleared, "clearing new memory");
    }
    return memory;
}

void release_device(void* memory) noexcept {
    cudaFree(memory);
}

void wait_unless_recording(cudaStream_t stream) noexcept {
    cudaStreamCaptureStatus status{};
    if (cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusNone) {
        cudaStreamSynchronize(stream);
    }
}

PinnedMemory::PinnedMemory(int64_t bytes) {
    if (bytes > 0) {
        check_allocation(cudaHostAlloc(&_data, static_cast<size_t>(bytes), cudaHostAllocDefault), bytes, "page-locked host");
    }
}

PinnedMemory::~PinnedMemory() {
    cudaFreeHost(_data);
}

} // namespace compiled::cuda
