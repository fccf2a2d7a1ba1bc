#include "feed.h"

namespace compiled::cuda {

namespace {

constexpr int64_t Alignment = 256;

} // namespace

PinnedFeed::PinnedFeed(Context& context, void* target, int64_t bytes, int32_t areas)
    : _context(context), _target(target), _stride((bytes + Alignment - 1) / Alignment * Alignment), _memory(_stride * areas) {
    _sent.reserve(static_cast<size_t>(areas));
    try {
        while (_sent.size() < static_cast<size_t>(areas)) {
            cudaEvent_t event = nullptr;
            check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event");
            _sent.push_back(event);
        }
    } catch (...) {
        for (cudaEvent_t event : _sent) {
            cudaEventDestroy(event);
        }
        throw;
    }
    _current = _sent.size() - 1;
}

PinnedFeed::~PinnedFeed() {
    for (cudaEvent_t event : _sent) {
        cudaEventSynchronize(event); // the copy reads the memory that goes away
        cudaEventDestroy(event);
    }
}

void* PinnedFeed::next() {
    _current = (_current + 1) % _sent.size();
    cudaError_t error = cudaEventSynchronize(_sent[_current]);
    if (error != cudaSuccess) {
        note_failure(error, "what the device was asked before");
    }
    return area();
}

void PinnedFeed::send(int64_t bytes) {
    cudaError_t error = cudaSuccess;
    if (bytes > 0) {
        error = cudaMemcpyAsync(_target, area(), static_cast<size_t>(bytes), cudaMemcpyHostToDevice, _context.stream());
    }
    if (error == cudaSuccess) {
        error = cudaEventRecord(_sent[_current], _context.stream());
    }
    if (error != cudaSuccess) {
        note_failure(error, "copying to the device");
    }
}

} // namespace compiled::cuda
