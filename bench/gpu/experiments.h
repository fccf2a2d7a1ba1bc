// What the experiments share: checked calls, time by device events, and lines of JSON.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace experiments {

inline void check(cudaError_t error, const char* what) {
    if (error != cudaSuccess) {
        std::fprintf(stderr, "%s: %s, %s\n", what, cudaGetErrorName(error), cudaGetErrorString(error));
        std::exit(1);
    }
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// The median, in microseconds, of the device's time for one body(stream), of `samples` measurements over `repeats` calls each.
template <class Body>
double device_time(cudaStream_t stream, int samples, int repeats, Body body) {
    cudaEvent_t begin, end;
    check(cudaEventCreate(&begin), "making an event");
    check(cudaEventCreate(&end), "making an event");
    body(stream); // whatever is loaded at the first use
    std::vector<double> times;
    for (int i = 0; i < samples; ++i) {
        check(cudaEventRecord(begin, stream), "recording an event");
        for (int j = 0; j < repeats; ++j) {
            body(stream);
        }
        check(cudaEventRecord(end, stream), "recording an event");
        check(cudaEventSynchronize(end), "running an experiment");
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, begin, end), "reading the time");
        times.push_back(milliseconds * 1000.0 / repeats);
    }
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    return median(times);
}

inline void report(const char* experiment, const std::string& name, double value, const char* unit) {
    std::printf("{\"experiment\": \"%s\", \"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}\n", experiment, name.c_str(), value, unit);
    std::fflush(stdout);
}

class DeviceFloats {
public:
    explicit DeviceFloats(size_t count) {
        check(cudaMalloc(&_data, count * sizeof(float)), "allocating");
        check(cudaMemset(_data, 0, count * sizeof(float)), "clearing");
    }
    DeviceFloats(const DeviceFloats&) = delete;
    DeviceFloats& operator=(const DeviceFloats&) = delete;
    ~DeviceFloats() { cudaFree(_data); }
    float* data() const { return _data; }
    template <class T>
    T* as() const {
        return reinterpret_cast<T*>(_data);
    }

private:
    float* _data = nullptr;
};

#if defined(EXPERIMENTS_CUDNN)
// (c): the best time of each convolution of the CIFAR-10 network, forward and both gradients, float32 and TF32 and bf16.
void convolutions(cudaStream_t stream);
#endif

} // namespace experiments
