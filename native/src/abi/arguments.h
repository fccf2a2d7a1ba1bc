// Checks of what callers pass beside descriptors: pointers, counts, text buffers.
#pragma once

#include "common/error.h"

#include <cstdint>
#include <string>

namespace compiled::abi {

// A pointer to an array or struct whose elements are `alignment` bytes.
void require_pointer(const char* name, const void* pointer, uintptr_t alignment);

// A pointer that has no meaning here: passing one is a misunderstanding better found at once.
void require_null(const char* name, const void* pointer, const char* reason);

inline void require_floats(const char* name, const void* pointer) {
    require_pointer(name, pointer, alignof(float));
}

// Where a function leaves a handle or an address.
inline void require_out(const char* name, const void* pointer) {
    require_pointer(name, pointer, alignof(void*));
}

// The text protocol of cn_layout_report.
void write_text(const std::string& text, char* host_text, int64_t capacity, int64_t* length);

// A copy of the caller's descriptor, after its size has been compared.
[[noreturn]] void fail_struct_size(uint32_t actual, uint64_t expected);

template <class Desc>
Desc read_desc(const Desc* desc) {
    require_pointer("desc", desc, alignof(Desc));
    if (desc->struct_size != sizeof(Desc)) {
        fail_struct_size(desc->struct_size, sizeof(Desc));
    }
    return *desc;
}

} // namespace compiled::abi
