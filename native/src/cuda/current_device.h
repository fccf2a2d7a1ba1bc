// The current device of a thread, which belongs to the caller and to whatever else the thread uses CUDA for: it is put back after each
// call.
//
// Except where that would wake a device: since CUDA 12 cudaSetDevice makes a context, with hundreds of megabytes, on a device that had
// none. Then nobody has used the device yet, and the thread is left with ours.
#pragma once

#include "failure.h"

namespace compiled::cuda {

// -1 where there is none.
int current_device() noexcept;

// Makes `device`, which current_device() returned, the current one again, unless it sleeps.
void restore_device(int device) noexcept;

// A device is the current one as long as this lives.
class OnDevice {
public:
    explicit OnDevice(int ordinal) noexcept : _before(current_device()), _ordinal(ordinal), _error(cudaSetDevice(ordinal)) {}
    OnDevice(const OnDevice&) = delete;
    OnDevice& operator=(const OnDevice&) = delete;
    ~OnDevice() {
        if (_before != _ordinal) {
            restore_device(_before);
        }
    }

    // Throws where the device could not be had.
    void require() const { check(_error, "choosing the device"); }

private:
    int _before;
    int _ordinal;
    cudaError_t _error;
};

} // namespace compiled::cuda
