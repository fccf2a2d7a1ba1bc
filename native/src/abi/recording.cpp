#include "recording.h"

#include "common/error.h"

namespace compiled::abi {

namespace {

[[noreturn]] void fail_on() {
    fail(CN_STATUS_INVALID_ARGUMENT, "the context records a graph, in which only runs of ops have a place; call cn_graph_end first");
}

} // namespace

void Recording::begin() {
    std::unique_lock lock(_mutex);
    wait_for_none(lock);
    _on = true; // from here on nobody new gets outside
    _thread = std::this_thread::get_id();
    _changed.wait(lock, [this] { return _outside == 0; });
}

void Recording::end() noexcept {
    std::lock_guard lock(_mutex);
    _on = false;
    _changed.notify_all();
}

bool Recording::is_on() noexcept {
    std::lock_guard lock(_mutex);
    return _on;
}

void Recording::require_off() {
    if (is_on()) {
        fail_on();
    }
}

void Recording::wait_for_none(std::unique_lock<std::mutex>& lock) {
    if (_on && _thread == std::this_thread::get_id()) {
        fail_on();
    }
    _changed.wait(lock, [this] { return !_on; });
}

void Recording::leave() noexcept {
    std::lock_guard lock(_mutex);
    if (--_outside == 0) {
        _changed.notify_all();
    }
}

Outside::Outside(Recording& recording) : _recording(recording) {
    std::unique_lock lock(recording._mutex);
    recording.wait_for_none(lock);
    ++recording._outside;
}

Destroying::Destroying(Recording& recording) noexcept : _recording(recording) {
    std::lock_guard lock(recording._mutex);
    ++recording._outside;
}

} // namespace compiled::abi
