// One block at a time: its threads, its barrier, and what is reported when they do what a GPU does not define.
//
// A fault ends the kernel where it happens: the threads are abandoned, and the report names the kernel, the block, the thread and the
// reason, with what every thread was waiting for.
#pragma once

#include "async_copy.h"
#include "errors.h"
#include "fiber.h"
#include "schedule.h"
#include "shared_memory.h"
#include "vector_types.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace compiled::sim {

constexpr unsigned WarpSize = 32;

// A place in a kernel. As a default argument: the place of the call.
struct Site {
    const char* file;
    int line;

    static Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

// A launch: a kernel with its arguments.
struct Kernel {
    const void* address;
    Site launched_at;
    dim3 grid;
    dim3 block;
    size_t shared_bytes;
    std::function<void()> body; // of one thread
};

// What of a collective is done once, when all participants are there: reads and writes operands[lane], null for all other lanes.
using Exchange = void (*)(void* const* operands);

enum class ThreadState { Ready, InBarrier, InCollective, Exited };

struct Thread {
    Fiber fiber;
    uint3 index = {};    // threadIdx
    unsigned number = 0; // x first
    ThreadState state = ThreadState::Ready;
    const char* call = nullptr; // what it waits in, where
    Site site = {};
    unsigned mask = 0;       // of the collective that it waits in
    void* operand = nullptr; // its part of it
    Exchange exchange = nullptr;
    AsyncCopies copies;

    unsigned warp() const { return number / WarpSize; }
    unsigned lane() const { return number % WarpSize; }
};

// What one barrier found: of its threads, those that came with a true predicate.
struct BarrierCount {
    int threads;
    int nonzero;
};

class Block {
public:
    // Runs all blocks. An error other than cudaSuccess comes with a report.
    cudaError_t run(const Kernel& kernel);
    const std::string& report() const { return _report; }

    uint3 index() const { return _index; }
    const Kernel& kernel() const { return *_kernel; }
    Thread& current() { return *_current; }
    SharedMemory& shared() { return _shared; }

    // These are called by the running thread.
    BarrierCount barrier(bool predicate, const char* call, Site site);
    void collective(unsigned mask, void* operand, Exchange exchange, const char* call, Site site);
    void yield();
    void interrupt(); // yields now and then, under the random schedule alone
    [[noreturn]] __attribute__((format(printf, 3, 4))) void fault(cudaError_t error, const char* format, ...);

private:
    static void thread_main();

    void run_block(uint64_t number);
    void begin_threads();
    void change_to_next(bool ended = false);
    void wait(ThreadState state, const char* call, Site site);
    void release(Thread& thread);
    void finish_barrier();
    void finish_collective(const Thread& thread);
    [[noreturn]] void report_stuck();
    void exit();
    std::string where() const;
    std::string wait_states() const;

    const Kernel* _kernel = nullptr;
    uint3 _index = {};
    SharedMemory _shared;
    std::vector<std::unique_ptr<Thread>> _threads; // at least those of this block; their stacks are kept
    unsigned _count = 0;
    unsigned _live = 0;
    ReadySet _ready;
    Fiber _main;
    Thread* _current = nullptr;

    std::array<unsigned, ReadySet::Capacity / WarpSize> _in_collective = {}; // lanes of every warp

    int _arrived = 0; // at the barrier
    int _nonzero = 0;
    const Thread* _first_arrived = nullptr;
    BarrierCount _last_barrier = {};

    cudaError_t _error = cudaSuccess;
    std::string _report;
};

// The block that runs, or ran last.
extern Block block;

// Faults of the running thread unless the address is a multiple of `alignment`, or the bytes are all of one array in shared memory.
void check_aligned(const void* memory, size_t alignment, const char* what);
void check_shared(const void* memory, size_t bytes, const char* what);

} // namespace compiled::sim
