// The threads of one context, with a fixed partition.
//
// parallel_for(items, body) calls body(item, thread) once for each item in [0, items): thread t of T takes the items from
// items * t / T up to items * (t + 1) / T, in rising order. Nothing is stolen and nothing is allocated.
//
// For results that do not depend on the number of threads an op must cut its work into items by its shapes alone and let no item
// read what another one writes. Reductions over items are summed afterwards, in the order of the items.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace compiled::cpu {

class ThreadPool {
public:
    // `threads` includes the calling thread.
    explicit ThreadPool(int threads);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    int threads() const noexcept { return _threads; }

    // The calling thread is thread 0. An exception of the body is rethrown here, after all threads have stopped.
    template <class Body>
    void parallel_for(int64_t items, const Body& body) {
        run(items, &body, [](const void* context, int64_t begin, int64_t end, int thread) {
            const Body& typed = *static_cast<const Body*>(context);
            for (int64_t item = begin; item < end; ++item) {
                typed(item, thread);
            }
        });
    }

private:
    using RangeFunction = void (*)(const void* context, int64_t begin, int64_t end, int thread);

    void run(int64_t items, const void* context, RangeFunction function);
    void run_part(int thread) noexcept;
    void work(int thread) noexcept;
    void stop() noexcept;

    int _threads;
    std::vector<std::thread> _workers;

    // The job, written by the caller before it raises _generation.
    RangeFunction _function = nullptr;
    const void* _context = nullptr;
    int64_t _items = 0;
    bool _stopping = false;

    alignas(64) std::atomic<uint64_t> _generation{0};
    alignas(64) std::atomic<int> _pending{0};
    alignas(64) std::atomic<int> _sleepers{0};
    std::atomic<bool> _caller_sleeps{false};
    std::mutex _mutex;
    std::condition_variable _wake;
    std::condition_variable _done;
    std::exception_ptr _failure; // guarded by _mutex
};

} // namespace compiled::cpu
