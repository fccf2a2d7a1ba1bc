#include "fiber.h"

#include "sanitizer.h"

#include <cstdint>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace compiled::sim {
namespace {

#if defined(CN_SIM_ASAN)
constexpr size_t StackBytes = 256 * 1024; // instrumented frames are several times larger
#else
constexpr size_t StackBytes = 64 * 1024;
#endif

Fiber* running = nullptr;
Fiber* left = nullptr; // the fiber before the running one

} // namespace

#if !defined(CN_SIM_UCONTEXT)
// Pushes what a function must preserve, keeps the stack pointer in *from, takes `to` for it, and pops.
extern "C" void change_stack(void** from, void* to) __asm__("compiled_sim_change_stack");
#endif

#if defined(CN_SIM_UCONTEXT)
#elif defined(__x86_64__)
__asm__(R"(
.text
.globl compiled_sim_change_stack
.p2align 4
compiled_sim_change_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");
constexpr size_t SavedWords = 8; // six registers, the return address, and a word that keeps the stack aligned as after a call
constexpr size_t ReturnWord = 6;
#elif defined(__aarch64__)
__asm__(R"(
.text
.globl compiled_sim_change_stack
.p2align 4
compiled_sim_change_stack:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
)");
constexpr size_t SavedWords = 20;
constexpr size_t ReturnWord = 11; // x30
#endif

Fiber::~Fiber() {
    if (_mapping != nullptr) {
        munmap(_mapping, static_cast<size_t>(sysconf(_SC_PAGESIZE)) + _size);
    }
}

void Fiber::start(void (*entry)()) {
    if (_mapping == nullptr) {
        auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        void* mapping = mmap(nullptr, page + StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED || mprotect(mapping, page, PROT_NONE) != 0) {
            throw std::bad_alloc();
        }
        _mapping = static_cast<char*>(mapping);
        _bottom = _mapping + page;
        _size = StackBytes;
    }
    allow(_bottom, _size); // an abandoned fiber leaves its frames marked
    _fake_stack = nullptr;
    _entry = entry;
#if defined(CN_SIM_UCONTEXT)
    getcontext(&_context);
    _context.uc_stack.ss_sp = const_cast<void*>(_bottom);
    _context.uc_stack.ss_size = _size;
    makecontext(&_context, enter, 0);
#else
    auto* frame = reinterpret_cast<uintptr_t*>(const_cast<char*>(static_cast<const char*>(_bottom)) + _size) - SavedWords;
    for (size_t word = 0; word < SavedWords; ++word) {
        frame[word] = 0;
    }
    frame[ReturnWord] = reinterpret_cast<uintptr_t>(&enter);
    _stack_pointer = frame;
#endif
}

void Fiber::change(Fiber& from, Fiber& to, [[maybe_unused]] bool from_has_ended) {
    left = &from;
    running = &to;
#if defined(CN_SIM_ASAN)
    __sanitizer_start_switch_fiber(from_has_ended ? nullptr : &from._fake_stack, to._bottom, to._size);
#endif
#if defined(CN_SIM_UCONTEXT)
    swapcontext(&from._context, &to._context);
#else
    change_stack(&from._stack_pointer, to._stack_pointer);
#endif
    from.arrive();
}

void Fiber::enter() {
    running->arrive();
    running->_entry();
    std::abort(); // there is nowhere to return to
}

void Fiber::arrive() {
#if defined(CN_SIM_ASAN)
    __sanitizer_finish_switch_fiber(_fake_stack, &left->_bottom, &left->_size);
#endif
}

} // namespace compiled::sim
