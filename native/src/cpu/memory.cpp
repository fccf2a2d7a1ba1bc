#include "memory.h"

#include "common/error.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace compiled::cpu {

namespace {

constexpr int64_t Alignment = 64;

// From here on zeroed pages come straight from the system and are not touched until they are used: asking for more than the machine has
// then fails, or costs nothing, instead of filling its memory with zeros.
constexpr int64_t LazyBytes = int64_t{1} << 20;

// An arena is walked from end to end in every step: large pages take fewer faults to arrive, and fewer entries of the address cache.
void ask_for_large_pages(char* block, size_t bytes) noexcept {
#if defined(__linux__)
    constexpr uintptr_t Page = uintptr_t{2} << 20;
    uintptr_t begin = (reinterpret_cast<uintptr_t>(block) + Page - 1) / Page * Page;
    uintptr_t end = (reinterpret_cast<uintptr_t>(block) + bytes) / Page * Page;
    if (begin < end) {
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // a wish: not every system has them
    }
#else
    (void)block;
    (void)bytes;
#endif
}

} // namespace

void* allocate_memory(int64_t bytes) {
    void* memory = nullptr;
    if (bytes < LazyBytes) {
        memory = ::operator new (static_cast<size_t>(bytes), std::align_val_t{Alignment}, std::nothrow);
        if (memory != nullptr) {
            std::memset(memory, 0, static_cast<size_t>(bytes));
        }
    } else if (bytes <= INT64_MAX - Alignment) {
        void* block = std::calloc(static_cast<size_t>(bytes + Alignment), 1);
        if (block != nullptr) {
            ask_for_large_pages(static_cast<char*>(block), static_cast<size_t>(bytes + Alignment));
            // The address to free stands right before the aligned one.
            auto address = reinterpret_cast<uintptr_t>(block);
            uintptr_t aligned = (address / Alignment + 1) * Alignment;
            memory = static_cast<char*>(block) + (aligned - address);
            std::memcpy(static_cast<char*>(memory) - sizeof(block), &block, sizeof(block));
        }
    }
    if (memory == nullptr) {
        fail(CN_STATUS_OUT_OF_MEMORY, "out of memory: %lld bytes were asked for; use a smaller batch or a smaller network",
             static_cast<long long>(bytes));
    }
    return memory;
}

void release_memory(void* memory, int64_t bytes) noexcept {
    if (memory == nullptr) {
        return;
    }
    if (bytes < LazyBytes) {
        ::operator delete (memory, std::align_val_t{Alignment});
        return;
    }
    void* block = nullptr;
    std::memcpy(&block, static_cast<char*>(memory) - sizeof(block), sizeof(block));
    std::free(block);
}

void Memory::swap(Memory& other) noexcept {
    std::swap(_data, other._data);
    std::swap(_bytes, other._bytes);
}

} // namespace compiled::cpu
