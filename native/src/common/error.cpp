#include "error.h"

#include <cstdio>

namespace compiled {

Error::Error(cn_status_code status, const char* format, std::va_list arguments) noexcept : _status(status), _message{} {
    std::vsnprintf(_message, sizeof(_message), format, arguments);
}

void fail(cn_status_code status, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    Error error(status, format, arguments);
    va_end(arguments);
    throw error;
}

} // namespace compiled
