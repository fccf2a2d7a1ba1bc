// A fiber: a stack and the place where its code stopped. Every thread of a simulated block is one; they all run on the host thread
// that runs the kernel, one at a time, and change only where they say so.
#pragma once

#include <cstddef>

#if !defined(CN_SIM_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define CN_SIM_UCONTEXT 1
#endif
#if defined(CN_SIM_UCONTEXT)
#include <ucontext.h>
#endif

namespace compiled::sim {

class Fiber {
public:
    Fiber() = default; // without start(): the stack of whoever switches away from it
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    // The next switch to this fiber calls entry on an empty stack. What was there before is forgotten. entry must not return.
    void start(void (*entry)());

    // Leaves `from`, the running fiber, and continues `to`. Returns when someone switches back, which nobody may do if `from` has ended.
    static void change(Fiber& from, Fiber& to, bool from_has_ended = false);

private:
    static void enter();
    void arrive();

#if defined(CN_SIM_UCONTEXT)
    ucontext_t _context = {};
#else
    void* _stack_pointer = nullptr;
#endif
    void (*_entry)() = nullptr;
    char* _mapping = nullptr; // guard page, then the stack
    const void* _bottom = nullptr;
    size_t _size = 0;
    void* _fake_stack = nullptr; // of the address sanitizer
};

} // namespace compiled::sim
