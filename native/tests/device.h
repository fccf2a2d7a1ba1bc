// Contexts, buffers and ops of the C ABI for tests, released when they go out of scope.
#pragma once

#include "check.h"
#include "compiled.h"

#include <cstdlib>
#include <functional>
#include <utility>

namespace device {

inline void ok(cn_status status) {
    if (status != CN_STATUS_OK) {
        check::that(false, "device.h", 0, std::string("status ") + std::to_string(status) + ": " + cn_last_error());
    }
}

class Context {
public:
    explicit Context(int threads = 1, int instruction_set = CN_INSTRUCTION_SET_BEST) {
        cn_context_desc desc{};
        desc.struct_size = sizeof(desc);
        desc.threads = threads;
        desc.instruction_set = instruction_set;
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

// An array in a device buffer of exactly its size, so that the address sanitizer sees every overrun.
template <class T>
class Array {
public:
    Array(cn_context* context, size_t count) : _count(count) {
        ok(cn_buffer_create(context, static_cast<int64_t>(count * sizeof(T)), &_buffer));
        void* address = nullptr;
        ok(cn_buffer_address(_buffer, &address));
        _data = static_cast<T*>(address);
    }
    Array(cn_context* context, const std::vector<T>& values) : Array(context, values.size()) {
        for (size_t i = 0; i < values.size(); ++i) {
            _data[i] = values[i];
        }
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { cn_buffer_destroy(_buffer); }
    operator T*() { return _data; }
    T* data() { return _data; }
    size_t size() const { return _count; }
    std::vector<T> values() const { return std::vector<T>(_data, _data + _count); }
    bool same_bits(const std::vector<T>& other) const { return std::memcmp(_data, other.data(), _count * sizeof(T)) == 0; }
    void fill(T value) {
        for (size_t i = 0; i < _count; ++i) {
            _data[i] = value;
        }
    }

private:
    cn_buffer* _buffer = nullptr;
    T* _data = nullptr;
    size_t _count;
};

// Created by one of the cn_..._create functions.
class Op {
public:
    template <class Desc>
    Op(cn_status (*create)(cn_context*, const Desc*, cn_op**), cn_context* context, Desc desc) {
        desc.struct_size = sizeof(Desc);
        ok(create(context, &desc, &_op));
    }
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;
    ~Op() { cn_op_destroy(_op); }
    operator cn_op*() const { return _op; }

private:
    cn_op* _op = nullptr;
};

inline cn_state state_of(int64_t rows, uint64_t step = 3, double learning_rate = 0.01) {
    return {0x123456789ABCDEFull, step, 0, rows, learning_rate};
}

// Runs `body` on each instruction set of this machine and build.
inline void for_each_instruction_set(const std::function<void(int)>& body) {
    const std::pair<int, const char*> sets[] = {{CN_INSTRUCTION_SET_BASELINE, "baseline"},
                                                {CN_INSTRUCTION_SET_AVX2, "avx2"},
                                                {CN_INSTRUCTION_SET_AVX512, "avx512"},
                                                {CN_INSTRUCTION_SET_WIDE, "wide"}};
    for (const auto& set : sets) {
        if (Context(1, set.first).status() == CN_STATUS_OK) {
            check::scope = set.second;
            body(set.first);
        } else {
            std::printf("%s: not here\n", set.second);
        }
    }
}

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

private:
    uint64_t _state;
};

} // namespace device
