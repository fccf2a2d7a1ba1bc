#include "schedule.h"

#include "device.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace compiled::sim {
namespace {

struct Choice {
    Schedule schedule = Schedule::LockStep;
    uint64_t random_state = 0;

    Choice() {
        const char* text = std::getenv("COMPILED_SIM_SCHEDULE");
        if (text != nullptr && !parse(text)) {
            std::fprintf(stderr, "COMPILED_SIM_SCHEDULE=%s is no schedule; lock-step is taken\n", text);
        }
    }

    bool parse(const char* text) {
        constexpr const char* Names[] = {"lock-step", "reverse", "warp-greedy", "reverse-warp-greedy", "random"};
        for (int i = 0; i < 5; ++i) {
            if (std::strcmp(text, Names[i]) == 0) {
                set(static_cast<Schedule>(i), 0);
                return true;
            }
        }
        char* end = nullptr;
        if (std::strncmp(text, "random:", 7) != 0 || text[7] < '0' || text[7] > '9') {
            return false;
        }
        uint64_t seed = std::strtoull(text + 7, &end, 10);
        if (*end != '\0') {
            return false;
        }
        set(Schedule::Random, seed);
        return true;
    }

    void set(Schedule chosen, uint64_t seed) {
        schedule = chosen;
        random_state = seed * 2 + 1;
    }
};

Choice& choice() {
    static Choice chosen;
    return chosen;
}

} // namespace

void set_schedule(Schedule schedule, uint64_t seed) {
    choice().set(schedule, seed);
}

bool set_schedule(const char* text) {
    return choice().parse(text);
}

int compiled_sim_set_schedule(const char* text) {
    std::lock_guard<std::recursive_mutex> lock(device().mutex); // held by another thread while its kernels run
    return set_schedule(text) ? 1 : 0;
}

Schedule schedule() {
    return choice().schedule;
}

unsigned random_below(unsigned bound) {
    uint64_t& state = choice().random_state;
    state = state * 6364136223846793005u + 1442695040888963407u; // Knuth's MMIX
    return static_cast<unsigned>(((state >> 32) * bound) >> 32);
}

uint64_t scheduled_block(uint64_t index, uint64_t count) {
    switch (schedule()) {
    case Schedule::Reverse:
    case Schedule::ReverseWarpGreedy:
        return count - 1 - index;
    case Schedule::Random: // neighbours change places
        return (index ^ 1) < count ? index ^ 1 : index;
    default:
        return index;
    }
}

void ReadySet::clear(unsigned threads) {
    _words = {};
    _threads = threads;
}

int ReadySet::next(int thread) const {
    int found = -1;
    switch (schedule()) {
    case Schedule::LockStep:
        found = first_from(static_cast<unsigned>(thread + 1));
        return found >= 0 ? found : first_from(0);
    case Schedule::Reverse:
        found = last_until(thread - 1);
        return found >= 0 ? found : last_until(static_cast<int>(_threads) - 1);
    case Schedule::WarpGreedy:
        return first_from(0);
    case Schedule::ReverseWarpGreedy:
        return last_until(static_cast<int>(_threads) - 1);
    case Schedule::Random:
        found = first_from(random_below(_threads));
        return found >= 0 ? found : first_from(0);
    }
    return found;
}

int ReadySet::first_from(unsigned thread) const {
    for (unsigned word = thread / 64; word < _words.size(); ++word) {
        uint64_t bits = _words[word];
        if (word == thread / 64) {
            bits &= ~uint64_t{0} << (thread % 64);
        }
        if (bits != 0) {
            return static_cast<int>(word * 64) + __builtin_ctzll(bits);
        }
    }
    return -1;
}

int ReadySet::last_until(int thread) const {
    for (int word = thread < 0 ? -1 : thread / 64; word >= 0; --word) {
        uint64_t bits = _words[static_cast<size_t>(word)];
        if (word == thread / 64) {
            bits &= ~uint64_t{0} >> (63 - thread % 64);
        }
        if (bits != 0) {
            return word * 64 + 63 - __builtin_clzll(bits);
        }
    }
    return -1;
}

} // namespace compiled::sim
