// The thread pool: its partition, exceptions, and many short jobs after pauses long enough for the workers to sleep.
#include "check.h"
#include "cpu/thread_pool.h"

#include <chrono>
#include <stdexcept>

using compiled::cpu::ThreadPool;

int main() {
    for (int threads = 1; threads <= 5; ++threads) {
        check::scope = std::to_string(threads) + " threads";
        ThreadPool pool(threads);
        for (int64_t items : {0, 1, 2, 3, 7, 100, 1001}) {
            std::vector<int> owner(static_cast<size_t>(items), -1), visits(static_cast<size_t>(items), 0);
            pool.parallel_for(items, [&](int64_t item, int thread) {
                owner[static_cast<size_t>(item)] = thread;
                ++visits[static_cast<size_t>(item)];
            });
            bool once = true, in_place = true;
            for (int64_t item = 0; item < items; ++item) {
                int64_t thread = items == 1 ? 0 : owner[static_cast<size_t>(item)];
                once = once && visits[static_cast<size_t>(item)] == 1;
                in_place = in_place && (items == 1 || (items * thread / threads <= item && item < items * (thread + 1) / threads));
            }
            CHECK(once);
            CHECK(in_place);
        }
        int64_t total = 0;
        for (int round = 0; round < 3000; ++round) {
            std::vector<int64_t> partial(8, 0);
            pool.parallel_for(8, [&](int64_t item, int) { partial[static_cast<size_t>(item)] = item; });
            for (int64_t one : partial) {
                total += one;
            }
            if (round % 300 == 0) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        }
        CHECK(total == 3000 * 28);
        for (int round = 0; round < 20; ++round) {
            bool caught = false;
            try {
                pool.parallel_for(10, [&](int64_t item, int) {
                    if (item == round % 10) {
                        throw std::runtime_error("expected");
                    }
                });
            } catch (const std::runtime_error&) {
                caught = true;
            }
            CHECK(caught);
        }
    }
    return check::result();
}
