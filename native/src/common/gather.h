// What a gather op writes, element by element (compiled.h, cn_gather_desc).
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cstdint>

namespace compiled {

// Which sample of the data set the i-th of the batch is; -1 where `order` names none.
CN_HOST_DEVICE int64_t gathered_sample(const cn_gather_desc& desc, const int32_t* order, int64_t position, int64_t i) {
    int64_t sample = order[(position + i) % desc.samples];
    return sample < desc.samples && sample >= 0 ? sample : -1;
}

CN_HOST_DEVICE float gathered_input(const cn_gather_desc& desc, const void* inputs, int64_t sample, int64_t element) {
    int64_t index = sample * desc.input_count + element;
    return desc.input == CN_GATHER_INPUT_UINT8 ? static_cast<float>(static_cast<const uint8_t*>(inputs)[index]) * desc.scale
                                               : static_cast<const float*>(inputs)[index];
}

// Writes element `element` of target `i`; `nan` is one.
CN_HOST_DEVICE void gather_target(const cn_gather_desc& desc, const void* targets, int64_t sample, int64_t element, float nan, void* t,
                                  int64_t i) {
    int64_t to = i * desc.target_count + element, from = sample * desc.target_count + element;
    if (desc.target == CN_GATHER_TARGET_FLOAT32) {
        static_cast<float*>(t)[to] = sample < 0 ? nan : static_cast<const float*>(targets)[from];
    } else if (desc.target == CN_GATHER_TARGET_CLASS_ID) {
        static_cast<int32_t*>(t)[to] = sample < 0 ? -1 : static_cast<const int32_t*>(targets)[from];
    } else {
        int64_t class_id = sample < 0 ? -1 : static_cast<const int32_t*>(targets)[sample];
        static_cast<float*>(t)[to] = class_id == element ? 1.0f : 0.0f;
    }
}

} // namespace compiled
