// What keeps a recording of a context apart from everything else that is asked of its stream: copies and clearings would be recorded, too,
// and whoever waits for the stream would end the recording.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace compiled::abi {

class Recording {
public:
    // Waits until nobody is outside, and for the end of another thread's recording. Throws where this thread records already.
    void begin();
    void end() noexcept;
    bool is_on() noexcept;

    // Throws while any thread records.
    void require_off();

private:
    friend class Outside;
    friend class Destroying;

    void wait_for_none(std::unique_lock<std::mutex>& lock);
    void leave() noexcept;

    std::mutex _mutex;
    std::condition_variable _changed;
    bool _on = false;
    std::thread::id _thread; // that records
    int _outside = 0;        // calls that no recording may begin beside
};

// A call that has no place in a recording. It may take the context's turn, but not come with it.
class Outside {
public:
    explicit Outside(Recording& recording);
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;
    ~Outside() { _recording.leave(); }

private:
    Recording& _recording;
};

// A call that gives something back, which it may do while another call, or the same thread, records: but then it may not wait for the
// stream. It knows, because no recording begins beside it.
class Destroying {
public:
    explicit Destroying(Recording& recording) noexcept;
    Destroying(const Destroying&) = delete;
    Destroying& operator=(const Destroying&) = delete;
    ~Destroying() { _recording.leave(); }

private:
    Recording& _recording;
};

} // namespace compiled::abi
