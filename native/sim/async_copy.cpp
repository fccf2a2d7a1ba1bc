#include "async_copy.h"

#include "block.h"

#include <cstring>

namespace compiled::sim {

void AsyncCopies::clear() {
    _copies.clear();
    _groups.clear();
    _open = 0;
}

void AsyncCopies::add(void* target, const void* source, size_t bytes, size_t valid) {
    std::memset(target, PoisonByte, bytes);
    _copies.push_back({target, source, bytes, valid});
    ++_open;
}

void AsyncCopies::commit() {
    _groups.push_back(_open);
    _open = 0;
}

void AsyncCopies::wait(size_t pending_groups) {
    for (; _groups.size() > pending_groups; _groups.pop_front()) {
        for (size_t i = 0; i < _groups.front(); ++i, _copies.pop_front()) {
            const Copy& copy = _copies.front();
            if (copy.valid > 0) {
                std::memcpy(copy.target, copy.source, copy.valid);
            }
            std::memset(static_cast<char*>(copy.target) + copy.valid, 0, copy.bytes - copy.valid);
        }
    }
}

void async_copy(void* target, const void* source, size_t bytes, size_t valid) {
    check_aligned(target, bytes, "the target of an async copy");
    check_aligned(source, bytes, "the source of an async copy");
    check_shared(target, bytes, "the target of an async copy");
    if (valid > bytes) {
        block.fault(cudaErrorLaunchFailure, "an async copy of %zu bytes cannot have %zu valid ones", bytes, valid);
    }
    block.current().copies.add(target, source, bytes, valid);
}

void async_commit() {
    block.current().copies.commit();
}

void async_wait(size_t pending_groups) {
    block.current().copies.wait(pending_groups);
}

} // namespace compiled::sim
