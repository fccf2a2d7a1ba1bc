#include "tensor_checks.h"

#include "../checks.h"

#include <cfloat>

namespace compiled::abi {

void TensorOrder::require_next(int64_t offset, int64_t size) {
    ++_index;
    if (offset < _end || offset > _count) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s[%lld].offset is %lld: it must be from %lld, where the tensor before ends, to %lld, the count",
             _list, _index, static_cast<long long>(offset), static_cast<long long>(_end), static_cast<long long>(_count));
    }
    if (size < 1 || size > _count - offset) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s[%lld] has %lld weights: they must be from 1 to %lld, what the count leaves", _list, _index,
             static_cast<long long>(size), static_cast<long long>(_count - offset));
    }
    _end = offset + size;
}

void TensorOrder::require_float(const char* name, double value) const {
    require_number(name, value, static_cast<double>(FLT_MAX));
}

void TensorOrder::require_number(const char* name, double value, double largest) const {
    if (!(value >= 0.0 && value <= largest)) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "%s[%lld].%s is %g: it must be from 0 to %g", _list, _index, name, value, largest);
    }
}

void TensorOrder::fail_number(const char* name, double value, const char* remedy) const {
    fail(CN_STATUS_INVALID_ARGUMENT, "%s[%lld].%s is %g: %s", _list, _index, name, value, remedy);
}

} // namespace compiled::abi
