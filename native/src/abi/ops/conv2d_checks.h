// What the ops of convolution stages have in common.
#pragma once

#include "op.h"

namespace compiled::abi {

void require_conv2d(const cn_conv2d_desc& desc);

// As backends know it: with at least one group.
cn_conv2d_desc with_groups(const cn_conv2d_desc& desc);

void note_conv2d(OpEntry& entry, const cn_conv2d_desc& desc);

void require_moments(const OpEntry& entry, const double* moments);

void require_addend(const OpEntry& entry, const float* addend);

} // namespace compiled::abi
