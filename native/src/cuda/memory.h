// Memory of the device, and memory of the host that the device copies from and to by itself.
#pragma once

#include "failure.h"

#include <cstdint>

namespace compiled::cuda {

// Zeroed bytes of device memory, aligned to 256.
void* allocate_device(int64_t bytes, cudaStream_t stream);
void release_device(void* memory) noexcept;

// Waits for a stream before something that it may use is given back. One that records can not be waited for, or the recording is lost;
// finalizers give back what they like when they like, and what the stream records has not begun.
void wait_unless_recording(cudaStream_t stream) noexcept;

class DeviceMemory {
public:
    DeviceMemory(int64_t bytes, cudaStream_t stream) : _data(allocate_device(bytes, stream)), _bytes(bytes) {}
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;
    ~DeviceMemory() { release_device(_data); }

    void* data() const noexcept { return _data; }
    int64_t bytes() const noexcept { return _bytes; }

private:
    void* _data;
    int64_t _bytes;
};

// Page-locked, aligned to 256; contents undefined.
class PinnedMemory {
public:
    explicit PinnedMemory(int64_t bytes);
    PinnedMemory(const PinnedMemory&) = delete;
    PinnedMemory& operator=(const PinnedMemory&) = delete;
    ~PinnedMemory();

    char* data() const noexcept { return static_cast<char*>(_data); }

private:
    void* _data = nullptr;
};

} // namespace compiled::cuda
