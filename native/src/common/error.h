// The one exception of the library: a status and its reason. The exports turn it into a return value (abi/guard.h).
#pragma once

#include "compiled.h"

#include <cstdarg>
#include <exception>

namespace compiled {

// The message lives in the exception itself, so that reporting "out of memory" needs no memory.
constexpr int ReasonCapacity = 512;

class Error final : public std::exception {
public:
    Error(cn_status_code status, const char* format, std::va_list arguments) noexcept;

    cn_status_code status() const noexcept { return _status; }
    const char* what() const noexcept override { return _message; }

private:
    cn_status_code _status;
    char _message[ReasonCapacity];
};

// The same as a value, for where nothing may be thrown.
struct Failure {
    cn_status_code status;
    char reason[ReasonCapacity];
};

#if defined(_MSC_VER) && !defined(__clang__)
#define CN_PRINTF(format_at, arguments_at)
#else
#define CN_PRINTF(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))
#endif

// Throws an Error with a printf-style message.
[[noreturn]] CN_PRINTF(2, 3) void fail(cn_status_code status, const char* format, ...);

} // namespace compiled
