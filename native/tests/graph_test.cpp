// Recorded steps of a small network give the bits of the same steps one by one; what they read changes between launches; misuse.
#include "device.h"

#include <chrono>
#include <memory>
#include <thread>

using namespace device;

namespace {

constexpr int64_t Batch = 6, Extent = 8, Channels = 3, Filters = 16, Pooled = 3, Inputs = Pooled * Pooled * Filters, Classes = 10;
constexpr int64_t ConvKernel = 9 * Channels * Filters, DenseKernel = Inputs * Classes;
constexpr int64_t Parameters = ConvKernel + Filters + DenseKernel + 12; // the last bias padded to vectors

cn_conv2d_desc conv_desc() {
    cn_conv2d_desc d{};
    d.batch = Batch;
    d.input_height = d.input_width = Extent;
    d.input_channels = Channels;
    d.filters = Filters;
    d.conv_height = d.conv_width = Extent - 2;
    d.output_height = d.output_width = Pooled;
    d.window = {3, 3, 1, 1, 1, 1, 0, 0};
    d.pool = {2, 2, 2, 2, 1, 1, 0, 0};
    d.activation = CN_ACTIVATION_RELU;
    d.use_bias = 1;
    d.dropout_rate = 0.25f;
    d.dropout_stream = 4;
    return d;
}

// Convolution, dense layer, loss and Adam.
class Network {
public:
    explicit Network(cn_context* context)
        : _conv(cn_conv2d_create, context, conv_desc()),
          _dense(cn_dense_create, context, cn_dense_desc{0, CN_GRADIENT_OVERWRITE, Batch, 1, Inputs, Classes, 0, 1, 0, 0, 0, 0}),
          _loss(cn_loss_create, context, describe_loss(CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, Batch, 1, Classes, 1, CN_ACCURACY_SPARSE)),
          _optimizer(context, optimizer_desc(CN_OPTIMIZER_ADAM, Parameters)),
          x(context, Random(1).floats(Batch * Extent * Extent * Channels)), parameters(context, Random(2).floats(Parameters, -0.3, 0.3)),
          gradients(context, Parameters), state(context, state_of(Batch, 0)), metrics(context, {}), _labels(context, {0, 3, 9, 1, 1, 7}),
          _first(context, Parameters), _second(context, Parameters), _hidden(context, Batch * Inputs), _dhidden(context, Batch * Inputs),
          _logits(context, Batch * Classes), _dlogits(context, Batch * Classes), _codes(context, Batch * Inputs) {}

    void step() {
        float *p = parameters, *g = gradients;
        ok(cn_conv2d_forward(_conv, state, x, p, p + ConvKernel, _hidden, _codes, nullptr));
        ok(cn_dense_forward(_dense, state, _hidden, p + DenseAt, p + BiasAt, _logits));
        ok(cn_loss_forward(_loss, state, _logits, _labels.data(), nullptr, _dlogits, nullptr, metrics));
        ok(cn_dense_backward(_dense, state, _hidden, p + DenseAt, _logits, _dlogits, _dhidden, g + DenseAt, g + BiasAt));
        ok(cn_conv2d_backward(_conv, state, x, p, _hidden, _codes, _dhidden, nullptr, g, g + ConvKernel));
        ok(cn_optimizer_step(_optimizer, state, p, g, _first, _second, nullptr, nullptr, 1));
    }

    // All that a step leaves behind.
    bool same_bits(const Network& other) const {
        cn_state mine = state.value(), others = other.state.value();
        cn_metrics sums = metrics.value(), other_sums = other.metrics.value();
        return parameters.same_bits(other.parameters) && gradients.same_bits(other.gradients) && _first.same_bits(other._first) &&
               _second.same_bits(other._second) && std::memcmp(&mine, &others, sizeof(mine)) == 0 &&
               std::memcmp(&sums, &other_sums, sizeof(sums)) == 0;
    }

    void set(int64_t rows, double learning_rate) {
        cn_state changed = state.value();
        changed.rows = rows;
        changed.learning_rate = learning_rate;
        state.write(changed);
    }

private:
    static constexpr int64_t DenseAt = ConvKernel + Filters, BiasAt = DenseAt + DenseKernel;

    Op _conv, _dense, _loss, _optimizer;

public:
    Array<float> x, parameters, gradients;
    State state;
    Metrics metrics;

private:
    Array<int32_t> _labels;
    Array<float> _first, _second, _hidden, _dhidden, _logits, _dlogits;
    Array<uint8_t> _codes;
};

class Graph {
public:
    template <class Body>
    Graph(cn_context* context, const Body& record) {
        ok(cn_graph_begin(context));
        record();
        ok(cn_graph_end(context, &_graph));
    }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    ~Graph() { cn_graph_destroy(_graph); }
    operator cn_graph*() const { return _graph; }

    cn_graph_info info() const {
        cn_graph_info info{};
        info.struct_size = sizeof(info);
        ok(cn_graph_get_info(_graph, &info));
        return info;
    }

private:
    cn_graph* _graph = nullptr;
};

void test_replay() {
    for_each_variant(Cuda, [](cn_context* context, bool) {
        Network plain(context), recorded(context);
        std::vector<float> before = recorded.parameters;
        Graph graph(context, [&] { recorded.step(); });
        CHECK(recorded.parameters.same_bits(before) && recorded.metrics.value().count == 0 && recorded.state.value().step == 0);
        for (int step = 0; step < 3; ++step) {
            plain.step();
            ok(cn_graph_launch(graph));
            CHECK(recorded.same_bits(plain));
        }
        CHECK(recorded.state.value().step == 3 && recorded.metrics.value().count == 3 * Batch);
        CHECK(!recorded.parameters.same_bits(before));
        plain.step(); // a graph and single runs go together
        recorded.step();
        CHECK(recorded.same_bits(plain));
    });
}

// Input, rows and learning rate are read when a graph is launched.
void test_changes() {
    Context context(Cuda);
    Network plain(context), recorded(context);
    Graph graph(context, [&] { recorded.step(); });
    Random random(5);
    const std::pair<int64_t, double> changes[] = {{Batch, 0.01}, {2, 0.01}, {1, 0.5}, {Batch, 0.001}};
    std::vector<float> last = recorded.parameters;
    for (const auto& change : changes) {
        std::vector<float> batch = random.floats(static_cast<int64_t>(plain.x.size()));
        for (Network* network : {&plain, &recorded}) {
            network->x.write(batch);
            network->set(change.first, change.second);
        }
        plain.step();
        ok(cn_graph_launch(graph));
        CHECK(recorded.same_bits(plain));
    }
    CHECK(recorded.metrics.value().count == Batch + 2 + 1 + Batch);
}

int64_t scratch_of(cn_context* context) {
    cn_context_info info{};
    info.struct_size = sizeof(info);
    ok(cn_context_get_info(context, &info));
    return info.scratch_bytes;
}

// A later op that needs more scratch memory leaves the graph what it was recorded with.
void test_growing_scratch() {
    Context context(Cuda);
    Network plain(context), recorded(context);
    Graph graph(context, [&] { recorded.step(); });
    ok(cn_graph_launch(graph));
    plain.step();
    int64_t before = scratch_of(context);
    CHECK(before > 0);
    std::vector<std::unique_ptr<Op>> larger;
    for (int64_t classes = 1000; scratch_of(context) <= before && classes <= 1000000; classes *= 10) { // until one is larger
        cn_loss_desc loss = describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, classes, 1, 1);
        larger.push_back(std::make_unique<Op>(cn_loss_create, context, loss));
        cn_dense_desc dense{0, CN_GRADIENT_OVERWRITE, 4, 1, classes, 32, 0, 1, 0, 0, 0, 0};
        larger.push_back(std::make_unique<Op>(cn_dense_create, context, dense));
    }
    CHECK(scratch_of(context) > before);
    // If the old memory were free, these would lie in it, or in what is left of it.
    std::vector<std::unique_ptr<Array<char>>> others;
    for (int64_t bytes = before; bytes >= 64; bytes /= 2) {
        for (int i = 0; i < 8; ++i) {
            others.push_back(std::make_unique<Array<char>>(context, std::vector<char>(static_cast<size_t>(bytes), 'x')));
        }
    }
    for (int step = 0; step < 2; ++step) {
        ok(cn_graph_launch(graph));
        plain.step();
        CHECK(recorded.same_bits(plain));
    }
    for (const auto& other : others) {
        CHECK(other->same_bits(std::vector<char>(other->size(), 'x')));
    }
}

constexpr int64_t LargeFeed = 100000; // bytes: they cross to the device on a stream of their own

// What a finalizer may destroy while a graph is recorded, and after it: only what the graph uses has to stay.
void test_destroying() {
    Context context(Cuda);
    Network plain(context), recorded(context);
    State one_row(context, state_of(1));
    auto buffer = std::make_unique<Array<float>>(context, 100);
    auto op = std::make_unique<Op>(cn_activation_create, context, cn_activation_desc{0, 0, 1, 100, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    Array<char> batch(context, LargeFeed);
    cn_feed* feed = nullptr;
    ok(cn_feed_create(batch.buffer(), 0, LargeFeed, 2, &feed));
    void* area = nullptr;
    ok(cn_feed_next(feed, &area));
    std::memset(area, 7, LargeFeed);
    ok(cn_feed_send(feed, LargeFeed));                         // on its way
    ok(cn_activation_forward(*op, one_row, *buffer, *buffer)); // still to be done
    auto old = std::make_unique<Graph>(context, [&] { ok(cn_activation_forward(*op, one_row, *buffer, *buffer)); });
    CHECK(old->info().kernels == 1 && old->info().nodes == 1);
    ok(cn_graph_launch(*old));
    Graph graph(context, [&] {
        recorded.step();
        old.reset();
        op.reset();
        buffer.reset();
        ok(cn_feed_destroy(feed));
    });
    CHECK(batch.same_bits(std::vector<char>(LargeFeed, 7)));
    ok(cn_graph_launch(graph));
    plain.step();
    CHECK(recorded.same_bits(plain));
    CHECK(graph.info().kernels >= 6 && graph.info().nodes >= graph.info().kernels);
    std::printf("a step has %d kernels, %d nodes\n", static_cast<int>(graph.info().kernels), static_cast<int>(graph.info().nodes));

    // A context that goes while it records.
    cn_context_desc desc = context_desc(Cuda, 1);
    cn_context* unfinished = nullptr;
    ok(cn_context_create(&desc, &unfinished));
    ok(cn_graph_begin(unfinished));
    ok(cn_context_destroy(unfinished));
    ok(cn_graph_launch(graph));
    plain.step();
    CHECK(recorded.same_bits(plain));
}

// What other threads ask of the context meanwhile waits for the end of the recording, and is not in it.
void test_other_threads() {
    Context context(Cuda);
    Network plain(context), recorded(context);
    Array<float> target(context, std::vector<float>(16, 1.0f));
    cn_feed* feed = nullptr;
    ok(cn_feed_create(target.buffer(), 0, 64, 2, &feed));
    cn_op* op = nullptr;
    cn_buffer* buffer = nullptr;
    float read[16] = {1};
    std::vector<cn_status> statuses;
    auto others = [&] {
        void* area = nullptr;
        statuses.push_back(cn_feed_next(feed, &area));
        if (area != nullptr) {
            std::memset(area, 0, 64);
        }
        statuses.push_back(cn_feed_send(feed, 64));
        statuses.push_back(cn_buffer_read(target.buffer(), 0, read, 64));
        statuses.push_back(cn_buffer_clear(target.buffer(), 0, 64));
        statuses.push_back(cn_buffer_create(context, 1000, &buffer));
        cn_activation_desc desc{sizeof(desc), CN_ACTIVATION_RELU, 1, 16, CN_GRADIENT_NONE, 0, 0, 0, 0, 0};
        statuses.push_back(cn_activation_create(context, &desc, &op));
        statuses.push_back(cn_context_synchronize(context));
    };
    std::thread thread;
    Graph graph(context, [&] {
        thread = std::thread(others);
        std::this_thread::sleep_for(std::chrono::milliseconds(50)); // for it to come while this records, most of the time
        recorded.step();
    });
    thread.join();
    CHECK(statuses == std::vector<cn_status>(7, CN_STATUS_OK));
    CHECK(graph.info().nodes == graph.info().kernels); // no clearing, no copy
    CHECK(read[0] == 0.0f && read[15] == 0.0f);
    target.write(std::vector<float>(16, 2.0f));
    ok(cn_graph_launch(graph));
    plain.step();
    CHECK(recorded.same_bits(plain) && target.same_bits(std::vector<float>(16, 2.0f)));
    ok(cn_feed_destroy(feed));
    ok(cn_op_destroy(op));
    ok(cn_buffer_destroy(buffer));
}

void expect(cn_status actual, cn_status expected, const char* words, int line) {
    bool right = actual == expected && std::strstr(cn_last_error(), words) != nullptr;
    check::that(right, __FILE__, line, "status " + std::to_string(actual) + ", \"" + cn_last_error() + "\", expected \"" + words + "\"");
}

#define INVALID(call, words) expect(call, CN_STATUS_INVALID_ARGUMENT, words, __LINE__)

void test_misuse() {
    Context context(Cuda);
    Array<float> x(context, 16);
    cn_feed* feed = nullptr;
    ok(cn_feed_create(x.buffer(), 0, 64, 2, &feed));
    cn_graph* graph = nullptr;
    INVALID(cn_graph_end(context, &graph), "call cn_graph_begin first");
    INVALID(cn_graph_begin(nullptr), "context is null");
    ok(cn_graph_begin(context));
    const char* records = "the context records a graph";
    float host[16] = {};
    void* area = nullptr;
    cn_buffer* buffer = nullptr;
    cn_feed* other_feed = nullptr;
    cn_op* op = nullptr;
    cn_activation_desc desc{sizeof(desc), CN_ACTIVATION_RELU, 1, 16, CN_GRADIENT_NONE, 0, 0, 0, 0, 0};
    INVALID(cn_graph_begin(context), records);
    INVALID(cn_buffer_write(x.buffer(), 0, host, 64), records);
    INVALID(cn_buffer_read(x.buffer(), 0, host, 64), records);
    INVALID(cn_buffer_clear(x.buffer(), 0, 64), records);
    INVALID(cn_buffer_create(context, 64, &buffer), records);
    INVALID(cn_feed_create(x.buffer(), 0, 64, 2, &other_feed), records);
    INVALID(cn_feed_next(feed, &area), records);
    INVALID(cn_feed_send(feed, 0), records);
    INVALID(cn_activation_create(context, &desc, &op), records);
    INVALID(cn_context_synchronize(context), records);
    INVALID(cn_graph_end(context, nullptr), "graph is null");
    ok(cn_graph_end(context, &graph)); // of nothing
    CHECK(buffer == nullptr && other_feed == nullptr && op == nullptr && area == nullptr);
    ok(cn_graph_launch(graph));
    ok(cn_context_synchronize(context));
    ok(cn_activation_create(context, &desc, &op));

    ok(cn_graph_begin(context));
    INVALID(cn_graph_launch(graph), records);
    cn_graph* second = nullptr;
    ok(cn_graph_end(context, &second));
    ok(cn_graph_destroy(second));

    cn_graph_info info{};
    INVALID(cn_graph_get_info(graph, &info), "struct_size is 0");
    INVALID(cn_graph_get_info(graph, nullptr), "is null");
    INVALID(cn_graph_launch(nullptr), "graph is null");
    INVALID(cn_graph_launch(reinterpret_cast<cn_graph*>(op)), "not of a graph");
    INVALID(cn_op_destroy(reinterpret_cast<cn_op*>(graph)), "not of an op");
    ok(cn_graph_destroy(nullptr));
    ok(cn_graph_destroy(graph));
    INVALID(cn_graph_launch(graph), "no live handle");
    INVALID(cn_graph_destroy(graph), "no live handle");
    INVALID(cn_graph_get_info(graph, &info), "no live handle");
    ok(cn_op_destroy(op));
    ok(cn_feed_destroy(feed));
}

void test_no_graphs(const Device& device) {
    Context context(device);
    cn_context_info info{};
    info.struct_size = sizeof(info);
    ok(cn_context_get_info(context, &info));
    CHECK(info.records_graphs == 0);
    cn_graph* graph = nullptr;
    expect(cn_graph_begin(context), CN_STATUS_UNSUPPORTED, "records no graphs; run the ops one by one", __LINE__);
    INVALID(cn_graph_end(context, &graph), "call cn_graph_begin first");
    Array<float> x(context, std::vector<float>{-1, 2, -3, 4}), y(context, 4);
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_RELU, 1, 4, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    State state(context, state_of(1));
    ok(cn_activation_forward(op, state, x, y)); // nothing is recorded
    CHECK(y.same_bits({0, 2, 0, 4}));
}

void test_switched_off() {
#if !defined(_WIN32)
    setenv("COMPILED_CUDA_GRAPHS", "off", 1);
    check::scope = "cuda without graphs";
    test_no_graphs(Cuda);
    unsetenv("COMPILED_CUDA_GRAPHS");
    check::scope = "cuda";
    Context context(Cuda);
    cn_context_info info{};
    info.struct_size = sizeof(info);
    ok(cn_context_get_info(context, &info));
    CHECK(info.records_graphs == 1);
#endif
}

} // namespace

int main() {
    for_each_kind([](const Device& device) {
        if (!device.is_cuda()) {
            test_no_graphs(device);
            return;
        }
        test_switched_off();
        test_misuse();
        test_replay();
        test_changes();
        test_growing_scratch();
        test_destroying();
        test_other_threads();
    });
    return check::result();
}
