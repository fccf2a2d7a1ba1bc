// Streams and events. A stream is a queue; somebody who waits for a position in it runs it up to there.
#include "device.h"

#include <algorithm>
#include <cstdlib>

// A position in a stream, and when it was reached.
struct CUevent_st {
    bool timed;
    std::shared_ptr<compiled::sim::Stream> stream; // null before it is recorded
    uint64_t position = 0;
    std::shared_ptr<std::chrono::steady_clock::time_point> reached;
    std::shared_ptr<compiled::sim::Capture> capture; // that it was recorded in: then it is a dependency and nothing more
};

namespace compiled::sim {
namespace {

constexpr size_t QueueLimit = 1024; // like a GPU's, a queue does not grow forever: its oldest work starts

void remove(std::vector<Stream*>& streams, Stream* stream) {
    streams.erase(std::remove(streams.begin(), streams.end(), stream), streams.end());
}

void add(std::vector<Stream*>& streams, Stream* stream) {
    remove(streams, stream);
    streams.push_back(stream);
}

std::shared_ptr<Stream> shared(Stream* stream) {
    for (auto& one : device().streams) {
        if (one.get() == stream) {
            return one;
        }
    }
    return nullptr;
}

// The stream goes on when the other one has reached its position.
void wait_for(Stream& stream, std::shared_ptr<Stream> other, uint64_t position) {
    if (other->finished < position) {
        device().enqueue(stream, [other = std::move(other), position] { device().run_until(*other, position); });
    }
}

// What the null stream and the others have to wait for before they take new work.
void order_with_null_stream(Stream& stream) {
    auto& streams = device().streams;
    if (&stream != streams[0].get()) {
        if (stream.blocking) {
            wait_for(stream, streams[0], streams[0]->issued);
        }
        return;
    }
    for (size_t i = 1; i < streams.size(); ++i) {
        if (streams[i]->blocking) {
            wait_for(stream, streams[i], streams[i]->issued);
        }
    }
}

// A legacy-stream call while a blocking stream is captured would make the capture depend on work outside of it.
bool depends_on_capture(const Stream& stream) {
    bool spoiled = false;
    for (auto& capture : device().captures) {
        if (&stream == device().streams[0].get() && capture->origin->blocking) {
            capture->invalid = spoiled = true;
        }
    }
    return spoiled;
}

} // namespace

Device::Device() {
    streams.push_back(std::make_shared<Stream>());
    if (const char* text = std::getenv("COMPILED_SIM_DEVICES")) {
        count = std::atoi(text);
    }
}

Stream* Device::find(cudaStream_t handle) {
    if (handle == nullptr) {
        return streams[0].get();
    }
    return shared(reinterpret_cast<Stream*>(handle)).get();
}

void Device::enqueue(Stream& stream, Work work) {
    stream.work.push_back(std::move(work));
    ++stream.issued;
    if (stream.work.size() > QueueLimit) {
        run_until(stream, stream.finished + 1);
    }
}

void Device::run_until(Stream& stream, uint64_t position) {
    while (stream.finished < position) {
        Work next = std::move(stream.work.front());
        stream.work.pop_front();
        if (sticky == cudaSuccess) {
            next();
        }
        ++stream.finished;
    }
}

void Device::run_all() {
    for (auto& stream : streams) {
        run_until(*stream, stream->issued);
    }
}

bool Device::spoils_capture() {
    bool spoiled = false;
    for (auto& capture : captures) {
        if (capture->mode != cudaStreamCaptureModeRelaxed) {
            capture->invalid = spoiled = true;
        }
    }
    return spoiled;
}

cudaError_t issue(cudaStream_t handle, cudaGraphNodeType type, Work work) {
    Stream* stream = device().find(handle);
    if (stream == nullptr) {
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->capture != nullptr) {
        Capture& capture = *stream->capture;
        capture.nodes.push_back({type, std::move(work)});
        ++stream->captured;
        if (stream != capture.origin) {
            add(capture.unjoined, stream);
        }
        return capture.invalid ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
    }
    if (depends_on_capture(*stream)) {
        return cudaErrorStreamCaptureImplicit;
    }
    order_with_null_stream(*stream);
    device().enqueue(*stream, std::move(work));
    return cudaSuccess;
}

namespace {

// Whoever waits for a stream that is captured, or asks how far it is, ends the capture.
bool waits_for_capture(Stream& stream) {
    if (stream.capture == nullptr) {
        return false;
    }
    stream.capture->invalid = true;
    return true;
}

cudaError_t query(Stream& stream, uint64_t position) {
    if (stream.finished >= position) {
        return cudaSuccess;
    }
    device().run_until(stream, stream.finished + 1);
    return cudaErrorNotReady;
}

// `stream` waits for an event of a capture: it joins the capture, and the event's stream has somebody who waits for it.
cudaError_t wait_in_capture(Stream& stream, const CUevent_st& event) {
    Capture& capture = *event.capture;
    if (stream.capture != nullptr && stream.capture != event.capture) {
        return cudaErrorStreamCaptureUnmatched;
    }
    if (stream.capture == nullptr) {
        stream.capture = event.capture;
        stream.captured = 0;
        capture.forked.push_back(&stream);
    }
    ++stream.captured;
    if (&stream != event.stream.get() && event.position == event.stream->captured) {
        remove(capture.unjoined, event.stream.get());
    }
    if (&stream != capture.origin) {
        add(capture.unjoined, &stream);
    }
    return capture.invalid ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
}

} // namespace
} // namespace compiled::sim

using namespace compiled::sim;

namespace {

// Events cannot be asked about before they are recorded, nor when they were recorded in a capture.
cudaError_t check_recorded(cudaEvent_t event) {
    if (event == nullptr || event->capture != nullptr) {
        return event == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorCapturedEvent;
    }
    return cudaSuccess;
}

} // namespace

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return call([&] {
        auto created = std::make_shared<Stream>();
        created->blocking = (flags & cudaStreamNonBlocking) == 0;
        device().streams.push_back(created);
        *stream = reinterpret_cast<cudaStream_t>(created.get());
        return cudaSuccess;
    });
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr || handle == nullptr || stream->capture != nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        device().run_until(*stream, stream->issued);
        auto& streams = device().streams;
        streams.erase(std::find(streams.begin(), streams.end(), shared(stream)));
        return cudaSuccess;
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
    return blocking_call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr || waits_for_capture(*stream)) {
            return stream == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorStreamCaptureUnsupported;
        }
        order_with_null_stream(*stream);
        device().run_until(*stream, stream->issued);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
    return blocking_call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr || waits_for_capture(*stream)) {
            return stream == nullptr ? cudaErrorInvalidResourceHandle : cudaErrorStreamCaptureUnsupported;
        }
        return query(*stream, stream->issued);
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr || event == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        if (event->capture != nullptr) {
            return wait_in_capture(*stream, *event);
        }
        if (stream->capture != nullptr) { // on something outside of it
            stream->capture->invalid = true;
            return cudaErrorStreamCaptureUnmatched;
        }
        if (event->stream != nullptr) {
            wait_for(*stream, event->stream, event->position);
        }
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return call([&] {
        *event = new CUevent_st;
        (*event)->timed = (flags & cudaEventDisableTiming) == 0;
        return cudaSuccess;
    });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    delete event;
    return call([] { return cudaSuccess; });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
    return call([&] {
        Stream* stream = device().find(handle);
        if (stream == nullptr || event == nullptr) {
            return cudaErrorInvalidResourceHandle;
        }
        event->stream = shared(stream);
        event->capture = stream->capture;
        if (stream->capture != nullptr) {
            event->position = stream->captured;
            return cudaSuccess;
        }
        auto reached = std::make_shared<std::chrono::steady_clock::time_point>();
        order_with_null_stream(*stream);
        device().enqueue(*stream, [reached] { *reached = std::chrono::steady_clock::now(); });
        event->position = stream->issued;
        event->reached = reached;
        return cudaSuccess;
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return blocking_call([&] {
        cudaError_t error = check_recorded(event);
        if (error == cudaSuccess && event->stream != nullptr) {
            device().run_until(*event->stream, event->position);
        }
        return error;
    });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
    return call([&] {
        cudaError_t error = check_recorded(event);
        return error != cudaSuccess || event->stream == nullptr ? error : query(*event->stream, event->position);
    });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    return call([&] {
        for (cudaEvent_t event : {begin, end}) {
            cudaError_t error = check_recorded(event);
            if (error != cudaSuccess || event->stream == nullptr || !event->timed) {
                return error != cudaSuccess ? error : cudaErrorInvalidResourceHandle;
            }
            if (event->stream->finished < event->position) {
                return cudaErrorNotReady;
            }
        }
        *milliseconds = std::chrono::duration<float, std::milli>(*end->reached - *begin->reached).count();
        return cudaSuccess;
    });
}
