#include "feed.h"

namespace compiled::cuda {

namespace {

constexpr int64_t Alignment = 256;
constexpr int64_t SmallBytes = 16 * 1024; // crosses in about the time that a launch takes

constexpr const char* Sending = "copying to the device";

} // namespace

Event::Event() {
    check(cudaEventCreateWithFlags(&_event, cudaEventDisableTiming), "making an event");
}

Event::~Event() {
    if (_event != nullptr) {
        cudaEventDestroy(_event);
    }
}

Stream::Stream() {
    check(cudaStreamCreateWithFlags(&_stream, cudaStreamNonBlocking), "making a stream");
}

Stream::~Stream() {
    cudaStreamSynchronize(_stream);
    cudaStreamDestroy(_stream);
}

PinnedFeed::PinnedFeed(Context& context, void* target, int64_t bytes, int32_t areas)
    : _context(context), _target(target), _stride((bytes + Alignment - 1) / Alignment * Alignment), _memory(_stride * areas),
      _sent(static_cast<size_t>(areas)), _current(_sent.size() - 1) {
    if (bytes > SmallBytes && areas > 1) {
        _crossing = std::make_unique<Crossing>(_stride * areas, _sent.size(), context.stream());
        check(cudaStreamSynchronize(context.stream()), "clearing new memory"); // which the other stream is about to write
    }
}

PinnedFeed::~PinnedFeed() {
    for (cudaEvent_t sent : _sent) {
        cudaEventSynchronize(sent); // a copy reads the memory that goes away
    }
    if (_crossing != nullptr) {
        for (cudaEvent_t consumed : _crossing->consumed) { // not the stream, which may be recording
            cudaEventSynchronize(consumed);
        }
    }
}

void* PinnedFeed::next() {
    _current = (_current + 1) % _sent.size();
    cudaError_t error = cudaEventSynchronize(_sent[_current]);
    if (error != cudaSuccess) {
        note_failure(error, "what the device was asked before");
    }
    return _memory.data() + static_cast<int64_t>(_current) * _stride;
}

void PinnedFeed::send(int64_t bytes) {
    if (bytes == 0) {
        return;
    }
    OnDevice here(_context.ordinal()); // or a thread that has chosen no device would wake the first one
    noted([&] {
        if (_crossing == nullptr) {
            send_directly(static_cast<size_t>(bytes));
        } else {
            send_ahead(static_cast<size_t>(bytes));
        }
    });
}

void PinnedFeed::send_directly(size_t bytes) {
    const char* area = _memory.data() + static_cast<int64_t>(_current) * _stride;
    check(cudaMemcpyAsync(_target, area, bytes, cudaMemcpyHostToDevice, _context.stream()), Sending);
    check(cudaEventRecord(_sent[_current], _context.stream()), Sending);
}

void PinnedFeed::send_ahead(size_t bytes) {
    int64_t offset = static_cast<int64_t>(_current) * _stride;
    char* arrived = static_cast<char*>(_crossing->memory.data()) + offset;
    check(cudaStreamWaitEvent(_crossing->stream, _crossing->consumed[_current], 0), Sending);
    check(cudaMemcpyAsync(arrived, _memory.data() + offset, bytes, cudaMemcpyHostToDevice, _crossing->stream), Sending);
    check(cudaEventRecord(_sent[_current], _crossing->stream), Sending);
    check(cudaStreamWaitEvent(_context.stream(), _sent[_current], 0), Sending);
    check(cudaMemcpyAsync(_target, arrived, bytes, cudaMemcpyDeviceToDevice, _context.stream()), Sending);
    check(cudaEventRecord(_crossing->consumed[_current], _context.stream()), Sending);
}

} // namespace compiled::cuda
