// Bugs in kernels, planted one by one: every one is seen, by a report, by a wrong result, or by results that depend on the schedule.
// The same kernel without its bug passes under every schedule.
#include "device_array.h"
#include "sanitizer_ends.h"
#include "sim_faults.h"

#include <cmath>
#include <functional>

namespace {

using namespace sim_faults;

std::vector<float> rising(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) {
        values[i] = static_cast<float>(i % 17);
    }
    return values;
}

using Run = std::function<cudaError_t(const float* x, float* y, bool correct)>;

// How many of the schedules give the expected y.
int right_results(const char* what, const std::vector<float>& x, const std::vector<float>& expected, const Run& run, bool correct) {
    int right = 0;
    under_all_schedules(what, [&] {
        DeviceArray<float> device_x(x), y(expected.size());
        CHECK(run(device_x.data(), y.data(), correct) == cudaSuccess);
        right += y.read() == expected ? 1 : 0;
    });
    return right;
}

std::vector<float> sum_of_all(const std::vector<float>& x) {
    float sum = 0;
    for (float value : x) {
        sum += value;
    }
    return std::vector<float>(Threads, sum);
}

void test_missing_barrier() {
    std::vector<float> x = rising(Rounds * Threads), expected = sum_of_all(x);
    CHECK(right_results("barrier", x, expected, missing_barrier, true) == Schedules);
    CHECK(right_results("missing barrier", x, expected, missing_barrier, false) < Schedules);
    for (const char* greedy : {"warp-greedy", "reverse-warp-greedy"}) {
        check::scope = std::string("missing barrier, ") + greedy;
        compiled::sim::set_schedule(greedy);
        DeviceArray<float> device_x(x), y(expected.size());
        CHECK(missing_barrier(device_x.data(), y.data(), false) == cudaSuccess);
        CHECK(y.read() != expected);
    }
}

void test_async_copies() {
    std::vector<float> x = rising(Rounds * Threads), expected = sum_of_all(x);
    auto run_with = [](AsyncBug bug) { return [bug](const float* a, float* b, bool correct) { return async_copies(a, b, bug, correct); }; };
    CHECK(right_results("async copies", x, expected, run_with(AsyncBug::NoWait), true) == Schedules);
    CHECK(right_results("no wait", x, expected, run_with(AsyncBug::NoWait), false) == 0);
    CHECK(right_results("no barrier after the wait", x, expected, run_with(AsyncBug::NoBarrierAfterWait), false) == 0);
    CHECK(right_results("copy into what is read", x, expected, run_with(AsyncBug::TooEarly), false) == 0);
}

void test_uninitialised_shared_memory() {
    std::vector<float> x = rising(Threads), expected = x;
    expected.insert(expected.end(), x.begin(), x.end());
    CHECK(right_results("shared memory", x, expected, uninitialised_shared, true) == Schedules);
    CHECK(right_results("uninitialised shared memory", x, expected, uninitialised_shared, false) == 0);
    check::scope = "uninitialised shared memory";
    DeviceArray<float> device_x(x), y(expected.size());
    CHECK(uninitialised_shared(device_x.data(), y.data(), false) == cudaSuccess);
    std::vector<float> result = y.read();
    CHECK(std::isnan(result[Threads]) && std::isnan(result[2 * Threads - 1]));
}

void test_order_of_blocks() {
    std::vector<float> x = {3}, expected = {3, 4, 5, 6};
    CHECK(right_results("blocks", x, expected, ordered_blocks, true) == Schedules);
    CHECK(right_results("blocks that need an order", x, expected, ordered_blocks, false) == 2); // those with rising blocks
}

void test_unrounded_tf32() {
    std::vector<float> x = {1 + 0.75f / 1024}, expected = {1 + 1.0f / 1024};
    CHECK(right_results("tf32", x, expected, unrounded_tf32, true) == Schedules);
    CHECK(right_results("unrounded tf32", x, {1}, unrounded_tf32, false) == Schedules);
}

// Without the address sanitizer only writes are seen, and only near the end.
void test_beyond_the_end(const char* what, const Run& run) {
    std::vector<float> x = rising(Threads);
    CHECK(right_results(what, x, x, run, true) == Schedules);
    check::scope = what;
    DeviceArray<float> device_x(x), y(Threads);
    auto run_wrong = [&] {
        CHECK(run(device_x.data(), y.data(), false) == cudaSuccess); // the launch
        return cudaDeviceSynchronize();
    };
#if defined(CN_SIM_ASAN)
    CHECK(sanitizer_ends(run_wrong));
#else
    CHECK(run_wrong() == cudaErrorIllegalAddress);
    CHECK(compiled::sim::last_fault().find("wrote outside of") != std::string::npos);
    CHECK(compiled::sim::last_fault().find(what) != std::string::npos);
    compiled::sim::reset();
#endif
}

struct Report {
    Bug bug;
    cudaError_t error;
    std::vector<const char*> words; // that the report contains
};

void test_reports() {
    const Report reports[] = {
        {Bug::DivergentBarrier, cudaErrorLaunchFailure, {"divergent barrier", "__syncthreads at", "is in __syncthreads at"}},
        {Bug::Deadlock,
         cudaErrorLaunchFailure,
         {"deadlock", "lanes 0 to 15: in __syncwarp with mask ffffffff", "lanes 16 to 31: in __syncthreads"}},
        {Bug::LaneNotInMask, cudaErrorLaunchFailure, {"wrong mask", "fffffffe", "lane 0, which is not in it"}},
        {Bug::DifferentMasks, cudaErrorLaunchFailure, {"wrong mask", "0000ffff", "ffffffff", "lane 5"}},
        {Bug::DifferentCalls, cudaErrorLaunchFailure, {"wrong mask", "__any_sync", "__all_sync", "lane 5"}},
        {Bug::ShuffleWidth, cudaErrorLaunchFailure, {"cannot have width 9"}},
        {Bug::MisalignedVector, cudaErrorMisalignedAddress, {"vector", "not aligned to 16"}},
        {Bug::MisalignedAtomic, cudaErrorMisalignedAddress, {"atomic", "not aligned to 8"}},
        {Bug::MisalignedCopy, cudaErrorMisalignedAddress, {"the source of an async copy", "not aligned to 16"}},
        {Bug::CopyToGlobal, cudaErrorIllegalAddress, {"the target of an async copy", "shared memory"}},
        {Bug::MisalignedMatrix, cudaErrorMisalignedAddress, {"ldmatrix", "not aligned to 16"}},
        {Bug::MatrixBeyondShared, cudaErrorIllegalAddress, {"ldmatrix", "shared memory"}},
        {Bug::MmaWithoutLane, cudaErrorLaunchFailure, {"mma", "lane 7"}},
        {Bug::TooMuchStaticShared, cudaErrorLaunchFailure, {"too much shared memory"}},
    };
    for (const Report& report : reports) {
        std::string what = "report " + std::to_string(static_cast<int>(report.bug));
        under_all_schedules(what.c_str(), [&] {
            DeviceArray<float> x(16);
            CHECK(fault(report.bug, x.data(), true) == cudaSuccess);
            CHECK(cudaDeviceSynchronize() == cudaSuccess);
            CHECK(fault(report.bug, x.data(), false) == cudaSuccess);
            CHECK(cudaDeviceSynchronize() == report.error);
            std::string text = compiled::sim::last_fault();
            CHECK(text.find("sim_faults::fault_kernel") != std::string::npos);
            CHECK(text.find("sim_faults.cu:") != std::string::npos);
            for (const char* word : report.words) {
                check::that(text.find(word) != std::string::npos, __FILE__, __LINE__, std::string(word) + " is not in: " + text);
            }
            compiled::sim::reset();
        });
    }
}

// After an error in a kernel nothing works, until the device is reset.
void test_sticky_errors() {
    check::scope = "sticky errors";
    DeviceArray<float> x(16), y(16);
    CHECK(fault(Bug::Deadlock, x.data(), false) == cudaSuccess);
    CHECK(cudaMemset(y.data(), 0, 16 * sizeof(float)) == cudaSuccess);
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(cudaDeviceSynchronize() == cudaErrorLaunchFailure);
    void* more = nullptr;
    CHECK(cudaMalloc(&more, 16) == cudaErrorLaunchFailure);
    CHECK(fault(Bug::Deadlock, x.data(), true) == cudaErrorLaunchFailure);
    CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
    CHECK(cudaGetLastError() == cudaErrorLaunchFailure);
    compiled::sim::reset();
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(std::isnan(y.read()[0])); // what came after the failed kernel did not run
    CHECK(fault(Bug::Deadlock, x.data(), true) == cudaSuccess);
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

void test_shuffle_from_exited_lane() {
    under_all_schedules("shuffle from an exited lane", [] {
        DeviceArray<float> y(32);
        CHECK(shuffle_from_exited(y.data()) == cudaSuccess);
        std::vector<float> result = y.read();
        CHECK(result[29] == 1);
        CHECK(std::isnan(result[30]));
        CHECK(result[31] == 0);
    });
}

} // namespace

int main() {
    test_missing_barrier();
    test_async_copies();
    test_uninitialised_shared_memory();
    test_order_of_blocks();
    test_unrounded_tf32();
    test_beyond_the_end("beyond_global", beyond_global);
    test_beyond_the_end("beyond_shared", beyond_shared);
    test_reports();
    test_sticky_errors();
    test_shuffle_from_exited_lane();
    return check::result();
}
