#include "thread_pool.h"

#include "common/error.h"
#include "float_environment.h"

#include <system_error>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace compiled::cpu {

namespace {

// How often a waiting thread looks before it goes to sleep: some tens of microseconds, longer than the gap between two ops of a training
// step and shorter than anybody else on the machine would notice.
constexpr int Spins = 2000;

void pause() noexcept {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

} // namespace

ThreadPool::ThreadPool(int threads) : _threads(threads) {
    try {
        _workers.reserve(static_cast<size_t>(threads) - 1);
        for (int thread = 1; thread < threads; ++thread) {
            _workers.emplace_back([this, thread] { work(thread); });
        }
    } catch (const std::system_error&) {
        auto started = static_cast<int>(_workers.size()) + 1;
        stop();
        fail(CN_STATUS_OUT_OF_MEMORY, "threads is %d, but the system allows this process no more than %d: ask for fewer threads", threads,
             started);
    } catch (...) {
        stop();
        throw;
    }
}

ThreadPool::~ThreadPool() {
    stop();
}

void ThreadPool::stop() noexcept {
    {
        std::lock_guard lock(_mutex);
        _stopping = true;
        _generation.fetch_add(1);
    }
    _wake.notify_all();
    for (std::thread& worker : _workers) {
        worker.join();
    }
    _workers.clear();
}

void ThreadPool::run(int64_t items, const void* context, RangeFunction function) {
    _function = function;
    _context = context;
    _items = items;
    // One item or one thread: not worth waking anybody. Items are cut by shape, so this changes no result.
    if (_threads == 1 || items <= 1) {
        function(context, 0, items, 0);
        return;
    }
    _pending.store(_threads - 1, std::memory_order_relaxed);
    // Sequentially consistent, as is the worker's rise of _sleepers before it looks at _generation again: one of the two sees the other.
    _generation.fetch_add(1);
    if (_sleepers.load() > 0) {
        { std::lock_guard lock(_mutex); }
        _wake.notify_all();
    }
    run_part(0);
    for (int spin = 0; spin < Spins && _pending.load(std::memory_order_acquire) > 0; ++spin) {
        pause();
    }
    if (_pending.load(std::memory_order_acquire) > 0) {
        std::unique_lock lock(_mutex);
        _caller_sleeps.store(true);
        _done.wait(lock, [this] { return _pending.load() == 0; });
        _caller_sleeps.store(false);
    }
    if (_failure) {
        std::exception_ptr failure = std::move(_failure);
        _failure = nullptr;
        std::rethrow_exception(failure);
    }
}

void ThreadPool::run_part(int thread) noexcept {
    // Quotient and remainder apart: items * thread could overflow.
    int64_t quotient = _items / _threads;
    int64_t remainder = _items % _threads;
    int64_t begin = quotient * thread + remainder * thread / _threads;
    int64_t end = quotient * (thread + 1) + remainder * (thread + 1) / _threads;
    try {
        _function(_context, begin, end, thread);
    } catch (...) {
        std::lock_guard lock(_mutex);
        if (!_failure) {
            _failure = std::current_exception();
        }
    }
}

void ThreadPool::work(int thread) noexcept {
    FloatEnvironment::enter();
    uint64_t seen = 0;
    for (;;) {
        for (int spin = 0; spin < Spins && _generation.load(std::memory_order_acquire) == seen; ++spin) {
            pause();
        }
        if (_generation.load(std::memory_order_acquire) == seen) {
            std::unique_lock lock(_mutex);
            _sleepers.fetch_add(1);
            _wake.wait(lock, [this, seen] { return _generation.load() != seen; });
            _sleepers.fetch_sub(1);
        }
        ++seen;
        if (_stopping) {
            return;
        }
        run_part(thread);
        if (_pending.fetch_sub(1) == 1 && _caller_sleeps.load()) {
            { std::lock_guard lock(_mutex); }
            _done.notify_one();
        }
    }
}

} // namespace compiled::cpu
