// Atomic functions. Threads change only where they wait, so plain reads and writes will do; the random schedule also changes here.
#pragma once

#include "block.h"

#include <type_traits>

namespace compiled::sim {

template <class T, class Update>
T atomic_update(T* address, Update update) {
    block.interrupt();
    check_aligned(address, sizeof(T), "the address of an atomic function");
    T old = *address;
    *address = update(old);
    return old;
}

// Signed integers wrap around.
template <class T>
T wrapping_add(T left, T right) {
    if constexpr (std::is_integral_v<T>) {
        using Unsigned = std::make_unsigned_t<T>;
        return static_cast<T>(static_cast<Unsigned>(left) + static_cast<Unsigned>(right));
    } else {
        return left + right;
    }
}

} // namespace compiled::sim

#define CN_SIM_ATOMIC(name, type, result)                                                                                                  \
    inline type name(type* address, type value) {                                                                                          \
        return compiled::sim::atomic_update(address, [value]([[maybe_unused]] type old) -> type { return result; });                       \
    }
#define CN_SIM_ATOMIC_ADD(type) CN_SIM_ATOMIC(atomicAdd, type, compiled::sim::wrapping_add(old, value))
#define CN_SIM_ATOMIC_INTEGER(type)                                                                                                        \
    CN_SIM_ATOMIC_ADD(type)                                                                                                                \
    CN_SIM_ATOMIC(atomicExch, type, value)                                                                                                 \
    CN_SIM_ATOMIC(atomicMin, type, value < old ? value : old)                                                                              \
    CN_SIM_ATOMIC(atomicMax, type, value > old ? value : old)                                                                              \
    CN_SIM_ATOMIC(atomicAnd, type, old& value)                                                                                             \
    CN_SIM_ATOMIC(atomicOr, type, old | value)                                                                                             \
    inline type atomicCAS(type* address, type expected, type value) {                                                                      \
        return compiled::sim::atomic_update(address, [=](type old) { return old == expected ? value : old; });                             \
    }

CN_SIM_ATOMIC_INTEGER(int)
CN_SIM_ATOMIC_INTEGER(unsigned)
CN_SIM_ATOMIC_INTEGER(unsigned long long)
CN_SIM_ATOMIC_ADD(float)
CN_SIM_ATOMIC_ADD(double)
CN_SIM_ATOMIC(atomicExch, float, value)
CN_SIM_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)

#undef CN_SIM_ATOMIC_INTEGER
#undef CN_SIM_ATOMIC_ADD
#undef CN_SIM_ATOMIC
