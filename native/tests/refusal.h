// Descriptors and calls that must be refused: with the reason in words, and nothing made.
#pragma once

#include "device.h"

namespace refusal {

inline void expect(cn_status status, const char* words, const char* file, int line) {
    const char* message = cn_last_error();
    bool right = status == CN_STATUS_INVALID_ARGUMENT && std::strstr(message, words) != nullptr;
    check::that(right, file, line, "status " + std::to_string(status) + ", \"" + message + "\", expected \"" + words + "\"");
}

// `desc` is right but for what `change` does to it.
template <class Desc, class Change>
void refused(cn_status (*create)(cn_context*, const Desc*, cn_op**), cn_context* context, Desc desc, const Change& change,
             const char* words, const char* file, int line) {
    desc.struct_size = sizeof(Desc);
    cn_op* op = nullptr;
    check::that(create(context, &desc, &op) == CN_STATUS_OK, file, line, cn_last_error());
    cn_op_destroy(op);
    op = nullptr;
    change(desc);
    expect(create(context, &desc, &op), words, file, line);
    check::that(op == nullptr, file, line, "an op was made");
}

} // namespace refusal

#define REFUSED_CALL(call, words) refusal::expect(call, words, __FILE__, __LINE__)
#define REFUSED(create, context, desc, change, words)                                                                                      \
    refusal::refused(                                                                                                                      \
        create, context, desc, [](auto& d) { change; }, words, __FILE__, __LINE__)
