// The shared memory of the running block: dynamic first, then one array after the other as the threads come to their declarations.
// All of it holds 0xFF, which is NaN in every floating-point type, when the block starts. Guard bytes lie around every array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace compiled::sim {

constexpr int PoisonByte = 0xFF;

class SharedMemory {
public:
    static constexpr size_t StaticLimit = 48 * 1024;
    static constexpr size_t Limit = 163 * 1024; // of a block, static and dynamic, on sm_80

    static constexpr size_t Alignment = 16; // and no array is aligned better

    SharedMemory();

    // Forgets the last block's arrays.
    void begin(size_t dynamic_bytes);

    void* dynamic() const { return _dynamic; }

    // The array that belongs to `key`: made by the first thread of the block that asks. Null when there is no room for it.
    void* array(const void* key, size_t bytes);

    // Whether all bytes belong to one array.
    bool contains(const void* memory, size_t bytes) const;

    // Whether nothing was written between the arrays.
    bool intact() const;

private:
    struct Array {
        const void* key;
        char* memory;
        size_t bytes;
    };

    char* place(const void* key, size_t bytes);

    std::unique_ptr<char[]> _memory;
    std::vector<Array> _arrays;
    char* _dynamic = nullptr;
    size_t _used = 0;
    size_t _static_bytes = 0;
    size_t _dynamic_bytes = 0;
};

} // namespace compiled::sim
