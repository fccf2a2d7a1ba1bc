// Handles of the C ABI. A cn_context*, cn_op* or cn_buffer* points nowhere: it is a number made of a kind, an index into a table and a
// generation. So any value at all can be looked up safely: null, garbage, a handle of another kind, one that was destroyed.
#pragma once

#include "common/backend.h"
#include "recording.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace compiled::abi {

enum class HandleKind : uint32_t {
    Context = 1,
    Buffer,
    Feed,
    Graph,
    Gather,
    Activation,
    Softmax,
    Dropout,
    Add,
    Concatenate,
    Padding2D,
    UpSampling2D,
    GaussianNoise,
    MaxPooling2D,
    AveragePooling2D,
    GlobalPooling2D,
    BatchNormalization,
    NormalizationFold,
    LayerNormalization,
    Conv2D,
    JoinedConv2D,
    Conv2DTranspose,
    Dense,
    Loss,
    Metric,
    Regularizer,
    ActivityRegularization,
    Constraint,
    Glu,
    Optimizer,
};

// The context itself outlives its handle, until the last op and buffer are gone.
struct ContextState {
    std::unique_ptr<Backend> backend;
    std::atomic<int64_t> buffer_bytes{0};
    std::mutex turn;                          // held by whoever runs, creates or destroys an op
    std::atomic_flag runs = ATOMIC_FLAG_INIT; // an op runs, or waits for its turn to
    Recording recording;                      // between cn_graph_begin and cn_graph_end
};

struct BufferEntry {
    BufferEntry(std::shared_ptr<ContextState> context_, int64_t bytes_);
    BufferEntry(const BufferEntry&) = delete;
    BufferEntry& operator=(const BufferEntry&) = delete;
    ~BufferEntry();

    std::shared_ptr<ContextState> context;
    void* address;
    int64_t bytes;
};

struct FeedEntry {
    FeedEntry() = default;
    FeedEntry(const FeedEntry&) = delete;
    FeedEntry& operator=(const FeedEntry&) = delete;
    ~FeedEntry();

    std::shared_ptr<BufferEntry> buffer; // before `feed`: destroyed after it
    std::unique_ptr<Feed> feed;
    int64_t bytes;
    bool has_given = false; // an area to send; under `turn`, as `feed` is
    std::mutex turn;
};

struct GraphEntry {
    std::shared_ptr<ContextState> context; // before `graph`: destroyed after it
    std::unique_ptr<Graph> graph;          // null once it is destroyed; to be looked at by whoever has the context's turn
};

// What a run function must know of an op in order to check its arguments.
struct OpEntry {
    std::shared_ptr<ContextState> context; // before `op`: destroyed after it
    std::unique_ptr<Op> op;                // null once it is destroyed; to be looked at by whoever has the context's turn
    int64_t batch = 0;
    int32_t input_gradient = CN_GRADIENT_NONE;
    int32_t addend_gradient = CN_GRADIENT_NONE;
    bool has_bias = false;
    bool has_scale = false;
    bool has_center = false;
    bool has_codes = false;
    bool has_indices = false;
    bool has_addend = false;
    bool has_moments = false; // convolutions
    bool is_frozen = false;
    bool from_logits = false;        // loss
    bool takes_weights = false;      // metric
    int32_t slots = 0;               // optimizer
    bool has_ema = false;            // optimizer
    int32_t inputs = 0;              // joins
    int32_t input_gradients[4] = {}; // joins
    int64_t input_sizes[4] = {};     // of a sample, where joined inputs may share a gradient and differ in size
    bool takes_output = true;        // activations, joins: whether backward looks at y
};

// The ops of one context run one at a time. A second thread that wants to run one gets an error instead of a race; but one that creates
// or destroys an op, such as a finalizer, waits for its turn, and makes a run wait for its own. Whoever holds an entry has its context
// too.
class Run {
public:
    explicit Run(ContextState& context);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

private:
    ContextState& _context;
    uint64_t _saved; // what the backend changed of the thread
};

// For the argument of that name, whose object another thread destroyed after the handle was found.
[[noreturn]] void fail_dead(const char* argument);

template <class Object>
void require_live(const char* argument, const std::unique_ptr<Object>& object) {
    if (object == nullptr) {
        fail_dead(argument);
    }
}

template <class Handle>
Handle* to_pointer(uint64_t handle) {
    return reinterpret_cast<Handle*>(handle);
}

// Throws when the table is full.
uint64_t insert_handle(std::shared_ptr<ContextState> context);
uint64_t insert_handle(std::shared_ptr<BufferEntry> buffer);
uint64_t insert_handle(std::shared_ptr<FeedEntry> feed);
uint64_t insert_handle(std::shared_ptr<GraphEntry> graph);
uint64_t insert_handle(HandleKind kind, std::shared_ptr<OpEntry> op);

// Throw an Error that says what the handle is instead. Another thread may destroy the handle at any time: what it stood for lives on until
// the last finder lets go.
std::shared_ptr<ContextState> find_context(const void* handle);
std::shared_ptr<BufferEntry> find_buffer(const void* handle);
std::shared_ptr<FeedEntry> find_feed(const void* handle);
std::shared_ptr<GraphEntry> find_graph(const void* handle);
std::shared_ptr<OpEntry> find_op(const void* handle);
std::shared_ptr<OpEntry> find_op(const void* handle, HandleKind kind);

// The same, and takes the handle out of the table: it is unknown from now on.
std::shared_ptr<ContextState> remove_context(const void* handle);
std::shared_ptr<BufferEntry> remove_buffer(const void* handle);
std::shared_ptr<FeedEntry> remove_feed(const void* handle);
std::shared_ptr<GraphEntry> remove_graph(const void* handle);
std::shared_ptr<OpEntry> remove_op(const void* handle);

} // namespace compiled::abi
