// Descriptors are validated here, once, for every backend. A kernel may rely on: extents of at least 1 and at most MaxExtent, tensors of
// at most MaxElements, windows that stay in reach of the input and reach over at most MaxExtent, known enumerators, rates in [0, 1).
#pragma once

#include "common/backend.h"

namespace compiled::abi {

constexpr int64_t MaxExtent = INT32_MAX;             // height, width, channels, window fields
constexpr int64_t MaxElements = int64_t{1} << 50;    // of a tensor: its bytes, padded and packed in any way, fit int64_t
constexpr int64_t MaxWindowCells = int64_t{1} << 20; // of a convolution, whose kernels keep a table of them
constexpr int64_t MaxPoolingCells = 254;             // a cell number fits a byte, with two values left to a backend

void validate(const cn_context_desc& desc);
void validate(const cn_gather_desc& desc);
void validate(const cn_activation_desc& desc);
void validate(const cn_softmax_desc& desc);
void validate(const cn_dropout_desc& desc);
void validate(const cn_max_pooling2d_desc& desc);
void validate(const cn_conv2d_desc& desc);
void validate(const cn_dense_desc& desc);
void validate(const cn_loss_desc& desc);
void validate(const cn_optimizer_desc& desc);

} // namespace compiled::abi
