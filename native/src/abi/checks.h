// Checks of what a descriptor says. Each op checks its own, once, for every backend (ops/). A kernel may rely on: extents of at least 1 and
// at most MaxExtent, tensors of at most MaxElements, windows that stay in reach of the input and reach over at most MaxExtent, known
// enumerators, rates in [0, 1).
#pragma once

#include "common/error.h"
#include "compiled.h"

#include <cstdint>
#include <initializer_list>

namespace compiled::abi {

constexpr int64_t MaxExtent = INT32_MAX;          // height, width, channels, window fields
constexpr int64_t MaxElements = int64_t{1} << 50; // of a tensor: its bytes, padded and packed in any way, fit int64_t

struct Field {
    const char* name;
    int64_t value;
};

void require_range(Field field, int64_t smallest, int64_t largest, const char* remedy = "");

// Each from 1 to MaxExtent.
void require_extents(std::initializer_list<Field> fields);

// The product of extents that are at least 1, as a tensor named `what`.
void require_elements(const char* what, std::initializer_list<Field> fields);

void require_enumerator(const char* name, int32_t value, int32_t largest, const char* type);
void require_flag(const char* name, int32_t value);
void require_reserved(int32_t value);
void require_epsilon(float epsilon);
void require_dropout(const char* rate_name, float rate, const char* stream_name, uint32_t stream);

inline void require_gradient_mode(int32_t value) {
    require_enumerator("input_gradient", value, CN_GRADIENT_ACCUMULATE, "cn_gradient_mode");
}
// An activation with its parameter; where it ends a stage, one with a derivative in y.
void require_activation(int32_t activation, const char* alpha_name, float alpha);
void require_stage_activation(int32_t activation, const char* alpha_name, float alpha);
inline void require_precision(int32_t value) {
    require_enumerator("precision", value, CN_PRECISION_BFLOAT16, "cn_precision");
}

} // namespace compiled::abi
