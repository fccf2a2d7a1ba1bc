// What fails on a CUDA device: too little memory, from which a program recovers; an error inside a kernel, from which it does not.
#include "device.h"
#include "sanitizer_ends.h"

#include <memory>

using namespace device;

namespace {

// The status is `expected`, and the message contains all words.
void expect(cn_status actual, cn_status expected, const std::vector<const char*>& words, int line) {
    std::string message = cn_last_error();
    bool right = actual == expected;
    for (const char* word : words) {
        right = right && message.find(word) != std::string::npos;
    }
    check::that(right, __FILE__, line, "status " + std::to_string(actual) + ", \"" + message + "\"");
}

cn_context_info info_of(cn_context* context) {
    cn_context_info info{};
    info.struct_size = sizeof(info);
    ok(cn_context_get_info(context, &info));
    return info;
}

// A rectifier over `count` numbers.
void check_works(cn_context* context, int64_t count) {
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_RELU, 1, count, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    State state(context, state_of(1));
    std::vector<float> values = Random(1).floats(count), expected = values;
    for (float& value : expected) {
        value = std::fmax(value, 0.0f);
    }
    Array<float> x(context, values), y(context, values.size());
    ok(cn_activation_forward(op, state, x, y));
    CHECK(y.same_bits(expected));
}

// Asks for more than there is, gives something back, asks again, and works; again and again, until nothing has been lost.
void test_out_of_memory() {
    check::scope = "out of memory";
    Context context(Cuda);
    check_works(context, 100);
    cn_context_info before = info_of(context);
    CHECK(before.free_bytes > 0 && before.total_bytes >= before.free_bytes);
    for (int cycle = 0; cycle < 20; ++cycle) {
        auto half = std::make_unique<Array<char>>(context, static_cast<size_t>(before.free_bytes / 2));
        CHECK(info_of(context).free_bytes <= before.free_bytes - before.free_bytes / 2);
        int64_t most = before.free_bytes / 4 * 3;
        cn_buffer* buffer = nullptr;
        expect(cn_buffer_create(context, most, &buffer), CN_STATUS_OUT_OF_MEMORY,
               {"cn_buffer_create: allocating", "device memory", "cudaErrorMemoryAllocation", "use a smaller batch"}, __LINE__);
        CHECK(buffer == nullptr && info_of(context).buffer_bytes == static_cast<int64_t>(half->size()));
        check_works(context, 1000); // as if nothing had happened
        half.reset();
        ok(cn_buffer_create(context, most, &buffer));
        check_works(context, 1000);
        ok(cn_buffer_destroy(buffer));
    }
    CHECK(info_of(context).buffer_bytes == 0);
    CHECK(info_of(context).free_bytes == before.free_bytes || simulator() == nullptr); // on real devices others allocate, too
}

// An op that finds no room for its scratch memory is not made; the ops before it keep theirs.
void test_no_room_for_an_op() {
    check::scope = "no room for an op";
    Context context(Cuda);
    cn_loss_desc desc = describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, 4, 1, 8);
    Op loss(cn_loss_create, context, desc);
    int64_t scratch = info_of(context).scratch_bytes;
    CHECK(scratch > 0);
    std::vector<float> p = Random(2).floats(32), t = Random(3).floats(32);
    State state(context, state_of(4));
    Array<float> predictions(context, p), targets(context, t), gradient(context, 32);
    Metrics first(context, {}), second(context, {});
    ok(cn_loss_forward(loss, state, predictions, targets.data(), nullptr, gradient, nullptr, first));

    auto rest = std::make_unique<Array<char>>(context, static_cast<size_t>(info_of(context).free_bytes));
    CHECK(info_of(context).free_bytes == 0 || simulator() == nullptr);
    cn_op* large = nullptr;
    desc.batch = 100000;
    expect(cn_loss_create(context, &desc, &large), CN_STATUS_OUT_OF_MEMORY, {"cn_loss_create: allocating", "device memory"}, __LINE__);
    CHECK(large == nullptr && info_of(context).scratch_bytes == scratch);
    ok(cn_loss_forward(loss, state, predictions, targets.data(), nullptr, gradient, nullptr, second));
    cn_metrics once = first.value(), again = second.value();
    CHECK(once.count == 4 && std::memcmp(&once, &again, sizeof(once)) == 0);
    rest.reset();
    ok(cn_loss_create(context, &desc, &large));
    CHECK(info_of(context).scratch_bytes > scratch);
    ok(cn_loss_forward(loss, state, predictions, targets.data(), nullptr, gradient, nullptr, second));
    CHECK(second.value().count == 8);
    ok(cn_op_destroy(large));
}

// Scratch memory that finds no room beside the old takes its place. A graph keeps the old, and there is none then; in the end both go.
void test_scratch_in_the_place_of_the_old() {
    check::scope = "scratch memory in the place of the old";
    Context context(Cuda);
    constexpr int64_t Small = 1000;
    auto desc_of = [](int64_t batch) { return describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, batch, 1, 8); };
    int64_t small = 0, large = 0;
    {
        Context other(Cuda);
        Op loss(cn_loss_create, other, desc_of(Small));
        small = info_of(other).scratch_bytes;
        Op more(cn_loss_create, other, desc_of(100000));
        large = info_of(other).scratch_bytes;
    }
    Op loss(cn_loss_create, context, desc_of(Small));
    State state(context, state_of(Small));
    std::vector<float> p = Random(2).floats(Small * 8), t = Random(3).floats(Small * 8);
    Array<float> predictions(context, p), targets(context, t), gradient(context, Small * 8);
    Metrics metrics(context, {}), expected(context, {});
    auto run = [&](cn_metrics* sums) { ok(cn_loss_forward(loss, state, predictions, targets.data(), nullptr, gradient, nullptr, sums)); };
    run(expected);
    auto check_runs = [&](const std::function<void()>& body) {
        metrics.write({});
        body();
        cn_metrics once = expected.value(), again = metrics.value();
        CHECK(once.count == Small && std::memcmp(&once, &again, sizeof(once)) == 0);
    };

    // Room for the new alone, and the op's own few bytes.
    constexpr int64_t Spare = 64;
    CHECK(small > Spare && large > small + Spare);
    auto rest = std::make_unique<Array<char>>(context, static_cast<size_t>(info_of(context).free_bytes - (large - small) - Spare));
    cn_graph* graph = nullptr;
    ok(cn_graph_begin(context));
    run(metrics);
    ok(cn_graph_end(context, &graph));
    cn_op* more = nullptr;
    cn_loss_desc desc = desc_of(100000);
    desc.struct_size = sizeof(desc);
    expect(cn_loss_create(context, &desc, &more), CN_STATUS_OUT_OF_MEMORY, {"cn_loss_create: allocating", "device memory"}, __LINE__);
    CHECK(info_of(context).scratch_bytes == small);
    check_runs([&] { ok(cn_graph_launch(graph)); });
    check_runs([&] { run(metrics); });
    ok(cn_graph_destroy(graph));
    ok(cn_loss_create(context, &desc, &more));
    CHECK(info_of(context).scratch_bytes == large && info_of(context).free_bytes < Spare);
    check_runs([&] { run(metrics); });
    ok(cn_op_destroy(more));
}

// y is too short. Real memory has no ends so near: there it is nowhere at all.
cn_status run_beyond(cn_context* context) {
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_RELU, 1, 64, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    State state(context, state_of(1));
    Array<float> x(context, 64), y(context, 60);
    float* target = simulator() != nullptr ? y.data() : y.data() + (int64_t{1} << 44);
    ok(cn_activation_forward(op, state, x, target)); // it has only been asked for
    return cn_context_synchronize(context);
}

#if defined(CN_SIM_ASAN)
// The sanitizer is faster: it ends the program where the kernel writes.
void test_error_in_a_kernel() {
    check::scope = "error in a kernel";
    CHECK(sanitizer_ends([] {
        Context context(Cuda);
        run_beyond(context);
    }));
}
#else
// The device is lost: every call says so, with the reason, and everything can still be destroyed. Nothing runs after this.
void test_error_in_a_kernel() {
    check::scope = "error in a kernel";
    Context context(Cuda);
    Array<float> other(context, 10);
    cn_feed* feed = nullptr;
    ok(cn_feed_create(other.buffer(), 0, 40, 2, &feed));
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_RELU, 1, 10, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    State state(context, state_of(1));
    cn_status status = run_beyond(context);
    if (simulator() != nullptr) {
        expect(status, CN_STATUS_DEVICE_FAILED,
               {"cn_context_synchronize: ", "cudaErrorIllegalAddress", "activation_forward_kernel", "wrote outside of 240 bytes",
                "has to be started again"},
               __LINE__);
    } else {
        expect(status, CN_STATUS_DEVICE_FAILED, {"cn_context_synchronize: ", "cudaErrorIllegalAddress", "has to be started again"},
               __LINE__);
    }
    const std::vector<const char*> words = {"cudaErrorIllegalAddress", "the device is lost to this process"};
    float host[10] = {};
    void* area = nullptr;
    cn_buffer* buffer = nullptr;
    cn_op* created = nullptr;
    cn_graph* graph = nullptr;
    cn_activation_desc desc{sizeof(desc), CN_ACTIVATION_RELU, 1, 10, CN_GRADIENT_NONE, 0, 0, 0, 0, 0};
    cn_loss_desc loss = describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, 4, 1, 8);
    cn_context_info info{};
    info.struct_size = sizeof(info);
    expect(cn_context_synchronize(context), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_activation_forward(op, state, other, other), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_buffer_read(other.buffer(), 0, host, 40), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_buffer_write(other.buffer(), 0, host, 40), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_buffer_clear(other.buffer(), 0, 40), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_buffer_create(context, 4, &buffer), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_activation_create(context, &desc, &created), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_loss_create(context, &loss, &created), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_feed_next(feed, &area), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_graph_begin(context), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    expect(cn_graph_end(context, &graph), CN_STATUS_INVALID_ARGUMENT, {"call cn_graph_begin first"}, __LINE__);
    expect(cn_context_get_info(context, &info), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    CHECK(buffer == nullptr && created == nullptr && area == nullptr && graph == nullptr);
    expect(Context(Cuda).status(), CN_STATUS_DEVICE_FAILED, words, __LINE__);
    ok(cn_feed_destroy(feed));
    Context cpu;
    check_works(cpu, 100);
}
#endif

} // namespace

int main() {
#if !defined(_WIN32)
    setenv("COMPILED_SIM_MEMORY", "4000000", 0); // little: what fills it takes time
#endif
    if (has(Cuda)) {
        test_out_of_memory();
        if (simulator() != nullptr) { // where the last byte can be had
            test_no_room_for_an_op();
            test_scratch_in_the_place_of_the_old();
        }
        test_error_in_a_kernel();
    }
    return check::result();
}
