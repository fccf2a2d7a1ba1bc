#include "block.h"

#include "symbols.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace compiled::sim {
namespace {

struct Fault {};

std::string format(const char* text, ...) __attribute__((format(printf, 1, 2)));

std::string format_list(const char* text, std::va_list arguments) {
    char buffer[512];
    std::vsnprintf(buffer, sizeof(buffer), text, arguments);
    return buffer;
}

std::string format(const char* text, ...) {
    std::va_list arguments;
    va_start(arguments, text);
    std::string result = format_list(text, arguments);
    va_end(arguments);
    return result;
}

// The number of the lowest set bit.
unsigned lowest(unsigned bits) {
    return static_cast<unsigned>(__builtin_ctz(bits));
}

// Literals: mostly the same one.
bool same_text(const char* left, const char* right) {
    return left == right || std::strcmp(left, right) == 0;
}

// Of two lanes in collectives: whether they are in the same one.
bool same_call(const Thread& left, const Thread& right) {
    return left.mask == right.mask && same_text(left.call, right.call);
}

std::string describe(const Thread& thread) {
    switch (thread.state) {
    case ThreadState::Ready:
        return "running";
    case ThreadState::Exited:
        return "exited";
    case ThreadState::InBarrier:
        return format("in %s at %s:%d", thread.call, thread.site.file, thread.site.line);
    case ThreadState::InCollective:
        return format("in %s with mask %08x at %s:%d", thread.call, thread.mask, thread.site.file, thread.site.line);
    }
    return "";
}

} // namespace

Block block;

cudaError_t Block::run(const Kernel& kernel) {
    _kernel = &kernel;
    _error = cudaSuccess;
    _report.clear();
    uint64_t count = uint64_t{kernel.grid.x} * kernel.grid.y * kernel.grid.z;
    for (uint64_t i = 0; i < count && _error == cudaSuccess; ++i) {
        run_block(scheduled_block(i, count));
    }
    return _error;
}

void Block::run_block(uint64_t number) {
    const dim3& grid = _kernel->grid;
    _index = {static_cast<unsigned>(number % grid.x), static_cast<unsigned>(number / grid.x % grid.y),
              static_cast<unsigned>(number / grid.x / grid.y)};
    _arrived = _nonzero = 0;
    _shared.begin(_kernel->shared_bytes);
    begin_threads();
    _current = _threads[static_cast<size_t>(_ready.next(-1))].get();
    Fiber::change(_main, _current->fiber);
    if (_error == cudaSuccess && !_shared.intact()) {
        _error = cudaErrorIllegalAddress;
        _report = where() + ": wrote outside of its shared memory";
    }
    _current = nullptr;
}

void Block::begin_threads() {
    const dim3& size = _kernel->block;
    _count = _live = size.x * size.y * size.z;
    _ready.clear(_count);
    _in_collective = {};
    while (_threads.size() < _count) {
        _threads.push_back(std::make_unique<Thread>());
    }
    for (unsigned number = 0; number < _count; ++number) {
        Thread& thread = *_threads[number];
        thread.index = {number % size.x, number / size.x % size.y, number / size.x / size.y};
        thread.number = number;
        thread.state = ThreadState::Ready;
        thread.copies.clear();
        thread.fiber.start(thread_main);
        _ready.add(number);
    }
}

// A fault is thrown, so that what the kernel's frames own is freed; the frames of the other threads are forgotten.
void Block::thread_main() {
    try {
        block._kernel->body();
        block.exit();
    } catch (const Fault&) {
    }
    Fiber::change(block._current->fiber, block._main, true);
}

void Block::change_to_next(bool ended) {
    int next = _ready.next(static_cast<int>(_current->number));
    if (next < 0) {
        report_stuck();
    }
    Thread& from = *_current;
    Thread& to = *_threads[static_cast<size_t>(next)];
    if (&from != &to) {
        _current = &to;
        Fiber::change(from.fiber, to.fiber, ended);
    }
}

void Block::yield() {
    change_to_next();
}

void Block::interrupt() {
    if (schedule() == Schedule::Random && random_below(4) == 0) {
        yield();
    }
}

void Block::wait(ThreadState state, const char* call, Site site) {
    _current->state = state;
    _current->call = call;
    _current->site = site;
    _ready.remove(_current->number);
}

void Block::release(Thread& thread) {
    thread.state = ThreadState::Ready;
    _ready.add(thread.number);
}

// Threads that have exited are not waited for, as on Volta and later.
BarrierCount Block::barrier(bool predicate, const char* call, Site site) {
    if (_arrived == 0) {
        _first_arrived = _current;
    } else if (site.line != _first_arrived->site.line || !same_text(site.file, _first_arrived->site.file)) {
        fault(cudaErrorLaunchFailure, "divergent barrier: %s at %s:%d, while thread (%u, %u, %u) is %s", call, site.file, site.line,
              _first_arrived->index.x, _first_arrived->index.y, _first_arrived->index.z, describe(*_first_arrived).c_str());
    }
    ++_arrived;
    _nonzero += predicate ? 1 : 0;
    wait(ThreadState::InBarrier, call, site);
    finish_barrier();
    change_to_next();
    return _last_barrier; // the next barrier cannot end before this thread is there
}

void Block::finish_barrier() {
    if (_arrived == 0 || static_cast<unsigned>(_arrived) < _live) {
        return;
    }
    _last_barrier = {_arrived, _nonzero};
    _arrived = _nonzero = 0;
    for (unsigned number = 0; number < _count; ++number) {
        if (_threads[number]->state == ThreadState::InBarrier) {
            release(*_threads[number]);
        }
    }
}

void Block::collective(unsigned mask, void* operand, Exchange exchange, const char* call, Site site) {
    unsigned lane = _current->lane();
    if ((mask >> lane & 1) == 0) {
        fault(cudaErrorLaunchFailure, "wrong mask: %s with mask %08x by lane %u, which is not in it, at %s:%d", call, mask, lane, site.file,
              site.line);
    }
    _current->mask = mask;
    _current->operand = operand;
    _current->exchange = exchange;
    _in_collective[_current->warp()] |= 1u << lane;
    wait(ThreadState::InCollective, call, site);
    finish_collective(*_current);
    change_to_next();
}

// Lanes that have exited, or never were, are not waited for.
void Block::finish_collective(const Thread& thread) {
    unsigned& waiting = _in_collective[thread.warp()];
    unsigned first = thread.warp() * WarpSize;
    for (unsigned rest = thread.mask & ~waiting; rest != 0; rest &= rest - 1) {
        unsigned number = first + lowest(rest);
        if (number < _count && _threads[number]->state != ThreadState::Exited) {
            return;
        }
    }
    void* operands[WarpSize] = {};
    unsigned participants = thread.mask & waiting;
    for (unsigned rest = participants; rest != 0; rest &= rest - 1) {
        const Thread& other = *_threads[first + lowest(rest)];
        if (!same_call(other, thread)) {
            return;
        }
        operands[other.lane()] = other.operand;
    }
    thread.exchange(operands);
    waiting &= ~participants;
    for (unsigned rest = participants; rest != 0; rest &= rest - 1) {
        release(*_threads[first + lowest(rest)]);
    }
}

// Nobody can go on. Two lanes that name each other in different calls are a reason; there may be others.
void Block::report_stuck() {
    for (unsigned left = 0; left < _count; ++left) {
        unsigned end = std::min(_count, (left / WarpSize + 1) * WarpSize);
        for (unsigned right = left + 1; right < end; ++right) {
            const Thread& one = *_threads[left];
            const Thread& other = *_threads[right];
            bool both_wait = one.state == ThreadState::InCollective && other.state == ThreadState::InCollective;
            if (both_wait && (one.mask >> other.lane() & 1) != 0 && (other.mask >> one.lane() & 1) != 0 && !same_call(one, other)) {
                fault(cudaErrorLaunchFailure, "wrong mask: lane %u is %s, while lane %u is %s", one.lane(), describe(one).c_str(),
                      other.lane(), describe(other).c_str());
            }
        }
    }
    fault(cudaErrorLaunchFailure, "deadlock");
}

void Block::exit() {
    _current->state = ThreadState::Exited;
    _ready.remove(_current->number);
    --_live;
    finish_barrier();
    unsigned waiting = _in_collective[_current->warp()];
    for (unsigned rest = waiting; rest != 0; rest &= rest - 1) {
        const Thread& other = *_threads[_current->warp() * WarpSize + lowest(rest)];
        if (other.state == ThreadState::InCollective) { // not released by a call for another lane
            finish_collective(other);
        }
    }
    if (_live > 0) {
        change_to_next(true);
    }
}

void Block::fault(cudaError_t error, const char* text, ...) {
    std::va_list arguments;
    va_start(arguments, text);
    std::string reason = format_list(text, arguments);
    va_end(arguments);
    if (_current == nullptr) {
        std::fprintf(stderr, "device code was called by the host: %s\n", reason.c_str());
        std::abort();
    }
    const uint3& thread = _current->index;
    _error = error;
    _report = where() + format(", thread (%u, %u, %u): ", thread.x, thread.y, thread.z) + reason + wait_states();
    throw Fault();
}

std::string Block::where() const {
    return format("kernel %s launched at %s:%d, block (%u, %u, %u)", function_name(_kernel->address).c_str(), _kernel->launched_at.file,
                  _kernel->launched_at.line, _index.x, _index.y, _index.z);
}

// One line for each run of neighbouring lanes that do the same.
std::string Block::wait_states() const {
    std::string text;
    for (unsigned begin = 0; begin < _count;) {
        std::string state = describe(*_threads[begin]);
        unsigned end = begin + 1;
        while (end < _count && end % WarpSize != 0 && describe(*_threads[end]) == state) {
            ++end;
        }
        text += format("\n  warp %u, lanes %u to %u: %s", begin / WarpSize, begin % WarpSize, (end - 1) % WarpSize, state.c_str());
        begin = end;
    }
    return text;
}

void check_aligned(const void* memory, size_t alignment, const char* what) {
    if (reinterpret_cast<uintptr_t>(memory) % alignment != 0) {
        block.fault(cudaErrorMisalignedAddress, "%s, %p, is not aligned to %zu bytes", what, memory, alignment);
    }
}

void check_shared(const void* memory, size_t bytes, const char* what) {
    if (!block.shared().contains(memory, bytes)) {
        block.fault(cudaErrorIllegalAddress, "%s, %zu bytes at %p, is not in one array of shared memory", what, bytes, memory);
    }
}

} // namespace compiled::sim
