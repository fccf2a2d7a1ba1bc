// Zeroed host memory aligned to 64 bytes: a cache line and the widest vector.
#pragma once

#include <cstdint>

namespace compiled::cpu {

// Throws Error with CN_STATUS_OUT_OF_MEMORY.
void* allocate_memory(int64_t bytes);
void release_memory(void* memory, int64_t bytes) noexcept;

class Memory {
public:
    Memory() = default;
    explicit Memory(int64_t bytes) : _data(allocate_memory(bytes)), _bytes(bytes) {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { release_memory(_data, _bytes); }

    void swap(Memory& other) noexcept;
    void* data() const noexcept { return _data; }
    int64_t bytes() const noexcept { return _bytes; }

private:
    void* _data = nullptr;
    int64_t _bytes = 0;
};

} // namespace compiled::cpu
