// Activations (compiled.h, cn_activation), element by element: V is float or a vector of floats.
#pragma once

#include "compiled.h"
#include "host_device.h"

namespace compiled {

// dx from y and dy. Written in y alone, so that a stage need not keep its x. Behind a ReLU that gave a NaN the gradient passes.
template <int32_t Activation, class V>
CN_HOST_DEVICE V activation_gradient(V y, V dy) {
    if constexpr (Activation == CN_ACTIVATION_RELU) {
        V zero{};
        return y <= zero ? zero : dy;
    } else if constexpr (Activation == CN_ACTIVATION_SIGMOID) {
        return dy * (y * (1.0f - y));
    } else if constexpr (Activation == CN_ACTIVATION_TANH) {
        return dy * (1.0f - y * y);
    } else {
        return dy;
    }
}

} // namespace compiled
