// What the parts of the runtime share: the lock, errors, streams, captures. Everything here is used under the lock.
#pragma once

#include "runtime.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

using Work = std::function<void()>;

struct CUgraphNode_st {
    cudaGraphNodeType type;
    Work work;
};

namespace compiled::sim {

struct Capture;

struct Stream {
    bool blocking = true; // towards the null stream
    std::deque<Work> work;
    uint64_t issued = 0;
    uint64_t finished = 0;
    std::shared_ptr<Capture> capture;
    uint64_t captured = 0; // nodes and waits that this stream brought into it
};

// The graph that streams are recording. Its nodes are in the order of their issue, in which they are replayed, too.
struct Capture {
    Stream* origin;
    cudaStreamCaptureMode mode;
    bool invalid = false;
    std::vector<CUgraphNode_st> nodes;
    std::vector<Stream*> forked;   // streams that came in through an event
    std::vector<Stream*> unjoined; // those of them with work that no other stream has waited for
};

struct Device {
    std::recursive_mutex mutex;
    int count = 1;        // of the devices that this one is
    std::set<int> active; // those that a thread has chosen, or allocated on
    cudaError_t sticky = cudaSuccess;
    std::string last_fault;
    std::vector<std::shared_ptr<Stream>> streams; // the null stream first
    std::vector<std::shared_ptr<Capture>> captures;

    Device();
    Stream* find(cudaStream_t handle);
    void enqueue(Stream& stream, Work work);
    void run_until(Stream& stream, uint64_t position);
    void run_all();

    // Whether a call that waits or allocates must not be made now. It spoils captures that are being made in global mode.
    bool spoils_capture();
};

Device& device();

// The current one of this thread.
int current_device();

// Gives work to a stream, or to the capture it is in.
cudaError_t issue(cudaStream_t handle, cudaGraphNodeType type, Work work);

cudaError_t remember(cudaError_t error);

// The frame of every function of the API.
template <class Body>
cudaError_t call(Body body) {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    if (device().sticky != cudaSuccess) {
        return device().sticky;
    }
    cudaError_t error = body();
    return remember(device().sticky != cudaSuccess ? device().sticky : error);
}

// The same for calls that a capture does not allow.
template <class Body>
cudaError_t blocking_call(Body body) {
    return call([&] { return device().spoils_capture() ? cudaErrorStreamCaptureUnsupported : body(); });
}

// Whether all of it is.
bool is_device_memory(const void* begin, size_t bytes);

// Device memory whose guard bytes were overwritten since the last call, in words, or "".
std::string damaged_memory();

} // namespace compiled::sim
