// Calls that must be refused, and what they must say.
#pragma once

#include "device.h"

namespace device {

inline void refused(cn_status status, const char* words, const char* file, int line) {
    bool said = std::strstr(cn_last_error(), words) != nullptr;
    check::that(status == CN_STATUS_INVALID_ARGUMENT && said, file, line,
                "status " + std::to_string(status) + ", \"" + cn_last_error() + "\" instead of one with \"" + words + "\"");
}

template <class Desc, class Change>
void refused_desc(cn_context* context, cn_status (*create)(cn_context*, const Desc*, cn_op**), Desc desc, const Change& change,
                  const char* words, const char* file, int line) {
    desc.struct_size = sizeof(desc);
    change(desc);
    cn_op* op = nullptr;
    refused(create(context, &desc, &op), words, file, line);
    check::that(op == nullptr, file, line, "an op was made");
    cn_op_destroy(op);
}

} // namespace device

#define REFUSED(call, words) device::refused(call, words, __FILE__, __LINE__)
// `change` is what is wrong with the descriptor, of the name d.
#define REFUSED_DESC(context, create, desc, change, words)                                                                                 \
    device::refused_desc(                                                                                                                  \
        context, create, desc, [](auto& d) { change; }, words, __FILE__, __LINE__)
