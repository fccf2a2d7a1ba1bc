#include "checks.h"

#include <cfloat>
#include <cmath>
#include <cstdio>

namespace compiled::abi {

void require_range(Field field, int64_t smallest, int64_t largest, const char* remedy) {
    if (field.value < smallest || field.value > largest) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld: it must be from %lld to %lld%s", field.name, static_cast<long long>(field.value),
             static_cast<long long>(smallest), static_cast<long long>(largest), remedy);
    }
}

void require_extents(std::initializer_list<Field> fields) {
    for (const Field& field : fields) {
        require_range(field, 1, MaxExtent);
    }
}

void require_elements(const char* what, std::initializer_list<Field> fields) {
    int64_t product = 1;
    for (const Field& field : fields) {
        if (field.value > MaxElements / product) {
            char shape[192];
            int length = 0;
            for (const Field& each : fields) {
                length += std::snprintf(shape + length, sizeof(shape) - static_cast<size_t>(length), "%s%s %lld", length == 0 ? "" : " x ",
                                        each.name, static_cast<long long>(each.value));
                if (length >= static_cast<int>(sizeof(shape)) - 1) {
                    break;
                }
            }
            fail(CN_STATUS_INVALID_ARGUMENT, "%s, %s, has more than the limit of %lld elements; use a smaller batch or smaller layers",
                 what, shape, static_cast<long long>(MaxElements));
        }
        product *= field.value;
    }
}

void require_enumerator(const char* name, int32_t value, int32_t largest, const char* type) {
    if (value < 0 || value > largest) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %d: it must be a %s, from 0 to %d", name, value, type, largest);
    }
}

void require_flag(const char* name, int32_t value) {
    require_range({name, value}, 0, 1);
}

void require_reserved(int32_t value) {
    if (value != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "reserved is %d: it must be 0", value);
    }
}

void require_epsilon(float epsilon) {
    if (!(epsilon >= 0.0f && std::isfinite(epsilon))) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "epsilon is %g: it must be at least 0 and finite", static_cast<double>(epsilon));
    }
}

namespace {

bool takes_alpha(int32_t activation) {
    switch (activation) {
    case CN_ACTIVATION_ELU:
    case CN_ACTIVATION_LEAKY_RELU:
    case CN_ACTIVATION_CELU:
    case CN_ACTIVATION_SQUAREPLUS:
    case CN_ACTIVATION_SOFT_SHRINK:
    case CN_ACTIVATION_HARD_SHRINK:
    case CN_ACTIVATION_CLIPPED_RELU:
        return true;
    default:
        return false;
    }
}

} // namespace

void require_activation(int32_t activation, const char* alpha_name, float alpha) {
    constexpr float SmallestOfCelu = 1e-30f; // it divides
    require_enumerator("activation", activation, CN_ACTIVATION_THRESHOLD, "cn_activation");
    if (!takes_alpha(activation)) {
        if (alpha != 0.0f) { // NaN, too
            fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be 0 for activation %d, which has no such parameter", alpha_name,
                 static_cast<double>(alpha), activation);
        }
        return;
    }
    float smallest = activation == CN_ACTIVATION_CELU ? SmallestOfCelu : 0.0f;
    if (!(alpha >= smallest && alpha <= FLT_MAX)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be finite and at least %g", alpha_name, static_cast<double>(alpha),
             static_cast<double>(smallest));
    }
}

void require_stage_activation(int32_t activation, const char* alpha_name, float alpha) {
    require_activation(activation, alpha_name, alpha);
    if (activation >= CN_ACTIVATION_SILU) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "activation is %d: its derivative is not in y, so it cannot end a stage (those up to %d can); make it an op of its own",
             activation, CN_ACTIVATION_SILU - 1);
    }
}

void require_dropout(const char* rate_name, float rate, const char* stream_name, uint32_t stream) {
    if (!(rate >= 0.0f && rate < 1.0f)) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and less than 1", rate_name, static_cast<double>(rate));
    }
    require_range({stream_name, stream}, 0, 0xFFFF);
}

} // namespace compiled::abi
