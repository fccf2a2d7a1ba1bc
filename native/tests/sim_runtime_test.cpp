// The simulator's runtime API: memory, copies, streams, events, graphs, and what they return when they are used wrongly.
#include "device_array.h"
#include "sim_kernels.h"

#include <cmath>
#include <cstdlib>
#include <thread>

namespace {

using sim_kernels::Step;

constexpr int Count = 100;
constexpr size_t Bytes = Count * sizeof(float);

class Stream {
public:
    explicit Stream(unsigned flags = cudaStreamNonBlocking) { CHECK(cudaStreamCreateWithFlags(&_stream, flags) == cudaSuccess); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { cudaStreamDestroy(_stream); }
    operator cudaStream_t() const { return _stream; }

private:
    cudaStream_t _stream = nullptr;
};

class Event {
public:
    explicit Event(unsigned flags = cudaEventDefault) { CHECK(cudaEventCreateWithFlags(&_event, flags) == cudaSuccess); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { cudaEventDestroy(_event); }
    operator cudaEvent_t() const { return _event; }

private:
    cudaEvent_t _event = nullptr;
};

class Pinned {
public:
    Pinned() {
        CHECK(cudaHostAlloc(&values, Bytes, cudaHostAllocDefault) == cudaSuccess);
        fill(0);
    }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    ~Pinned() { CHECK(cudaFreeHost(values) == cudaSuccess); }

    void fill(float value) {
        for (int i = 0; i < Count; ++i) {
            values[i] = value;
        }
    }
    bool all(float value) const {
        for (int i = 0; i < Count; ++i) {
            if (values[i] != value) {
                return false;
            }
        }
        return true;
    }

    float* values = nullptr;
};

std::vector<float> all(float value) {
    return std::vector<float>(Count, value);
}

void test_environment() {
    check::scope = "environment";
    setenv("COMPILED_SIM_SCHEDULE", "reverse-warp-greedy", 1);
    CHECK(compiled::sim::schedule() == compiled::sim::Schedule::ReverseWarpGreedy);
    compiled::sim::set_schedule(compiled::sim::Schedule::LockStep);
    CHECK(compiled::sim::schedule() == compiled::sim::Schedule::LockStep);
}

void test_device() {
    check::scope = "device";
    int count = 0, current = -1;
    CHECK(cudaGetDeviceCount(&count) == cudaSuccess && count == 1);
    CHECK(cudaGetDevice(&current) == cudaSuccess && current == 0);
    CHECK(cudaSetDevice(0) == cudaSuccess);
    CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
    CHECK(cudaPeekAtLastError() == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaSuccess);
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0) == cudaSuccess);
    CHECK(properties.major == 8 && properties.minor == 0 && properties.warpSize == 32);
    CHECK(std::string(cudaGetErrorName(cudaErrorMemoryAllocation)) == "cudaErrorMemoryAllocation");
}

void test_memory() {
    check::scope = "memory";
    size_t free_before = 0, free_now = 0, total = 0;
    CHECK(cudaMemGetInfo(&free_before, &total) == cudaSuccess);
    {
        DeviceArray<float> x(Count);
        for (float value : x.read()) {
            CHECK(std::isnan(value)); // nobody has written it
        }
        CHECK(reinterpret_cast<uintptr_t>(x.data()) % 256 == 0);
        CHECK(cudaMemGetInfo(&free_now, &total) == cudaSuccess);
        CHECK(free_before - free_now == Bytes);

        std::vector<float> host = all(1);
        CHECK(cudaMemcpy(x.data(), host.data(), Bytes, cudaMemcpyDefault) == cudaSuccess);
        CHECK(x.read() == host);
        CHECK(cudaMemset(x.data() + 1, 0, Bytes - 2 * sizeof(float)) == cudaSuccess);
        std::vector<float> expected = all(0);
        expected.front() = expected.back() = 1;
        CHECK(x.read() == expected);

        CHECK(cudaMemcpy(x.data() + 1, host.data(), Bytes, cudaMemcpyHostToDevice) == cudaErrorInvalidValue); // beyond the end
        CHECK(cudaMemcpy(x.data(), host.data(), Bytes, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);     // the other way
        CHECK(cudaMemcpy(host.data(), host.data(), Bytes, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
        CHECK(cudaMemset(host.data(), 0, Bytes) == cudaErrorInvalidValue);
        CHECK(cudaFree(x.data() + 1) == cudaErrorInvalidValue);
        CHECK(cudaFree(host.data()) == cudaErrorInvalidValue);
        CHECK(x.read() == expected);
    }
    CHECK(cudaMemGetInfo(&free_now, &total) == cudaSuccess);
    CHECK(free_before == free_now);
    CHECK(cudaFree(nullptr) == cudaSuccess);

    float* none = nullptr;
    compiled::sim::set_memory_size(4096);
    CHECK(cudaMalloc(&none, 4097) == cudaErrorMemoryAllocation && none == nullptr);
    CHECK(cudaGetLastError() == cudaErrorMemoryAllocation); // and all is well again
    DeviceArray<char> all_of_it(4096);
    CHECK(cudaMalloc(&none, 1) == cudaErrorMemoryAllocation);
    compiled::sim::set_memory_size(size_t{4} << 30);
    CHECK(cudaMalloc(&none, 0) == cudaSuccess && none == nullptr);
    cudaGetLastError();
}

void test_launch_limits() {
    check::scope = "launch limits";
    DeviceArray<int> where(8);
    CHECK(sim_kernels::indices(1, dim3(33, 32), where.data(), nullptr) == cudaErrorInvalidConfiguration);
    CHECK(sim_kernels::indices(1, dim3(1, 1, 65), where.data(), nullptr) == cudaErrorInvalidConfiguration);
    CHECK(sim_kernels::indices(0, 1, where.data(), nullptr) == cudaErrorInvalidConfiguration);
    CHECK(sim_kernels::indices(dim3(1, 65536), 1, where.data(), nullptr) == cudaErrorInvalidConfiguration);
    CHECK(sim_kernels::fill_shared(where.data(), 50000) == cudaErrorInvalidValue);
    CHECK(sim_kernels::allow_shared(50000) == cudaSuccess);
    CHECK(sim_kernels::fill_shared(where.data(), 50000) == cudaSuccess);
    CHECK(where.read()[0] == 50000);
    CHECK(sim_kernels::fill_shared(where.data(), 50004) == cudaErrorInvalidValue);
    CHECK(sim_kernels::allow_shared(164 * 1024) == cudaErrorInvalidValue);
    cudaGetLastError();
}

void test_streams_run_late() {
    check::scope = "streams run late";
    Stream stream;
    Pinned in, out;
    DeviceArray<float> x(Count);
    DeviceArray<Step> step({{2, 0}});
    in.fill(3);
    CHECK(cudaMemcpyAsync(x.data(), in.values, Bytes, cudaMemcpyHostToDevice, stream) == cudaSuccess);
    CHECK(sim_kernels::scale(x.data(), Count, step.data(), stream) == cudaSuccess);
    CHECK(cudaMemcpyAsync(out.values, x.data(), Bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    CHECK(out.all(0)); // a host that does not wait sees nothing
    in.fill(4);        // and one that writes too early spoils the copy
    CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
    CHECK(out.all(8));

    std::vector<float> pageable = all(5);
    CHECK(cudaMemcpyAsync(x.data(), pageable.data(), Bytes, cudaMemcpyHostToDevice, stream) == cudaSuccess);
    pageable = all(0); // this memory is CUDA's no longer
    CHECK(cudaMemcpyAsync(pageable.data(), x.data(), Bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    CHECK(pageable == all(5));

    for (int i = 0; i < 2500; ++i) { // more than a queue holds
        CHECK(sim_kernels::scale(x.data(), 0, step.data(), stream) == cudaSuccess);
    }
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(step.read()[0].number == 2501);
}

void test_events() {
    check::scope = "events";
    Stream first, second;
    Event copied, done, untimed(cudaEventDisableTiming);
    Pinned in, out;
    in.fill(1);
    for (bool waits : {true, false}) {
        DeviceArray<float> x(Count);
        CHECK(cudaMemcpyAsync(x.data(), in.values, Bytes, cudaMemcpyHostToDevice, first) == cudaSuccess);
        CHECK(cudaEventRecord(copied, first) == cudaSuccess);
        if (waits) {
            CHECK(cudaStreamWaitEvent(second, copied) == cudaSuccess);
        }
        CHECK(cudaMemcpyAsync(out.values, x.data(), Bytes, cudaMemcpyDeviceToHost, second) == cudaSuccess);
        CHECK(cudaEventRecord(done, second) == cudaSuccess);
        CHECK(cudaEventSynchronize(done) == cudaSuccess);
        CHECK(waits ? out.all(1) : std::isnan(out.values[0])); // without the event, the second stream overtakes
        CHECK(cudaEventQuery(done) == cudaSuccess);
    }
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    float milliseconds = -1;
    CHECK(cudaEventElapsedTime(&milliseconds, copied, done) == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, copied, copied) == cudaSuccess && milliseconds == 0);
    CHECK(cudaEventElapsedTime(&milliseconds, copied, untimed) == cudaErrorInvalidResourceHandle);
    CHECK(cudaEventQuery(untimed) == cudaSuccess); // nothing is recorded, nothing is to be waited for
    CHECK(cudaEventRecord(untimed, first) == cudaSuccess);
    CHECK(cudaEventRecord(copied, first) == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, done, copied) == cudaErrorNotReady);
    CHECK(cudaGetLastError() == cudaErrorInvalidResourceHandle); // not being ready is no error
    CHECK(cudaEventQuery(copied) == cudaErrorNotReady);          // asking lets the stream go on
    CHECK(cudaEventQuery(copied) == cudaErrorNotReady);
    CHECK(cudaEventQuery(copied) == cudaSuccess);
    CHECK(cudaStreamQuery(first) == cudaSuccess);
    CHECK(cudaEventElapsedTime(&milliseconds, done, untimed) == cudaErrorInvalidResourceHandle);
    cudaGetLastError();
}

// The null stream waits for streams that are not non-blocking, and they for it.
void test_null_stream() {
    check::scope = "null stream";
    for (unsigned flags : {cudaStreamDefault, cudaStreamNonBlocking}) {
        Stream stream(flags);
        Pinned in, out;
        DeviceArray<float> x(Count);
        in.fill(7);
        CHECK(cudaMemcpyAsync(x.data(), in.values, Bytes, cudaMemcpyHostToDevice, stream) == cudaSuccess);
        CHECK(flags == cudaStreamDefault ? x.read()[0] == 7 : std::isnan(x.read()[0]));
        CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
        CHECK(cudaMemsetAsync(x.data(), 0, Bytes) == cudaSuccess);
        CHECK(cudaMemcpyAsync(out.values, x.data(), Bytes, cudaMemcpyDeviceToHost, stream) == cudaSuccess);
        CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
        CHECK(out.all(flags == cudaStreamDefault ? 0.0f : 7.0f));
        CHECK(cudaDeviceSynchronize() == cudaSuccess);
    }
    cudaStream_t gone = nullptr;
    CHECK(cudaStreamCreate(&gone) == cudaSuccess);
    CHECK(cudaStreamDestroy(gone) == cudaSuccess);
    CHECK(cudaStreamSynchronize(gone) == cudaErrorInvalidResourceHandle);
    CHECK(cudaStreamDestroy(nullptr) == cudaErrorInvalidResourceHandle);
    cudaGetLastError();
}

// A step is captured once, and replayed with what its parameters in device memory are by then.
void test_graph_replay() {
    under_all_schedules("graph", [] {
        Stream stream;
        Pinned out;
        std::vector<float> values = all(3);
        DeviceArray<float> x(values), sums(2);
        DeviceArray<Step> step({{2, 0}});
        DeviceArray<unsigned> ticket(std::vector<unsigned>{0});
        cudaGraph_t graph = nullptr;
        cudaGraphExec_t executable = nullptr;
        CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
        CHECK(cudaMemsetAsync(ticket.data(), 0, sizeof(unsigned), stream) == cudaSuccess);
        CHECK(sim_kernels::scale(x.data(), Count, step.data(), stream) == cudaSuccess);
        CHECK(sim_kernels::sum(x.data(), Count, 1, sums.data(), sums.data() + 1, ticket.data(), stream) == cudaSuccess);
        CHECK(cudaMemcpyAsync(out.values, sums.data(), sizeof(float), cudaMemcpyDeviceToHost, stream) == cudaSuccess);
        cudaStreamCaptureStatus status;
        CHECK(cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusActive);
        CHECK(cudaStreamEndCapture(stream, &graph) == cudaSuccess);
        CHECK(cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusNone);

        cudaGraphNode_t nodes[8];
        size_t count = 0;
        CHECK(cudaGraphGetNodes(graph, nullptr, &count) == cudaSuccess && count == 4);
        count = 8;
        CHECK(cudaGraphGetNodes(graph, nodes, &count) == cudaSuccess && count == 4);
        const cudaGraphNodeType expected[] = {cudaGraphNodeTypeMemset, cudaGraphNodeTypeKernel, cudaGraphNodeTypeKernel,
                                              cudaGraphNodeTypeMemcpy};
        for (size_t i = 0; i < count; ++i) {
            cudaGraphNodeType type;
            CHECK(cudaGraphNodeGetType(nodes[i], &type) == cudaSuccess && type == expected[i]);
        }
        CHECK(cudaGraphInstantiateWithFlags(&executable, graph, 0) == cudaSuccess);
        CHECK(cudaGraphDestroy(graph) == cudaSuccess);
        CHECK(cudaDeviceSynchronize() == cudaSuccess);
        CHECK(x.read() == values); // capturing runs nothing

        float scaled = 3;
        for (float factor : {2.0f, 0.5f, -3.0f}) {
            int number = step.read()[0].number;
            step.write({{factor, number}});
            CHECK(cudaGraphLaunch(executable, stream) == cudaSuccess);
            CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
            scaled *= factor;
            CHECK(x.read() == all(scaled));
            CHECK(out.values[0] == scaled * Count);
            CHECK(step.read()[0].number == number + 1);
        }
        CHECK(cudaGraphLaunch(executable, stream) == cudaSuccess);
        CHECK(cudaGraphExecDestroy(executable) == cudaSuccess); // a launch that was given away still runs
        CHECK(cudaStreamSynchronize(stream) == cudaSuccess);
        CHECK(step.read()[0].number == 4);
    });
}

// Streams that come into a capture through an event have to come back by one.
void test_graph_fork() {
    check::scope = "graph fork";
    for (bool joins : {true, false}) {
        Stream origin, side;
        Event fork, join;
        DeviceArray<float> x(all(1)), y(all(1));
        DeviceArray<Step> step({{2, 0}});
        cudaGraph_t graph = nullptr;
        CHECK(cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
        CHECK(cudaEventRecord(fork, origin) == cudaSuccess);
        CHECK(cudaStreamWaitEvent(side, fork) == cudaSuccess);
        CHECK(sim_kernels::scale(x.data(), Count, step.data(), origin) == cudaSuccess);
        CHECK(sim_kernels::scale(y.data(), Count, step.data(), side) == cudaSuccess);
        CHECK(cudaEventRecord(join, side) == cudaSuccess);
        CHECK(cudaEventQuery(join) == cudaErrorCapturedEvent);
        if (!joins) {
            CHECK(cudaMemsetAsync(y.data(), 0, Bytes, side) == cudaSuccess); // comes after the event
        }
        CHECK(cudaStreamWaitEvent(origin, join) == cudaSuccess);
        CHECK(cudaStreamEndCapture(side, &graph) == cudaErrorStreamCaptureUnmatched);
        CHECK(cudaStreamEndCapture(origin, &graph) == (joins ? cudaSuccess : cudaErrorStreamCaptureUnjoined));
        size_t count = 0;
        CHECK(!joins || (cudaGraphGetNodes(graph, nullptr, &count) == cudaSuccess && count == 2));
        CHECK(joins || graph == nullptr);
        CHECK(cudaGraphDestroy(graph) == cudaSuccess);
        CHECK(cudaStreamSynchronize(side) == cudaSuccess); // is a stream like any other again
        cudaGetLastError();
    }
}

void test_spoiled_captures() {
    check::scope = "spoiled captures";
    Stream stream, other;
    Event outside;
    DeviceArray<float> x(Count);
    CHECK(cudaEventRecord(outside, other) == cudaSuccess);
    const std::function<cudaError_t()> spoilers[] = {
        [&] { return cudaStreamSynchronize(other); },
        [&] { return cudaDeviceSynchronize(); },
        [&] { return cudaMemcpy(x.data(), x.data(), Bytes, cudaMemcpyDeviceToDevice); },
        [&] {
            void* more = nullptr;
            return cudaMalloc(&more, 16);
        },
        [&] { return cudaStreamWaitEvent(stream, outside); },
    };
    for (const auto& spoil : spoilers) {
        cudaGraph_t graph = nullptr;
        CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaSuccess);
        CHECK(cudaMemsetAsync(x.data(), 0, Bytes, stream) == cudaSuccess);
        CHECK(spoil() != cudaSuccess);
        CHECK(cudaMemsetAsync(x.data(), 0, Bytes, stream) == cudaErrorStreamCaptureInvalidated);
        CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated && graph == nullptr);
    }
    cudaGraph_t graph = nullptr;
    for (const auto& wait : {cudaStreamSynchronize, cudaStreamQuery}) { // of the stream itself spoils every mode
        CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed) == cudaSuccess);
        CHECK(wait(stream) == cudaErrorStreamCaptureUnsupported);
        CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated && graph == nullptr);
    }
    Stream blocking(cudaStreamDefault);
    CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed) == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed) == cudaSuccess);
    CHECK(cudaMemsetAsync(x.data(), 0, Bytes) == cudaErrorStreamCaptureImplicit);
    CHECK(cudaStreamEndCapture(blocking, &graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(cudaStreamEndCapture(blocking, &graph) == cudaErrorStreamCaptureUnmatched);
    cudaGetLastError();
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

// Host threads share the device; each has its own last error.
void test_host_threads() {
    check::scope = "host threads";
    DeviceArray<Step> step({{1, 0}, {1, 0}, {1, 0}});
    DeviceArray<float> x(1);
    bool right[3] = {};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            cudaStream_t stream = nullptr;
            bool good = cudaStreamCreate(&stream) == cudaSuccess && cudaSetDevice(static_cast<int>(i) + 1) == cudaErrorInvalidDevice;
            for (int launch = 0; launch < 50; ++launch) {
                good = good && sim_kernels::scale(x.data(), 0, step.data() + i, stream) == cudaSuccess;
                good = good && (launch % 7 != 0 || cudaStreamSynchronize(stream) == cudaSuccess);
            }
            good = good && cudaStreamDestroy(stream) == cudaSuccess;
            right[i] = good && cudaGetLastError() == cudaErrorInvalidDevice;
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(right[0] && right[1] && right[2]);
    CHECK(cudaGetLastError() == cudaSuccess);
    for (const Step& one : step.read()) {
        CHECK(one.number == 50);
    }
}

} // namespace

int main() {
    test_environment();
    test_device();
    test_memory();
    test_launch_limits();
    test_streams_run_late();
    test_events();
    test_null_stream();
    test_graph_replay();
    test_graph_fork();
    test_spoiled_captures();
    test_host_threads();
    return check::result();
}
