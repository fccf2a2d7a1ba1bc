#include "handles.h"

#include "common/error.h"

#include <vector>

namespace compiled::abi {

namespace {

// A handle, from its lowest bit: 6 bits of kind, 20 of index, 32 of generation, which differs each time a slot is used again.
constexpr int KindBits = 6, IndexBits = 20;
constexpr uint64_t KindMask = (uint64_t{1} << KindBits) - 1, IndexMask = (uint64_t{1} << IndexBits) - 1;
constexpr uint64_t ChunkSlots = 1024, Chunks = (IndexMask + 1) / ChunkSlots;

static_assert(sizeof(void*) == sizeof(uint64_t), "handles need 64-bit pointers");

struct Slot {
    std::atomic<uint64_t> handle{0}; // 0: free
    void* entry = nullptr;
    uint32_t generation = 0;
};

// Lookups take no lock: slots are never freed, only used again.
class Table {
public:
    void* find(uint64_t handle) const noexcept {
        const Slot* slot = slot_of(handle);
        return slot != nullptr && handle != 0 && slot->handle.load(std::memory_order_acquire) == handle ? slot->entry : nullptr;
    }

    uint64_t insert(HandleKind kind, void* entry) {
        std::lock_guard lock(_mutex);
        uint64_t index = take_index();
        Slot& slot = _chunks[index / ChunkSlots].load(std::memory_order_relaxed)[index % ChunkSlots];
        ++slot.generation;
        slot.entry = entry;
        uint64_t handle = static_cast<uint64_t>(kind) | index << KindBits | uint64_t{slot.generation} << (KindBits + IndexBits);
        slot.handle.store(handle, std::memory_order_release);
        return handle;
    }

    // Null when another thread was faster.
    void* remove(uint64_t handle) {
        std::lock_guard lock(_mutex);
        Slot* slot = slot_of(handle);
        if (slot == nullptr || slot->handle.load(std::memory_order_relaxed) != handle) {
            return nullptr;
        }
        slot->handle.store(0, std::memory_order_release);
        _free.push_back((handle >> KindBits) & IndexMask); // reserved in take_index: cannot throw
        return slot->entry;
    }

private:
    Slot* slot_of(uint64_t handle) const noexcept {
        uint64_t index = (handle >> KindBits) & IndexMask;
        Slot* chunk = _chunks[index / ChunkSlots].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : chunk + index % ChunkSlots;
    }

    uint64_t take_index() {
        if (!_free.empty()) {
            uint64_t index = _free.back();
            _free.pop_back();
            return index;
        }
        if (_used > IndexMask) {
            fail(CN_STATUS_OUT_OF_MEMORY, "there are %llu live handles, the limit; destroy some",
                 static_cast<unsigned long long>(IndexMask + 1));
        }
        if (_used % ChunkSlots == 0) {
            _free.reserve(_used + ChunkSlots);
            _chunks[_used / ChunkSlots].store(new Slot[ChunkSlots], std::memory_order_release);
        }
        return _used++;
    }

    std::mutex _mutex;
    std::atomic<Slot*> _chunks[Chunks] = {};
    std::vector<uint64_t> _free;
    uint64_t _used = 0;
};

// Never destroyed: finalizers of .NET may still call when the process ends.
Table& table() {
    static auto* instance = new Table;
    return *instance;
}

uint64_t value_of(const void* handle) noexcept {
    return reinterpret_cast<uint64_t>(handle);
}
HandleKind kind_of(uint64_t handle) noexcept {
    return static_cast<HandleKind>(handle & KindMask);
}
bool is_op(HandleKind kind) noexcept {
    return kind >= HandleKind::Activation && kind <= HandleKind::Optimizer;
}

const char* name_of(HandleKind kind) noexcept {
    static constexpr const char* Names[] = {"nothing",      "a context",    "a buffer",           "an activation op",
                                            "a softmax op", "a dropout op", "a max_pooling2d op", "a conv2d op",
                                            "a dense op",   "a loss op",    "an optimizer op"};
    return Names[static_cast<uint32_t>(kind)];
}

// The live entry behind a handle of which only the name of its argument is known.
void* find_any(const void* handle, const char* argument) {
    if (handle == nullptr) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is null", argument);
    }
    void* entry = table().find(value_of(handle));
    if (entry == nullptr) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is no live handle of this library: it was destroyed, or never created", argument);
    }
    return entry;
}

[[noreturn]] void fail_kind(const char* argument, const void* handle, const char* wanted) {
    fail(CN_STATUS_INVALID_ARGUMENT, "%s is the handle of %s, not of %s", argument, name_of(kind_of(value_of(handle))), wanted);
}

template <class Entry>
uint64_t insert(HandleKind kind, std::unique_ptr<Entry> entry) {
    uint64_t handle = table().insert(kind, entry.get());
    entry.release();
    return handle;
}

template <class Entry>
std::unique_ptr<Entry> remove(const void* handle) {
    return std::unique_ptr<Entry>(static_cast<Entry*>(table().remove(value_of(handle))));
}

} // namespace

BufferEntry::BufferEntry(std::shared_ptr<ContextState> context_, int64_t bytes_)
    : context(std::move(context_)), address(context->backend->allocate(bytes_)), bytes(bytes_) {
    context->buffer_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

BufferEntry::~BufferEntry() {
    context->buffer_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    context->backend->release(address, bytes);
}

Exclusive::Exclusive(ContextState& context) : _context(context) {
    if (context.runs.test_and_set(std::memory_order_acquire)) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "another thread is using an op of this context: run them one at a time, or make a context for each thread");
    }
    context.turn.lock();
}

Exclusive::~Exclusive() {
    _context.turn.unlock();
    _context.runs.clear(std::memory_order_release);
}

uint64_t insert_handle(HandleKind kind, std::unique_ptr<ContextEntry> entry) {
    return insert(kind, std::move(entry));
}
uint64_t insert_handle(HandleKind kind, std::unique_ptr<BufferEntry> entry) {
    return insert(kind, std::move(entry));
}
uint64_t insert_handle(HandleKind kind, std::unique_ptr<OpEntry> entry) {
    return insert(kind, std::move(entry));
}

ContextEntry& find_context(const void* handle) {
    void* entry = find_any(handle, "context");
    if (kind_of(value_of(handle)) != HandleKind::Context) {
        fail_kind("context", handle, "a context");
    }
    return *static_cast<ContextEntry*>(entry);
}

BufferEntry& find_buffer(const void* handle) {
    void* entry = find_any(handle, "buffer");
    if (kind_of(value_of(handle)) != HandleKind::Buffer) {
        fail_kind("buffer", handle, "a buffer");
    }
    return *static_cast<BufferEntry*>(entry);
}

OpEntry& find_op(const void* handle) {
    void* entry = find_any(handle, "op");
    if (!is_op(kind_of(value_of(handle)))) {
        fail_kind("op", handle, "an op");
    }
    return *static_cast<OpEntry*>(entry);
}

OpEntry& find_op(const void* handle, HandleKind kind) {
    void* entry = find_any(handle, "op");
    if (kind_of(value_of(handle)) != kind) {
        fail_kind("op", handle, name_of(kind));
    }
    return *static_cast<OpEntry*>(entry);
}

std::unique_ptr<ContextEntry> remove_context(const void* handle) {
    return remove<ContextEntry>(handle);
}
std::unique_ptr<BufferEntry> remove_buffer(const void* handle) {
    return remove<BufferEntry>(handle);
}
std::unique_ptr<OpEntry> remove_op(const void* handle) {
    return remove<OpEntry>(handle);
}

} // namespace compiled::abi
