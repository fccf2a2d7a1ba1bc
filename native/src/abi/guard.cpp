#include "guard.h"

#include <cstdio>

namespace compiled::abi {

namespace {

// A plain array: no constructor runs when a thread first fails, and none can.
thread_local char last_error[ReasonCapacity + 64];

} // namespace

cn_status report(const char* function, cn_status_code status, const char* reason) noexcept {
    std::snprintf(last_error, sizeof(last_error), "%s: %s", function, reason);
    return status;
}

} // namespace compiled::abi

const char* cn_last_error(void) {
    return compiled::abi::last_error;
}
