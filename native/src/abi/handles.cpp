#include "handles.h"

#include "backends.h"
#include "common/error.h"

#include <vector>

namespace compiled::abi {

namespace {

// A handle, from its lowest bit: 6 bits of kind, 20 of index, 32 of generation, which differs each time a slot is used again.
constexpr int KindBits = 6, IndexBits = 20;
constexpr uint64_t KindMask = (uint64_t{1} << KindBits) - 1, IndexMask = (uint64_t{1} << IndexBits) - 1;

static_assert(sizeof(void*) == sizeof(uint64_t), "handles need 64-bit pointers");

struct Slot {
    uint64_t handle = 0; // 0: free
    std::shared_ptr<void> entry;
    uint32_t generation = 0;
};

class Table {
public:
    // Null where there is no such handle.
    std::shared_ptr<void> find(uint64_t handle) {
        std::lock_guard lock(_mutex);
        Slot* slot = slot_of(handle);
        return slot == nullptr ? nullptr : slot->entry;
    }

    uint64_t insert(HandleKind kind, std::shared_ptr<void> entry) {
        std::lock_guard lock(_mutex);
        uint64_t index = take_index();
        Slot& slot = _slots[index];
        ++slot.generation;
        slot.entry = std::move(entry);
        slot.handle = static_cast<uint64_t>(kind) | index << KindBits | uint64_t{slot.generation} << (KindBits + IndexBits);
        return slot.handle;
    }

    // Null when another thread was faster.
    std::shared_ptr<void> remove(uint64_t handle) {
        std::lock_guard lock(_mutex);
        Slot* slot = slot_of(handle);
        if (slot == nullptr) {
            return nullptr;
        }
        slot->handle = 0;
        _free.push_back((handle >> KindBits) & IndexMask); // reserved in take_index: cannot throw
        return std::move(slot->entry);
    }

private:
    Slot* slot_of(uint64_t handle) {
        uint64_t index = (handle >> KindBits) & IndexMask;
        return handle != 0 && index < _slots.size() && _slots[index].handle == handle ? &_slots[index] : nullptr;
    }

    uint64_t take_index() {
        if (!_free.empty()) {
            uint64_t index = _free.back();
            _free.pop_back();
            return index;
        }
        if (_slots.size() > IndexMask) {
            fail(CN_STATUS_OUT_OF_MEMORY, "there are %llu live handles, the limit; destroy some",
                 static_cast<unsigned long long>(IndexMask + 1));
        }
        _slots.emplace_back();
        _free.reserve(_slots.capacity());
        return _slots.size() - 1;
    }

    std::mutex _mutex; // held for some nanoseconds: long calls hold what they have found instead
    std::vector<Slot> _slots;
    std::vector<uint64_t> _free;
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
    return kind >= HandleKind::Gather && kind <= HandleKind::Optimizer;
}

const char* name_of(HandleKind kind) noexcept {
    // clang-format off: one a line, as the kinds are.
    static constexpr const char* Names[] = {
        "nothing",
        "a context",
        "a buffer",
        "a feed",
        "a graph",
        "a gather op",
        "an activation op",
        "a softmax op",
        "a dropout op",
        "an add op",
        "a concatenate op",
        "a padding2d op",
        "an upsampling2d op",
        "a gaussian_noise op",
        "a max_pooling2d op",
        "an average_pooling2d op",
        "a global_pooling2d op",
        "a batch_normalization op",
        "a normalization_fold op",
        "a layer_normalization op",
        "a conv2d op",
        "a joined_conv2d op",
        "a conv2d_transpose op",
        "a dense op",
        "a loss op",
        "a metric op",
        "a regularizer op",
        "an activity_regularization op",
        "a constraint op",
        "a glu op",
        "an optimizer op",
    };
    // clang-format on
    return Names[static_cast<uint32_t>(kind)];
}

// The live entry behind a handle of which only the name of its argument is known.
std::shared_ptr<void> find_any(const void* handle, const char* argument) {
    if (handle == nullptr) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is null", argument);
    }
    std::shared_ptr<void> entry = table().find(value_of(handle));
    if (entry == nullptr) {
        fail_dead(argument);
    }
    return entry;
}

template <class Entry>
std::shared_ptr<Entry> find(const void* handle, HandleKind kind, const char* argument) {
    std::shared_ptr<void> entry = find_any(handle, argument);
    if (kind_of(value_of(handle)) != kind) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is the handle of %s, not of %s", argument, name_of(kind_of(value_of(handle))), name_of(kind));
    }
    return std::static_pointer_cast<Entry>(entry);
}

template <class Entry>
std::shared_ptr<Entry> remove(const void* handle, const char* argument) {
    std::shared_ptr<void> entry = table().remove(value_of(handle));
    if (entry == nullptr) {
        fail_dead(argument);
    }
    return std::static_pointer_cast<Entry>(entry);
}

} // namespace

void fail_dead(const char* argument) {
    fail(CN_STATUS_INVALID_ARGUMENT, "%s is no live handle of this library: it was destroyed, or never created", argument);
}

BufferEntry::BufferEntry(std::shared_ptr<ContextState> context_, int64_t bytes_)
    : context(std::move(context_)), address(context->backend->allocate(bytes_)), bytes(bytes_) {
    require_success(*context->backend);
    context->buffer_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

BufferEntry::~BufferEntry() {
    Destroying destroying(context->recording);
    context->buffer_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    context->backend->release(address, bytes);
}

FeedEntry::~FeedEntry() {
    if (feed != nullptr) {
        Destroying destroying(buffer->context->recording);
        feed.reset();
    }
}

Run::Run(ContextState& context) : _context(context) {
    if (_context.runs.test_and_set(std::memory_order_acquire)) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "another thread is using an op of this context: run them one at a time, or make a context for each thread");
    }
    _context.turn.lock();
    _saved = _context.backend->enter();
}

Run::~Run() {
    _context.backend->leave(_saved);
    _context.turn.unlock();
    _context.runs.clear(std::memory_order_release);
}

uint64_t insert_handle(std::shared_ptr<ContextState> context) {
    return table().insert(HandleKind::Context, std::move(context));
}
uint64_t insert_handle(std::shared_ptr<BufferEntry> buffer) {
    return table().insert(HandleKind::Buffer, std::move(buffer));
}
uint64_t insert_handle(std::shared_ptr<FeedEntry> feed) {
    return table().insert(HandleKind::Feed, std::move(feed));
}
uint64_t insert_handle(std::shared_ptr<GraphEntry> graph) {
    return table().insert(HandleKind::Graph, std::move(graph));
}
uint64_t insert_handle(HandleKind kind, std::shared_ptr<OpEntry> op) {
    return table().insert(kind, std::move(op));
}

std::shared_ptr<ContextState> find_context(const void* handle) {
    return find<ContextState>(handle, HandleKind::Context, "context");
}
std::shared_ptr<BufferEntry> find_buffer(const void* handle) {
    return find<BufferEntry>(handle, HandleKind::Buffer, "buffer");
}
std::shared_ptr<FeedEntry> find_feed(const void* handle) {
    return find<FeedEntry>(handle, HandleKind::Feed, "feed");
}
std::shared_ptr<GraphEntry> find_graph(const void* handle) {
    return find<GraphEntry>(handle, HandleKind::Graph, "graph");
}
std::shared_ptr<OpEntry> find_op(const void* handle, HandleKind kind) {
    return find<OpEntry>(handle, kind, "op");
}
std::shared_ptr<OpEntry> find_op(const void* handle) {
    std::shared_ptr<void> entry = find_any(handle, "op");
    if (!is_op(kind_of(value_of(handle)))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "op is the handle of %s, not of an op", name_of(kind_of(value_of(handle))));
    }
    return std::static_pointer_cast<OpEntry>(entry);
}

std::shared_ptr<ContextState> remove_context(const void* handle) {
    find_context(handle);
    return remove<ContextState>(handle, "context");
}
std::shared_ptr<BufferEntry> remove_buffer(const void* handle) {
    find_buffer(handle);
    return remove<BufferEntry>(handle, "buffer");
}
std::shared_ptr<FeedEntry> remove_feed(const void* handle) {
    find_feed(handle);
    return remove<FeedEntry>(handle, "feed");
}
std::shared_ptr<GraphEntry> remove_graph(const void* handle) {
    find_graph(handle);
    return remove<GraphEntry>(handle, "graph");
}
std::shared_ptr<OpEntry> remove_op(const void* handle) {
    find_op(handle);
    return remove<OpEntry>(handle, "op");
}

} // namespace compiled::abi
