#include "arguments.h"

#include <algorithm>
#include <cstring>

namespace compiled::abi {

void require_pointer(const char* name, const void* pointer, uintptr_t alignment) {
    if (pointer == nullptr) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is null", name);
    }
    if (reinterpret_cast<uintptr_t>(pointer) % alignment != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %p: it must be aligned to %d bytes", name, pointer, static_cast<int>(alignment));
    }
}

void require_null(const char* name, const void* pointer, const char* reason) {
    if (pointer != nullptr) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s must be null: %s", name, reason);
    }
}

void write_text(const std::string& text, char* host_text, int64_t capacity, int64_t* length) {
    require_pointer("length", length, alignof(int64_t));
    if (capacity < 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "capacity is %lld: it must be at least 0", static_cast<long long>(capacity));
    }
    if (capacity > 0) {
        require_pointer("host_text", host_text, 1);
        size_t copied = std::min(text.size(), static_cast<size_t>(capacity) - 1);
        std::memcpy(host_text, text.data(), copied);
        host_text[copied] = '\0';
    }
    *length = static_cast<int64_t>(text.size());
}

void fail_struct_size(uint32_t actual, uint64_t expected) {
    fail(CN_STATUS_INVALID_ARGUMENT,
         "struct_size is %u, but this library (ABI version %d) expects %llu: the caller was built with another version of compiled.h; "
         "use matching versions",
         actual, CN_ABI_VERSION, static_cast<unsigned long long>(expected));
}

} // namespace compiled::abi
