// Where the backends of contexts come from.
#pragma once

#include "common/backend.h"

namespace compiled::abi {

// The CPU's is part of this library; CUDA's is loaded when it is first asked for, and stays.
std::unique_ptr<Backend> open_backend(const cn_context_desc& desc);

// Throws what a backend in a library of its own could not: to be called after everything that was asked of one.
void require_success(Backend& backend);

} // namespace compiled::abi
