// What the address sanitizer has to be told about memory that is not the heap's. Nothing of it is left in other builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define CN_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CN_SIM_ASAN 1
#endif
#endif

#if defined(CN_SIM_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define CN_SIM_UNCHECKED __attribute__((no_sanitize_address))
#else
#define CN_SIM_UNCHECKED
#endif

namespace compiled::sim {

// No instrumented code may touch these bytes until they are allowed again.
inline void forbid([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#if defined(CN_SIM_ASAN)
    __asan_poison_memory_region(memory, bytes);
#endif
}

inline void allow([[maybe_unused]] const void* memory, [[maybe_unused]] size_t bytes) {
#if defined(CN_SIM_ASAN)
    __asan_unpoison_memory_region(memory, bytes);
#endif
}

} // namespace compiled::sim
