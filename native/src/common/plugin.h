// The one entry point of a backend in a library of its own: libcompiled_cuda, and libcompiled_cuda_sim for tests.
//
// What it returns is C++: the two libraries must be built from the same sources, by compilers that agree on classes and virtual functions.
// Memory and exceptions stay where they come from: objects are deleted through virtual destructors, failures are values.
#pragma once

#include "backend.h"

namespace compiled {

// The backend of a new context, or null and the reason. `abi_version` is the caller's CN_ABI_VERSION.
using OpenBackend = Backend* (*)(uint32_t abi_version, const cn_context_desc* desc, Failure* failure);

constexpr const char* OpenBackendName = "cn_backend_open";

} // namespace compiled

#if defined(_WIN32)
#define CN_PLUGIN_EXPORT extern "C" __declspec(dllexport)
#else
#define CN_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#endif
