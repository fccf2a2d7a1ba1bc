// cp.async: copies from global to shared memory that are not there before they are waited for.
//
// A GPU may copy at any time between the order and the wait. Here the target is poisoned at the order, which shows a target that is
// still read, and filled at the wait, which shows a wait that is missing and a source that changes too early.
#pragma once

#include <cstddef>
#include <deque>

namespace compiled::sim {

// The copies of one thread.
class AsyncCopies {
public:
    void clear();

    // `valid` bytes are copied, zeros fill the rest.
    void add(void* target, const void* source, size_t bytes, size_t valid);
    void commit();
    void wait(size_t pending_groups); // until no more than these are left, the newest

private:
    struct Copy {
        void* target;
        const void* source;
        size_t bytes, valid;
    };

    std::deque<Copy> _copies;   // oldest first; those of closed groups, then the open ones
    std::deque<size_t> _groups; // the sizes of the closed groups
    size_t _open = 0;
};

// The same for the running thread, with what the instruction asks for checked.
void async_copy(void* target, const void* source, size_t bytes, size_t valid);
void async_commit();
void async_wait(size_t pending_groups);

} // namespace compiled::sim
