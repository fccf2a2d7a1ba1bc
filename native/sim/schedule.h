// Which thread of a block runs next, whenever the running one waits.
//
// A correct kernel computes the same in every order. In lock step all threads run from barrier to barrier together, which hides
// missing barriers; a greedy schedule runs one warp as far as it can get before it starts the next, which shows them.
#pragma once

#include <array>
#include <cstdint>

namespace compiled::sim {

enum class Schedule { LockStep, Reverse, WarpGreedy, ReverseWarpGreedy, Random };

// From the next kernel on. Without a call: the environment variable COMPILED_SIM_SCHEDULE, which is lock-step (the default), reverse,
// warp-greedy, reverse-warp-greedy, random or random:SEED.
void set_schedule(Schedule schedule, uint64_t seed = 0);
Schedule schedule();

// The schedule that COMPILED_SIM_SCHEDULE=text asks for. False, and nothing changes, if it asks for none.
bool set_schedule(const char* text);

// The same for a test that knows the simulator as a library loaded at run time: 1 or 0.
extern "C" __attribute__((visibility("default"))) int compiled_sim_set_schedule(const char* text);

// A number in [0, bound), from the seed.
unsigned random_below(unsigned bound);

// The number of the index-th of `count` blocks.
uint64_t scheduled_block(uint64_t index, uint64_t count);

// The threads of a block that can run.
class ReadySet {
public:
    static constexpr unsigned Capacity = 1024;

    void clear(unsigned threads);
    void add(unsigned thread) { _words[thread / 64] |= uint64_t{1} << (thread % 64); }
    void remove(unsigned thread) { _words[thread / 64] &= ~(uint64_t{1} << (thread % 64)); }

    // The scheduled one after `thread`, or -1 if none is ready. `thread` is -1 at the beginning of a block.
    int next(int thread) const;

private:
    int first_from(unsigned thread) const; // thread, thread + 1, ... or -1
    int last_until(int thread) const;      // thread, thread - 1, ... or -1

    std::array<uint64_t, Capacity / 64> _words = {};
    unsigned _threads = 0;
};

} // namespace compiled::sim
