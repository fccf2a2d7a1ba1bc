// The entry point of this library.
#include "common/plugin.h"

#include "context.h"

#include <cstdio>

CN_PLUGIN_EXPORT compiled::Backend* cn_backend_open(uint32_t abi_version, const cn_context_desc* desc, compiled::Failure* failure) {
    using namespace compiled;
    if (abi_version != CN_ABI_VERSION) {
        failure->status = CN_STATUS_UNSUPPORTED;
        std::snprintf(failure->reason, sizeof(failure->reason),
                      "the CUDA backend has ABI version %d, the library that loads it %u: build both from the same sources", CN_ABI_VERSION,
                      abi_version);
        return nullptr;
    }
    int before = cuda::current_device();
    Backend* backend = cuda::noted([&]() -> Backend* { return new cuda::Context(*desc); });
    if (before != desc->ordinal) {
        cuda::restore_device(before);
    }
    if (backend == nullptr) {
        *failure = *cuda::take_noted_failure();
    }
    return backend;
}
