// What losses, and metrics that are means of losses, have in common.
#pragma once

#include <cstdint>

namespace compiled::abi {

// Those that take logits.
bool is_crossentropy(int32_t loss);

// The fields of these names; they are 0 for losses without them.
void require_loss_parameters(int32_t loss, float delta, float alpha, float gamma, int32_t balance, float beta, int32_t per_sample);

} // namespace compiled::abi
