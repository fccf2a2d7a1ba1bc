// Contexts, buffers and ops of the C ABI for tests, released when they go out of scope; and the devices that there are to test.
#pragma once

#include "../sim/sanitizer.h"
#include "check.h"
#include "compiled.h"

#include <cstdlib>
#include <functional>

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

namespace device {

// Builds that look at every access, and take their time: there are fewer schedules and samples of what is the same to them.
#if defined(CN_SIM_ASAN)
constexpr bool Sanitized = true;
#else
constexpr bool Sanitized = false;
#endif

inline void ok(cn_status status) {
    if (status != CN_STATUS_OK) {
        check::that(false, "device.h", 0, std::string("status ") + std::to_string(status) + ": " + cn_last_error());
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Devices
// ---------------------------------------------------------------------------------------------------------------------

struct Device {
    const char* name = "cpu";
    int32_t kind = CN_DEVICE_CPU;
    int32_t instruction_set = CN_INSTRUCTION_SET_BEST;

    bool is_cuda() const { return kind == CN_DEVICE_CUDA; }
};

constexpr Device Cuda{"cuda", CN_DEVICE_CUDA, CN_INSTRUCTION_SET_BEST};

inline cn_context_desc context_desc(const Device& device, int threads) {
    cn_context_desc desc{};
    desc.struct_size = sizeof(desc);
    desc.device = device.kind;
    desc.threads = threads;
    desc.instruction_set = device.instruction_set;
    return desc;
}

class Context {
public:
    explicit Context(const Device& device = {}, int threads = 1) {
        cn_context_desc desc = context_desc(device, threads);
        _status = cn_context_create(&desc, &_context);
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { cn_context_destroy(_context); }
    operator cn_context*() const { return _context; }
    cn_status status() const { return _status; }

private:
    cn_context* _context = nullptr;
    cn_status _status;
};

// The simulator's own switch for the order of threads and blocks (native/sim/schedule.h); null on real devices. It is there once a context
// has loaded the library.
using SetSchedule = int (*)(const char* text);

inline SetSchedule simulator() {
#if !defined(_WIN32)
    const char* path = std::getenv("COMPILED_CUDA_LIBRARY");
    void* library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (library != nullptr) {
        auto set = reinterpret_cast<SetSchedule>(dlsym(library, "compiled_sim_set_schedule"));
        dlclose(library);
        return set;
    }
#endif
    return nullptr;
}

// Whether the device is there. CUDA must be where COMPILED_CUDA_LIBRARY promises it.
inline bool has(const Device& device) {
    bool here = Context(device).status() == CN_STATUS_OK;
    if (!here) {
        std::printf("%s: not here\n", device.name);
        check::that(!device.is_cuda() || std::getenv("COMPILED_CUDA_LIBRARY") == nullptr, "device.h", 0, cn_last_error());
    }
    return here;
}

// Runs `body` on each of the devices that is there, which becomes the scope of the checks.
template <size_t Count>
void for_each_of(const Device (&devices)[Count], const std::function<void(const Device&)>& body) {
    for (const Device& device : devices) {
        if (has(device)) {
            check::scope = device.name;
            body(device);
        }
    }
}

// On each instruction set of this machine and build, and on CUDA.
inline void for_each_device(const std::function<void(const Device&)>& body) {
    const Device devices[] = {{"baseline", CN_DEVICE_CPU, CN_INSTRUCTION_SET_BASELINE},
                              {"avx2", CN_DEVICE_CPU, CN_INSTRUCTION_SET_AVX2},
                              {"avx512", CN_DEVICE_CPU, CN_INSTRUCTION_SET_AVX512},
                              {"wide", CN_DEVICE_CPU, CN_INSTRUCTION_SET_WIDE},
                              Cuda};
    for_each_of(devices, body);
}

// On one CPU and on CUDA, where instruction sets do not matter.
inline void for_each_kind(const std::function<void(const Device&)>& body) {
    const Device devices[] = {Device{}, Cuda};
    for_each_of(devices, body);
}

// Runs body(context, first) in several ways that must give the same bits: on CPUs with 1, 2 and 3 threads; on the CUDA simulator under
// every schedule, or the one that COMPILED_SIM_SCHEDULE names; on real devices twice. `first` is true once.
template <class Body>
void for_each_variant(const Device& device, const Body& body) {
    std::string scope = check::scope;
    SetSchedule set_schedule = device.is_cuda() ? simulator() : nullptr;
    if (set_schedule != nullptr && std::getenv("COMPILED_SIM_SCHEDULE") == nullptr) {
        bool first = true;
        std::vector<const char*> schedules = {"lock-step", "random:7"};
        if (!Sanitized) {
            schedules.insert(schedules.end(), {"reverse", "warp-greedy", "reverse-warp-greedy"});
        }
        for (const char* schedule : schedules) {
            check::scope = scope + ", " + schedule;
            CHECK(set_schedule(schedule) == 1);
            Context context(device);
            body(context, first);
            first = false;
        }
        set_schedule("lock-step");
    } else {
        int count = device.is_cuda() ? 2 : 3;
        for (int i = 1; i <= count; ++i) {
            check::scope = scope + (device.is_cuda() ? ", run " : ", threads ") + std::to_string(i);
            Context context(device, device.is_cuda() ? 1 : i);
            body(context, i == 1);
        }
    }
    check::scope = scope;
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory and ops
// ---------------------------------------------------------------------------------------------------------------------

// An array in a device buffer of exactly its size, so that the address sanitizer and the simulator's guards see every overrun.
template <class T>
class Array {
public:
    // `shift` elements after the beginning of the buffer: aligned to an element and no better.
    Array(cn_context* context, size_t count, size_t shift = 0) : _count(count), _offset(static_cast<int64_t>(shift * sizeof(T))) {
        ok(cn_buffer_create(context, _offset + static_cast<int64_t>(count * sizeof(T)), &_buffer));
        void* address = nullptr;
        ok(cn_buffer_address(_buffer, &address));
        _data = address == nullptr ? nullptr : static_cast<T*>(address) + shift;
    }
    Array(cn_context* context, const std::vector<T>& values, size_t shift = 0) : Array(context, values.size(), shift) { write(values); }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { cn_buffer_destroy(_buffer); }

    // The address on the device, for ops; null after a failure.
    operator T*() const { return _data; }
    T* data() const { return _data; }
    template <class Index>
    T& operator[](Index) = delete; // the host reads copies
    cn_buffer* buffer() const { return _buffer; }
    size_t size() const { return _count; }

    void write(const std::vector<T>& values) {
        ok(cn_buffer_write(_buffer, _offset, values.data(), static_cast<int64_t>(values.size() * sizeof(T))));
    }
    std::vector<T> values() const {
        std::vector<T> copy(_count);
        ok(cn_buffer_read(_buffer, _offset, copy.data(), static_cast<int64_t>(_count * sizeof(T))));
        return copy;
    }
    operator std::vector<T>() const { return values(); }
    bool same_bits(const std::vector<T>& other) const {
        return other.size() == _count && std::memcmp(values().data(), other.data(), _count * sizeof(T)) == 0;
    }

private:
    cn_buffer* _buffer = nullptr;
    T* _data = nullptr;
    size_t _count;
    int64_t _offset;
};

// One struct in device memory: a cn_state or cn_metrics.
template <class T>
class Value {
public:
    Value(cn_context* context, const T& value) : _array(context, std::vector<T>{value}) {}
    operator T*() const { return _array; }
    void write(const T& value) { _array.write({value}); }
    T value() const { return _array.values()[0]; }

private:
    Array<T> _array;
};

using State = Value<cn_state>;
using Metrics = Value<cn_metrics>;

// Created by one of the cn_..._create functions.
class Op {
public:
    template <class Desc>
    Op(cn_status (*create)(cn_context*, const Desc*, cn_op**), cn_context* context, Desc desc) {
        desc.struct_size = sizeof(Desc);
        ok(create(context, &desc, &_op));
    }
    // An optimizer.
    Op(cn_context* context, cn_optimizer_desc desc, const int64_t* host_offsets = nullptr, const cn_matrix* host_matrices = nullptr) {
        desc.struct_size = sizeof(desc);
        ok(cn_optimizer_create(context, &desc, host_offsets, host_matrices, &_op));
    }
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;
    ~Op() { cn_op_destroy(_op); }
    operator cn_op*() const { return _op; }

private:
    cn_op* _op = nullptr;
};

inline cn_optimizer_desc optimizer_desc(int32_t optimizer, int64_t count) {
    cn_optimizer_desc desc{};
    desc.struct_size = sizeof(desc);
    desc.optimizer = optimizer;
    desc.count = count;
    desc.beta_1 = 0.9;
    desc.beta_2 = 0.999;
    desc.rho = 0.9;
    desc.epsilon = 1e-7;
    desc.schedule_decay = 0.004;
    desc.adam_rate_ratio = 0.1;
    desc.iterations = 6;
    return desc;
}

inline cn_state state_of(int64_t rows, uint64_t step = 3, double learning_rate = 0.01) {
    return {0x123456789ABCDEFull, step, 0, rows, learning_rate};
}

// A loss without parameters.
inline cn_loss_desc describe_loss(int32_t loss, int64_t batch, int64_t positions, int64_t classes, int32_t from_logits = 0,
                                  int32_t accuracy = CN_ACCURACY_NONE) {
    cn_loss_desc desc{};
    desc.struct_size = sizeof(desc);
    desc.loss = loss;
    desc.batch = batch;
    desc.positions = positions;
    desc.classes = classes;
    desc.from_logits = from_logits;
    desc.accuracy = accuracy;
    return desc;
}

// ---------------------------------------------------------------------------------------------------------------------
// Numbers
// ---------------------------------------------------------------------------------------------------------------------

// Reproducible numbers in [low, high).
class Random {
public:
    explicit Random(uint64_t seed) : _state(seed * 2 + 1) {}
    double next(double low, double high) {
        _state = _state * 6364136223846793005ull + 1442695040888963407ull;
        return low + (high - low) * static_cast<double>(_state >> 33) / 2147483648.0;
    }
    int64_t next_int(int64_t low, int64_t high) { return low + static_cast<int64_t>(next(0, static_cast<double>(high - low + 1))); }
    std::vector<float> floats(int64_t count, double low = -1, double high = 1) {
        std::vector<float> values(static_cast<size_t>(count));
        for (float& value : values) {
            value = static_cast<float>(next(low, high));
        }
        return values;
    }
    // Whole numbers, so that sums of products are exact in any order.
    std::vector<float> whole(int64_t count, int64_t low, int64_t high) {
        std::vector<float> values(static_cast<size_t>(count));
        for (float& value : values) {
            value = static_cast<float>(next_int(low, high));
        }
        return values;
    }

private:
    uint64_t _state;
};

} // namespace device
