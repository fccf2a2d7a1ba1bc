// Device memory, pinned memory, copies.
#include "device.h"
#include "sanitizer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

namespace compiled::sim {
namespace {

constexpr size_t Guard = 256; // also the alignment of device memory
constexpr unsigned char GuardByte = 0x5A;

struct Memory {
    std::map<uintptr_t, size_t> device; // address and size
    std::map<uintptr_t, size_t> pinned;
    size_t used = 0;
    size_t size = size_t{4} << 30;

    Memory() {
        const char* text = std::getenv("COMPILED_SIM_MEMORY");
        char* end = nullptr;
        unsigned long long bytes = text == nullptr ? 0 : std::strtoull(text, &end, 10);
        if (bytes > 0 && *end == '\0') {
            size = bytes;
        } else if (text != nullptr) {
            std::fprintf(stderr, "COMPILED_SIM_MEMORY=%s is no number of bytes; %zu are taken\n", text, size);
        }
    }
};

Memory& memory() {
    static Memory all;
    return all;
}

char* pointer(uintptr_t address) {
    return reinterpret_cast<char*>(address);
}

uintptr_t address_of(const void* pointer) {
    return reinterpret_cast<uintptr_t>(pointer);
}

// Mends the guard, so that damage is reported once.
CN_SIM_UNCHECKED bool was_intact(char* guard) {
    bool intact = true;
    for (size_t i = 0; i < Guard; ++i) {
        intact = intact && static_cast<unsigned char>(guard[i]) == GuardByte;
        guard[i] = GuardByte;
    }
    return intact;
}

bool was_intact(uintptr_t address, size_t bytes) {
    bool before = was_intact(pointer(address) - Guard);
    bool after = was_intact(pointer(address) + bytes);
    return before && after;
}

enum class Place { Device, Pinned, Elsewhere, Beyond }; // Beyond: begins in device memory and ends after it

bool begins_in(const std::map<uintptr_t, size_t>& ranges, const void* begin, size_t* left) {
    auto next = ranges.upper_bound(address_of(begin));
    if (next == ranges.begin()) {
        return false;
    }
    auto range = std::prev(next);
    if (address_of(begin) >= range->first + range->second) {
        return false;
    }
    *left = range->first + range->second - address_of(begin);
    return true;
}

Place place_of(const void* begin, size_t bytes) {
    size_t left = 0;
    if (begins_in(memory().device, begin, &left)) {
        return bytes <= left ? Place::Device : Place::Beyond;
    }
    return begins_in(memory().pinned, begin, &left) ? Place::Pinned : Place::Elsewhere;
}

bool is_host(Place place) {
    return place == Place::Pinned || place == Place::Elsewhere;
}

// Whether the two ends lie where `kind` says.
bool agrees(cudaMemcpyKind kind, Place target, Place source) {
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    return kind == cudaMemcpyDefault || (to_device == !is_host(target) && from_device == !is_host(source));
}

void release(void* allocation) {
    std::free(allocation);
}

void* allocate(size_t bytes) {
    void* allocation = nullptr;
    return posix_memalign(&allocation, Guard, bytes) == 0 ? allocation : nullptr;
}

// Memory that is not pinned is read before the call returns, and written before it returns: CUDA goes through a buffer of its own.
cudaError_t copy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind, cudaStream_t handle) {
    Place target_place = place_of(target, bytes), source_place = place_of(source, bytes);
    if (bytes == 0) {
        return cudaSuccess;
    }
    if (target_place == Place::Beyond || source_place == Place::Beyond || !agrees(kind, target_place, source_place)) {
        return cudaErrorInvalidValue;
    }
    Stream* stream = device().find(handle);
    bool captured = stream != nullptr && stream->capture != nullptr;
    if (source_place == Place::Elsewhere && !captured) {
        auto* first = static_cast<const char*>(source);
        auto bytes_now = std::make_shared<std::vector<char>>(first, first + bytes);
        return issue(handle, cudaGraphNodeTypeMemcpy, [=] { std::memcpy(target, bytes_now->data(), bytes); });
    }
    cudaError_t error = issue(handle, cudaGraphNodeTypeMemcpy, [=] { std::memmove(target, source, bytes); });
    if (error == cudaSuccess && target_place == Place::Elsewhere && !captured) {
        device().run_until(*stream, stream->issued);
    }
    return error;
}

cudaError_t set(void* target, int value, size_t bytes, cudaStream_t stream) {
    if (bytes == 0) {
        return cudaSuccess;
    }
    if (place_of(target, bytes) != Place::Device) {
        return cudaErrorInvalidValue;
    }
    return issue(stream, cudaGraphNodeTypeMemset, [=] { std::memset(target, value, bytes); });
}

} // namespace

bool is_device_memory(const void* begin, size_t bytes) {
    return place_of(begin, bytes) == Place::Device;
}

std::string damaged_memory() {
    std::string text;
    for (const auto& [address, bytes] : memory().device) {
        if (!was_intact(address, bytes)) {
            char words[64];
            std::snprintf(words, sizeof(words), "%zu bytes at %p", bytes, static_cast<void*>(pointer(address)));
            text = words;
        }
    }
    return text;
}

void set_memory_size(size_t bytes) {
    std::lock_guard<std::recursive_mutex> lock(device().mutex);
    memory().size = bytes;
}

} // namespace compiled::sim

using namespace compiled::sim;

cudaError_t cudaMalloc(void** result, size_t bytes) {
    return blocking_call([&] {
        *result = nullptr;
        if (bytes == 0) {
            return cudaSuccess;
        }
        device().active.insert(current_device());
        bool fits = memory().used <= memory().size && bytes <= memory().size - memory().used;
        auto* allocation = fits ? static_cast<char*>(allocate(Guard + bytes + Guard)) : nullptr;
        if (allocation == nullptr) {
            return cudaErrorMemoryAllocation;
        }
        std::memset(allocation, GuardByte, Guard + bytes + Guard);
        std::memset(allocation + Guard, PoisonByte, bytes);
        forbid(allocation, Guard);
        forbid(allocation + Guard + bytes, Guard);
        memory().device[address_of(allocation + Guard)] = bytes;
        memory().used += bytes;
        *result = allocation + Guard;
        return cudaSuccess;
    });
}

cudaError_t cudaFree(void* pointer_to_free) {
    return blocking_call([&] {
        auto found = memory().device.find(address_of(pointer_to_free));
        if (pointer_to_free == nullptr || found == memory().device.end()) {
            return pointer_to_free == nullptr ? cudaSuccess : cudaErrorInvalidValue;
        }
        device().run_all();
        if (!was_intact(found->first, found->second)) { // by the host
            device().sticky = cudaErrorIllegalAddress;
        }
        char* allocation = pointer(found->first) - Guard;
        allow(allocation, Guard + found->second + Guard);
        memory().used -= found->second;
        memory().device.erase(found);
        release(allocation);
        return cudaSuccess;
    });
}

cudaError_t cudaHostAlloc(void** result, size_t bytes, unsigned) {
    return blocking_call([&] {
        *result = bytes == 0 ? nullptr : allocate(bytes);
        if (*result != nullptr) {
            memory().pinned[address_of(*result)] = bytes;
        }
        return bytes == 0 || *result != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
    });
}

cudaError_t cudaFreeHost(void* pointer_to_free) {
    return blocking_call([&] {
        if (pointer_to_free == nullptr) {
            return cudaSuccess;
        }
        device().run_all();
        if (memory().pinned.erase(address_of(pointer_to_free)) == 0) {
            return cudaErrorInvalidValue;
        }
        release(pointer_to_free);
        return cudaSuccess;
    });
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
    return call([&] {
        *total = memory().size;
        *free = memory().size - std::min(memory().used, memory().size);
        return cudaSuccess;
    });
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
    return blocking_call([&] {
        cudaError_t error = copy(target, source, bytes, kind, nullptr);
        if (error == cudaSuccess) {
            device().run_until(*device().streams[0], device().streams[0]->issued);
        }
        return error;
    });
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    return call([&] { return copy(target, source, bytes, kind, stream); });
}

cudaError_t cudaMemset(void* target, int value, size_t bytes) {
    return call([&] { return set(target, value, bytes, nullptr); });
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t stream) {
    return call([&] { return set(target, value, bytes, stream); });
}
