// What stands between the exports and .NET: every export is one call of `guarded`, which turns whatever is thrown into a status and a
// thread-local message. Nothing unwinds into the caller.
#pragma once

#include "common/error.h"

#include <new>
#include <system_error>

namespace compiled::abi {

// Notes the reason of a failure for cn_last_error and returns its status. Allocates nothing.
cn_status report(const char* function, cn_status_code status, const char* reason) noexcept;

template <class Body>
cn_status guarded(const char* function, const Body& body) noexcept {
    try {
        body();
        return CN_STATUS_OK;
    } catch (const Error& error) {
        return report(function, error.status(), error.what());
    } catch (const std::bad_alloc&) {
        return report(function, CN_STATUS_OUT_OF_MEMORY, "out of memory; use a smaller batch or a smaller network");
    } catch (const std::exception& error) {
        return report(function, CN_STATUS_INTERNAL, error.what());
    } catch (...) {
        return report(function, CN_STATUS_INTERNAL, "an unknown exception");
    }
}

} // namespace compiled::abi
