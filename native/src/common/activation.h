// Activations (compiled.h, cn_activation), element by element: V is float or a vector of floats.
#pragma once

#include "compiled.h"
#include "host_device.h"

namespace compiled {

// max(x, 0); a NaN stays one, so that a network that diverges shows it.
template <class V>
CN_HOST_DEVICE V relu_value(V x) {
    V zero{};
    return zero > x ? zero : x;
}

// dx from y and dy. Written in y alone, so that a stage need not keep its x.
template <int32_t Activation, class V>
CN_HOST_DEVICE V activation_gradient(V y, V dy) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        V zero{};
        return y > zero ? dy : zero;
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return dy * (y * (1.0f - y));
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return dy * (1.0f - y * y);
    } else {
        return dy;
    }
}

} // namespace compiled
