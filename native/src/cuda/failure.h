// What went wrong in this library, kept for the ABI layer until it asks (common/plugin.h): exceptions stay in here.
#pragma once

#include "common/error.h"
#include "cuda.h"

#include <new>

namespace compiled::cuda {

// Throws what a call of the CUDA runtime returned. `what` was being done: "allocating 12 bytes".
void check(cudaError_t error, const char* what);

// Of this thread; the first of several stays.
void note_failure(cn_status_code status, const char* reason) noexcept;
void note_failure(cudaError_t error, const char* what) noexcept;
const Failure* take_noted_failure() noexcept;

// Runs body; what it throws is noted, and its result is then empty.
template <class Body>
auto noted(const Body& body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const Error& error) {
        note_failure(error.status(), error.what());
    } catch (const std::bad_alloc&) {
        note_failure(CN_STATUS_OUT_OF_MEMORY, "out of host memory; use a smaller batch or a smaller network");
    } catch (const std::exception& error) {
        note_failure(CN_STATUS_INTERNAL, error.what());
    } catch (...) {
        note_failure(CN_STATUS_INTERNAL, "an unknown exception");
    }
    return decltype(body())();
}

} // namespace compiled::cuda
