// A ring of page-locked areas on their way to one place of device memory (compiled.h, cn_feed).
//
// Large areas cross to the device on a stream of their own, into an area of the device, while the ops of the step before run; what is left
// for the stream of the ops is a copy within the device. Small ones are not worth that: they go straight to their place.
#pragma once

#include "context.h"

#include <memory>
#include <utility>
#include <vector>

namespace compiled::cuda {

class Event {
public:
    Event();
    Event(Event&& other) noexcept : _event(std::exchange(other._event, nullptr)) {}
    Event& operator=(Event&&) = delete;
    ~Event();
    operator cudaEvent_t() const noexcept { return _event; }

private:
    cudaEvent_t _event = nullptr;
};

class Stream {
public:
    Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();
    operator cudaStream_t() const noexcept { return _stream; }

private:
    cudaStream_t _stream = nullptr;
};

class PinnedFeed final : public Feed {
public:
    PinnedFeed(Context& context, void* target, int64_t bytes, int32_t areas);
    ~PinnedFeed() override;

    void* next() override;
    void send(int64_t bytes) override;

private:
    // What crosses ahead of its turn.
    struct Crossing {
        Crossing(int64_t bytes, size_t areas, cudaStream_t ops) : memory(bytes, ops), consumed(areas) {}

        Stream stream;
        DeviceMemory memory;
        std::vector<Event> consumed; // per area: its contents are at their place
    };

    void send_directly(size_t bytes);
    void send_ahead(size_t bytes);

    Context& _context;
    void* _target;
    int64_t _stride;
    PinnedMemory _memory;
    std::vector<Event> _sent; // per area: the host may fill it again
    std::unique_ptr<Crossing> _crossing;
    size_t _current;
};

} // namespace compiled::cuda
