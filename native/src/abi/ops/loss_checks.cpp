#include "loss_checks.h"

#include "abi/checks.h"

#include <cmath>
#include <limits>

namespace compiled::abi {

namespace {

void require_parameter(const char* name, float value, bool is_taken, int32_t loss, float smallest, float largest) {
    if (!is_taken && value != 0.0f) { // NaN, too
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be 0 for loss %d, which has no such parameter", name,
             static_cast<double>(value), loss);
    }
    if (is_taken && !(value >= smallest && value <= largest)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be from %g to %g", name, static_cast<double>(value),
             static_cast<double>(smallest), static_cast<double>(largest));
    }
}

} // namespace

bool is_crossentropy(int32_t loss) {
    switch (loss) {
    case CN_LOSS_CATEGORICAL_CROSSENTROPY:
    case CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY:
    case CN_LOSS_BINARY_CROSSENTROPY:
    case CN_LOSS_BINARY_FOCAL_CROSSENTROPY:
    case CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
        return true;
    default:
        return false;
    }
}

void require_loss_parameters(int32_t loss, float delta, float alpha, float gamma, int32_t balance, float beta, int32_t per_sample) {
    constexpr float Smallest = std::numeric_limits<float>::min(), Largest = std::numeric_limits<float>::max();
    bool is_binary_focal = loss == CN_LOSS_BINARY_FOCAL_CROSSENTROPY;
    bool is_focal = is_binary_focal || loss == CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY;
    require_parameter("delta", delta, loss == CN_LOSS_HUBER, loss, Smallest, Largest);
    bool is_tversky = loss == CN_LOSS_TVERSKY;
    require_parameter("alpha", alpha, is_focal || is_tversky, loss, 0.0f, is_tversky ? Largest : 1.0f);
    require_parameter("gamma", gamma, is_focal, loss, 0.0f, Largest);
    require_parameter("beta", beta, is_tversky, loss, 0.0f, Largest);
    require_flag("per_sample", per_sample);
    if (per_sample != 0 && !is_tversky && loss != CN_LOSS_DICE) {
        fail(CN_STATUS_INVALID_ARGUMENT, "per_sample is 1: it must be 0 for loss %d, which has a value for each position", loss);
    }
    require_flag("balance", balance);
    if (balance != 0 && !is_binary_focal) {
        fail(CN_STATUS_INVALID_ARGUMENT, "balance is 1: it must be 0 for loss %d, which has no such parameter", loss);
    }
}

} // namespace compiled::abi
