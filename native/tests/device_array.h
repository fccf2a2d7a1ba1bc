// Device memory of a test: filled from the host, read back to it.
#pragma once

#include "check.h"
#include "cuda_sim.h"

#include <array>
#include <vector>

template <class T>
class DeviceArray {
public:
    explicit DeviceArray(size_t count) : _count(count) { CHECK(cudaMalloc(&_data, count * sizeof(T)) == cudaSuccess); }
    explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) { write(values); }
    DeviceArray(const DeviceArray&) = delete;
    DeviceArray& operator=(const DeviceArray&) = delete;
    ~DeviceArray() { cudaFree(_data); }

    T* data() const { return _data; }

    void write(const std::vector<T>& values) {
        CHECK(cudaMemcpy(_data, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
    }

    std::vector<T> read() const {
        std::vector<T> values(_count);
        CHECK(cudaMemcpy(values.data(), _data, _count * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
        return values;
    }

private:
    T* _data = nullptr;
    size_t _count;
};

constexpr int Schedules = 7; // of under_all_schedules

// body() under every schedule, with the schedule as the scope of its checks.
template <class Body>
void under_all_schedules(const char* what, Body body) {
    for (const char* schedule : std::array<const char*, Schedules>{"lock-step", "reverse", "warp-greedy", "reverse-warp-greedy", "random:1",
                                                                   "random:2", "random:3"}) {
        check::scope = std::string(what) + ", " + schedule;
        CHECK(compiled::sim::set_schedule(schedule));
        body();
    }
    compiled::sim::set_schedule(compiled::sim::Schedule::LockStep);
}
