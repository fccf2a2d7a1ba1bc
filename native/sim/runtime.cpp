// The device, its errors, and the launch of kernels.
#include "device.h"
#include "symbols.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

namespace compiled::sim {
namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local int current = 0;

constexpr const char* KernelsVariable = "COMPILED_SIM_KERNELS";

struct Launches {
    std::map<const void*, int> dynamic_limits; // by cudaFuncSetAttribute
    std::set<const void*> run;
};

Launches& launches() {
    static Launches all;
    return all;
}

void list_kernels() {
    std::ofstream file(std::getenv(KernelsVariable));
    for (const std::string& name : kernels_run()) {
        file << name << '\n';
    }
}

// The list is also written where no kernel runs: that tells it from a program that crashed.
bool list_at_exit() {
    launches(); // made before, gone after
    device();
    return std::getenv(KernelsVariable) != nullptr && std::atexit(list_kernels) == 0;
}
const bool lists_kernels = list_at_exit();

void fault(cudaError_t error, const std::string& report) {
    std::fprintf(stderr, "%s\n", report.c_str());
    device().sticky = error;
    device().last_fault = report;
}

void run(const Kernel& kernel) {
    cudaError_t error = block.run(kernel);
    std::string report = block.report();
    launches().run.insert(kernel.address);
    std::string damaged = damaged_memory();
    if (error == cudaSuccess && !damaged.empty()) {
        error = cudaErrorIllegalAddress;
        report = "kernel " + function_name(kernel.address) + " launched at " + kernel.launched_at.file + ":" +
                 std::to_string(kernel.launched_at.line) + ": wrote outside of " + damaged;
    }
    if (error != cudaSuccess) {
        fault(error, report);
    }
}

void run(const LibraryWork& work) {
    for (const LibraryWork::Range& range : work.ranges) {
        if (!is_device_memory(range.begin, range.bytes)) {
            fault(cudaErrorIllegalAddress,
                  std::string(work.name) + ": " + std::to_string(range.bytes) + " bytes are not all device memory");
            return;
        }
    }
    work.body();
}

// The driver's cuDevicePrimaryCtxGetState.
int get_state(int one, unsigned* flags, int* active) {
    *flags = 0;
    *active = compiled_sim_is_active(one);
    return 0;
}

bool fits(const dim3& size, uint64_t x, uint64_t y, uint64_t z) {
    return size.x >= 1 && size.y >= 1 && size.z >= 1 && size.x <= x && size.y <= y && size.z <= z;
}

cudaError_t check(const Kernel& kernel) {
    const dim3& threads = kernel.block;
    if (!fits(kernel.grid, 0x7FFFFFFF, 65535, 65535) || !fits(threads, 1024, 1024, 64) ||
        uint64_t{threads.x} * threads.y * threads.z > ReadySet::Capacity) {
        return cudaErrorInvalidConfiguration;
    }
    auto limit = launches().dynamic_limits.find(kernel.address);
    size_t allowed = limit == launches().dynamic_limits.end() ? SharedMemory::StaticLimit : static_cast<size_t>(limit->second);
    return kernel.shared_bytes > allowed ? cudaErrorInvalidValue : cudaSuccess;
}

} // namespace

Device& device() {
    static Device one;
    return one;
}

int current_device() {
    return current;
}

// Sticky errors are not remembered: every call returns them anyway.
cudaError_t remember(cudaError_t error) {
    if (error != cudaSuccess && error != cudaErrorNotReady) {
        last_error = error;
    }
    return error;
}

cudaError_t launch(Kernel kernel, cudaStream_t stream) {
    return call([&] {
        cudaError_t error = check(kernel);
        return error != cudaSuccess ? error : issue(stream, cudaGraphNodeTypeKernel, [kernel = std::move(kernel)] { run(kernel); });
    });
}

cudaError_t launch(LibraryWork work, cudaStream_t stream) {
    return call([&] { return issue(stream, cudaGraphNodeTypeKernel, [work = std::move(work)] { run(work); }); });
}

std::string last_fault() {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    return device().last_fault;
}

void reset() {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    for (auto& stream : device().streams) {
        stream->work.clear();
        stream->finished = stream->issued;
        stream->capture = nullptr;
    }
    device().captures.clear();
    device().sticky = cudaSuccess;
    last_error = cudaSuccess;
}

int compiled_sim_current_device() {
    return current_device();
}

int compiled_sim_set_device(int device) {
    return cudaSetDevice(device) == cudaSuccess ? 1 : 0;
}

int compiled_sim_is_active(int one) {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    return device().active.count(one) != 0 ? 1 : 0;
}

std::set<std::string> kernels_run() {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    std::set<std::string> names;
    for (const void* kernel : launches().run) {
        names.insert(function_name(kernel));
    }
    return names;
}

} // namespace compiled::sim

using namespace compiled::sim;

const char* cudaGetErrorName(cudaError_t error) {
    switch (error) {
#define CN_SIM_NAME(name)                                                                                                                  \
    case name:                                                                                                                             \
        return #name;
        CN_SIM_NAME(cudaSuccess)
        CN_SIM_NAME(cudaErrorInvalidValue)
        CN_SIM_NAME(cudaErrorMemoryAllocation)
        CN_SIM_NAME(cudaErrorInvalidConfiguration)
        CN_SIM_NAME(cudaErrorInvalidMemcpyDirection)
        CN_SIM_NAME(cudaErrorDevicesUnavailable)
        CN_SIM_NAME(cudaErrorInvalidDeviceFunction)
        CN_SIM_NAME(cudaErrorInvalidDevice)
        CN_SIM_NAME(cudaErrorNoKernelImageForDevice)
        CN_SIM_NAME(cudaErrorUnsupportedPtxVersion)
        CN_SIM_NAME(cudaErrorInvalidResourceHandle)
        CN_SIM_NAME(cudaErrorNotReady)
        CN_SIM_NAME(cudaErrorIllegalAddress)
        CN_SIM_NAME(cudaErrorLaunchOutOfResources)
        CN_SIM_NAME(cudaErrorMisalignedAddress)
        CN_SIM_NAME(cudaErrorLaunchFailure)
        CN_SIM_NAME(cudaErrorStreamCaptureUnsupported)
        CN_SIM_NAME(cudaErrorStreamCaptureInvalidated)
        CN_SIM_NAME(cudaErrorStreamCaptureUnmatched)
        CN_SIM_NAME(cudaErrorStreamCaptureUnjoined)
        CN_SIM_NAME(cudaErrorStreamCaptureImplicit)
        CN_SIM_NAME(cudaErrorCapturedEvent)
#undef CN_SIM_NAME
    }
    return "unrecognized error code";
}

// Of an error inside a kernel: what last_fault() says, without what every thread was waiting for.
const char* cudaGetErrorString(cudaError_t error) {
    thread_local std::string text;
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    const std::string& fault = device().last_fault;
    text = error != cudaSuccess && error == device().sticky && !fault.empty() ? fault.substr(0, fault.find('\n')) : cudaGetErrorName(error);
    return text.c_str();
}

cudaError_t cudaGetLastError() {
    cudaError_t error = cudaPeekAtLastError();
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    return device().sticky != cudaSuccess ? device().sticky : last_error;
}

cudaError_t cudaGetDeviceCount(int* count) {
    *count = device().count;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
    *device = current_device();
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int chosen) {
    return call([&] {
        if (chosen < 0 || chosen >= device().count) {
            return cudaErrorInvalidDevice;
        }
        current = chosen;
        device().active.insert(chosen);
        return cudaSuccess;
    });
}

cudaError_t cudaGetDriverEntryPoint(const char* symbol, void** function, unsigned long long) {
    bool known = std::strcmp(symbol, "cuDevicePrimaryCtxGetState") == 0;
    *function = known ? reinterpret_cast<void*>(get_state) : nullptr;
    return known ? cudaSuccess : remember(cudaErrorInvalidValue);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int asked) {
    return call([&] {
        if (asked < 0 || asked >= device().count) {
            return cudaErrorInvalidDevice;
        }
        size_t free = 0;
        *properties = {};
        std::snprintf(properties->name, sizeof(properties->name), "CUDA on the CPU");
        cudaMemGetInfo(&free, &properties->totalGlobalMem);
        properties->sharedMemPerBlock = SharedMemory::StaticLimit;
        properties->sharedMemPerBlockOptin = SharedMemory::Limit;
        properties->sharedMemPerMultiprocessor = SharedMemory::Limit + 1024;
        properties->major = 8;
        properties->multiProcessorCount = 8;
        properties->warpSize = WarpSize;
        properties->maxThreadsPerBlock = ReadySet::Capacity;
        properties->maxThreadsPerMultiProcessor = 2048;
        properties->regsPerBlock = 65536;
        properties->l2CacheSize = 40 << 20;
        for (int i = 0; i < 3; ++i) {
            properties->maxThreadsDim[i] = i < 2 ? 1024 : 64;
            properties->maxGridSize[i] = i < 1 ? 0x7FFFFFFF : 65535;
        }
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceSynchronize() {
    return blocking_call([] {
        device().run_all();
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = 12000;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
    return cudaRuntimeGetVersion(version);
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    return call([&] {
        if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || static_cast<size_t>(value) > SharedMemory::Limit) {
            return cudaErrorInvalidValue;
        }
        launches().dynamic_limits[kernel] = value;
        return cudaSuccess;
    });
}
