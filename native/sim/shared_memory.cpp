#include "shared_memory.h"

#include "sanitizer.h"

#include <cstring>

namespace compiled::sim {
namespace {

constexpr size_t Guard = 64;
constexpr char GuardByte = 0x5A;
constexpr size_t Capacity = 2 * SharedMemory::Limit; // guards and gaps are not counted

CN_SIM_UNCHECKED bool all_guard(const char* begin, const char* end) {
    for (; begin < end; ++begin) {
        if (*begin != GuardByte) {
            return false;
        }
    }
    return true;
}

} // namespace

SharedMemory::SharedMemory() : _memory(new char[Capacity]) {
    std::memset(_memory.get(), GuardByte, Capacity);
}

void SharedMemory::begin(size_t dynamic_bytes) {
    allow(_memory.get(), Capacity);
    std::memset(_memory.get(), GuardByte, _used);
    forbid(_memory.get(), Capacity);
    _arrays.clear();
    _used = 0;
    _static_bytes = 0;
    _dynamic_bytes = dynamic_bytes;
    _dynamic = place(nullptr, dynamic_bytes);
}

void* SharedMemory::array(const void* key, size_t bytes) {
    for (const Array& array : _arrays) {
        if (array.key == key) {
            return array.memory;
        }
    }
    _static_bytes += bytes;
    if (_static_bytes > StaticLimit || _static_bytes + _dynamic_bytes > Limit) {
        return nullptr;
    }
    return place(key, bytes);
}

char* SharedMemory::place(const void* key, size_t bytes) {
    auto address = reinterpret_cast<uintptr_t>(_memory.get()) + _used + Guard;
    address += (3 * Alignment - address % (2 * Alignment)) % (2 * Alignment);
    char* memory = reinterpret_cast<char*>(address);
    _used = static_cast<size_t>(memory - _memory.get()) + bytes + Guard;
    allow(memory, bytes);
    std::memset(memory, PoisonByte, bytes);
    _arrays.push_back({key, memory, bytes});
    return memory;
}

bool SharedMemory::contains(const void* memory, size_t bytes) const {
    auto* first = static_cast<const char*>(memory);
    for (const Array& array : _arrays) {
        if (first >= array.memory && first + bytes <= array.memory + array.bytes) {
            return true;
        }
    }
    return false;
}

bool SharedMemory::intact() const {
    const char* begin = _memory.get();
    for (const Array& array : _arrays) {
        if (!all_guard(begin, array.memory)) {
            return false;
        }
        begin = array.memory + array.bytes;
    }
    return all_guard(begin, _memory.get() + _used);
}

} // namespace compiled::sim
