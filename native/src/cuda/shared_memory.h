// Shared memory.
//
//     CN_SHARED(tile, float[16][17]);     an array of the block: __shared__ float tile[16][17];
//     CN_DYNAMIC_SHARED(float, values);   float* values: the bytes that the launch asked for
//
// Both are aligned to 16 bytes, for vectors, async copies and ldmatrix.
#pragma once

#include <type_traits>

#if defined(__CUDACC__)

namespace compiled::cuda {
template <class T>
struct Identity {
    using Type = T;
};
} // namespace compiled::cuda

#define CN_SHARED(name, ...) __shared__ __align__(16) typename ::compiled::cuda::Identity<__VA_ARGS__>::Type name
#define CN_DYNAMIC_SHARED(type, name)                                                                                                      \
    extern __shared__ __align__(16) unsigned char compiled_dynamic_shared[];                                                               \
    type* const name = reinterpret_cast<type*>(compiled_dynamic_shared)

#else

namespace compiled::sim {

template <class T>
T& shared_array(const void* key) {
    static_assert(alignof(T) <= SharedMemory::Alignment);
    void* memory = block.shared().array(key, sizeof(T));
    if (memory == nullptr) {
        block.fault(cudaErrorLaunchFailure, "too much shared memory: no room for another %zu bytes", sizeof(T));
    }
    return *static_cast<T*>(memory);
}

} // namespace compiled::sim

// The key is one variable for every declaration, and for every instance of a template that it stands in.
#define CN_SHARED(name, ...)                                                                                                               \
    static char name##_key;                                                                                                                \
    std::add_lvalue_reference_t<__VA_ARGS__> name = ::compiled::sim::shared_array<__VA_ARGS__>(&name##_key)
#define CN_DYNAMIC_SHARED(type, name) type* const name = static_cast<type*>(::compiled::sim::block.shared().dynamic())

#endif
