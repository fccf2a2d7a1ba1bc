// The rule of max pooling: the first maximum in row-major order wins. The first NaN wins over numbers, so that a network that diverges
// shows it.
#pragma once

#include "host_device.h"

namespace compiled {

// Whether a later cell takes the window from the best one so far. V is float or a vector of floats.
template <class V>
CN_HOST_DEVICE auto max_pooling_takes(V candidate, V best) {
    return (candidate > best) | ((candidate != candidate) & (best == best));
}

} // namespace compiled
