// Loads and stores of several elements at once: V is float4, uint2 and the like, and the address is a multiple of its size.
#pragma once

namespace compiled::cuda {

template <class V>
__device__ __forceinline__ V load_vector(const void* address) {
#if defined(__CUDACC__)
    return *static_cast<const V*>(address);
#else
    V value;
    sim::check_aligned(address, sizeof(V), "the address of a vector");
    std::memcpy(&value, address, sizeof(V)); // whatever the type of the elements
    return value;
#endif
}

template <class V>
__device__ __forceinline__ void store_vector(void* address, V value) {
#if defined(__CUDACC__)
    *static_cast<V*>(address) = value;
#else
    sim::check_aligned(address, sizeof(V), "the address of a vector");
    std::memcpy(address, &value, sizeof(V));
#endif
}

} // namespace compiled::cuda
