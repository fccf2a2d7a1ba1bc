// Division by what a kernel is given, without a division: indices are taken apart by it.
#pragma once

#include "cuda.h"

#include <cstdint>

namespace compiled::cuda {

// Of Granlund and Montgomery, "Division by invariant integers using multiplication" (1994), for any divisor in [1, 2^31).
class Divider {
public:
    struct Result {
        uint32_t quotient;
        uint32_t remainder;
    };

    Divider() = default;

    // On the host.
    explicit Divider(int64_t divisor) : _divisor(static_cast<uint32_t>(divisor)) {
        int bits = 0;
        while ((uint64_t{1} << bits) < static_cast<uint64_t>(divisor)) {
            ++bits;
        }
        uint64_t magic = ((uint64_t{1} << 32) * ((uint64_t{1} << bits) - _divisor)) / _divisor + 1;
        _magic = static_cast<uint32_t>(magic);
        _first_shift = bits > 1 ? 1 : static_cast<uint8_t>(bits);
        _last_shift = bits > 0 ? static_cast<uint8_t>(bits - 1) : 0;
        _reciprocal = 1.0 / static_cast<double>(divisor);
    }

    __device__ __forceinline__ uint32_t divisor() const { return _divisor; }

    __device__ __forceinline__ Result divide(uint32_t n) const {
        auto high = static_cast<uint32_t>((static_cast<uint64_t>(_magic) * n) >> 32);
        uint32_t quotient = (high + ((n - high) >> _first_shift)) >> _last_shift;
        return {quotient, n - quotient * _divisor};
    }

    // The same for n in [0, 2^52), of which the quotient replaces n; returns the remainder.
    __device__ __forceinline__ uint32_t take(int64_t& n) const {
        if (n >> 32 == 0) {
            Result result = divide(static_cast<uint32_t>(n));
            n = result.quotient;
            return result.remainder;
        }
        auto quotient = static_cast<int64_t>(static_cast<double>(n) * _reciprocal); // off by one at most
        int64_t remainder = n - quotient * _divisor;
        if (remainder < 0) {
            --quotient, remainder += _divisor;
        } else if (remainder >= _divisor) {
            ++quotient, remainder -= _divisor;
        }
        n = quotient;
        return static_cast<uint32_t>(remainder);
    }

private:
    uint32_t _divisor = 1;
    uint32_t _magic = 1;
    uint8_t _first_shift = 0;
    uint8_t _last_shift = 0;
    double _reciprocal = 1;
};

} // namespace compiled::cuda
