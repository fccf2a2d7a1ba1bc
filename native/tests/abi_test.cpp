// Misuse of the ABI: every call comes back with a status and a reason; nothing crashes, nothing is changed.
#include "common/plugin.h"
#include "device.h"

#include <atomic>
#include <cfloat>
#include <limits>
#include <memory>
#include <thread>

using namespace device;

namespace {

constexpr int64_t Huge = std::numeric_limits<int64_t>::max();

// The status is `expected` and the message names the function and contains `words`.
void expect(cn_status actual, cn_status expected, const char* words, int line) {
    const char* message = cn_last_error();
    bool right = actual == expected && std::strstr(message, words) != nullptr && std::strncmp(message, "cn_", 3) == 0;
    check::that(right, __FILE__, line, "status " + std::to_string(actual) + ", \"" + message + "\", expected \"" + words + "\"");
}

#define INVALID(call, words) expect(call, CN_STATUS_INVALID_ARGUMENT, words, __LINE__)

template <class T>
T* fake(uint64_t value) {
    return reinterpret_cast<T*>(value);
}

cn_conv2d_desc conv_desc() {
    cn_conv2d_desc d{};
    d.struct_size = sizeof(d);
    d.batch = 2;
    d.input_height = d.input_width = 8;
    d.input_channels = 3;
    d.filters = 4;
    d.conv_height = d.conv_width = 6;
    d.output_height = d.output_width = 3;
    d.window = {3, 3, 1, 1, 1, 1, 0, 0};
    d.pool = {2, 2, 2, 2, 1, 1, 0, 0};
    d.activation = CN_ACTIVATION_RELU;
    d.use_bias = 1;
    return d;
}

void test_contexts() {
    cn_context* context = fake<cn_context>(42);
    cn_context_desc desc{};
    INVALID(cn_context_create(nullptr, &context), "desc is null");
    INVALID(cn_context_create(&desc, &context), "struct_size is 0");
    desc.struct_size = sizeof(desc);
    INVALID(cn_context_create(&desc, nullptr), "context is null");
    desc.device = 2;
    INVALID(cn_context_create(&desc, &context), "device is 2");
    desc.device = CN_DEVICE_CPU;
    desc.ordinal = 1;
    INVALID(cn_context_create(&desc, &context), "ordinal is 1");
    desc.ordinal = 0;
    desc.threads = 1025;
    INVALID(cn_context_create(&desc, &context), "threads is 1025: it must be from 0 to 1024");
    desc.threads = -1;
    INVALID(cn_context_create(&desc, &context), "threads is -1");
    desc.threads = 1;
    desc.instruction_set = 5;
    INVALID(cn_context_create(&desc, &context), "instruction_set is 5");
    desc.instruction_set = 0;
    desc.reserved = 1;
    INVALID(cn_context_create(&desc, &context), "reserved");
    CHECK(context == fake<cn_context>(42));
}

void test_context_info(const Device& device) {
    Context good(device, 2);
    cn_context_info info{};
    INVALID(cn_context_get_info(good, &info), "struct_size");
    info.struct_size = sizeof(info);
    ok(cn_context_get_info(good, &info));
    CHECK(info.device == device.kind && info.threads == (device.is_cuda() ? 1 : 2));
    CHECK(info.instruction_set != CN_INSTRUCTION_SET_BEST && info.buffer_bytes == 0 && info.scratch_bytes == 0);
    if (device.is_cuda()) {
        CHECK(info.free_bytes > 0 && info.free_bytes <= info.total_bytes);
    } else {
        CHECK(info.free_bytes == 0 && info.total_bytes == 0 && info.records_graphs == 0);
    }
    {
        Array<char> bytes(good, 1000);
        ok(cn_context_get_info(good, &info));
        CHECK(info.buffer_bytes == 1000);
    }
    ok(cn_context_get_info(good, &info));
    CHECK(info.buffer_bytes == 0);
    char text[8] = "";
    int64_t length = 0;
    ok(cn_context_describe(good, text, sizeof(text), &length));
    CHECK(length > 8 && text[7] == '\0');
    INVALID(cn_context_describe(good, nullptr, 4, &length), "host_text is null");
    INVALID(cn_context_describe(good, text, -1, &length), "capacity is -1");
    INVALID(cn_context_describe(good, text, 4, nullptr), "length is null");
    ok(cn_context_synchronize(good));
    INVALID(cn_context_synchronize(nullptr), "context is null");
}

void test_handles(const Device& device) {
    for (uint64_t value : {uint64_t{1}, uint64_t{64}, uint64_t{4096}, uint64_t{1} << 47, ~uint64_t{0}, uint64_t{0x7fff12345678}}) {
        void* address = nullptr;
        INVALID(cn_context_synchronize(fake<cn_context>(value)), "no live handle");
        INVALID(cn_context_destroy(fake<cn_context>(value)), "no live handle");
        INVALID(cn_buffer_address(fake<cn_buffer>(value), &address), "no live handle");
        INVALID(cn_op_destroy(fake<cn_op>(value)), "no live handle");
    }
    ok(cn_context_destroy(nullptr));
    ok(cn_op_destroy(nullptr));
    ok(cn_buffer_destroy(nullptr));

    cn_context_desc desc = context_desc(device, 1);
    cn_context* context = nullptr;
    cn_buffer* buffer = nullptr;
    cn_op* op = nullptr;
    ok(cn_context_create(&desc, &context));
    ok(cn_buffer_create(context, 1 << 21, &buffer));
    cn_activation_desc activation{sizeof(activation), CN_ACTIVATION_RELU, 4, 8, CN_GRADIENT_OVERWRITE, 0, 0, 0, 0, 0};
    ok(cn_activation_create(context, &activation, &op));
    void* address = nullptr;
    ok(cn_buffer_address(buffer, &address));
    auto* floats = static_cast<float*>(address);
    CHECK(reinterpret_cast<uintptr_t>(floats) % 64 == 0);
    std::unique_ptr<State> device_state = std::make_unique<State>(context, state_of(4));
    cn_state* state = *device_state;

    // Kinds
    INVALID(cn_context_synchronize(reinterpret_cast<cn_context*>(op)), "context is the handle of an activation op, not of a context");
    INVALID(cn_buffer_address(reinterpret_cast<cn_buffer*>(context), &address), "not of a buffer");
    INVALID(cn_op_destroy(reinterpret_cast<cn_op*>(buffer)), "not of an op");
    INVALID(cn_dropout_forward(op, state, floats, floats), "not of a dropout op");
    INVALID(cn_buffer_destroy(reinterpret_cast<cn_buffer*>(op)), "not of a buffer");

    // Arguments of a run
    INVALID(cn_activation_forward(nullptr, state, floats, floats), "op is null");
    INVALID(cn_activation_forward(op, nullptr, floats, floats), "state is null");
    INVALID(cn_activation_forward(op, state, nullptr, floats), "x is null");
    INVALID(cn_activation_forward(op, state, floats, nullptr), "y is null");
    INVALID(cn_activation_forward(op, state, reinterpret_cast<float*>(reinterpret_cast<char*>(floats) + 1), floats), "aligned to 4");
    INVALID(cn_activation_backward(op, state, nullptr, floats, floats, nullptr), "dx is null");
    INVALID(cn_activation_backward(op, state, floats, floats, floats, floats), "x must be null: the derivative");
    if (!device.is_cuda()) { // where the host cannot see the state, a run takes its word
        for (int64_t rows : {int64_t{0}, int64_t{-1}, int64_t{5}, Huge}) {
            device_state->write(state_of(rows));
            INVALID(cn_activation_forward(op, state, floats, floats), "state->rows");
        }
        device_state->write(state_of(4));
    }

    // Buffers
    cn_buffer* none = fake<cn_buffer>(42);
    INVALID(cn_buffer_create(context, -1, &none), "bytes is -1");
    expect(cn_buffer_create(context, Huge, &none), CN_STATUS_OUT_OF_MEMORY, "memory", __LINE__);
    expect(cn_buffer_create(context, Huge / 2, &none), CN_STATUS_OUT_OF_MEMORY, "memory", __LINE__);
    INVALID(cn_buffer_create(context, 4, nullptr), "buffer is null");
    CHECK(none == fake<cn_buffer>(42));
    char bytes[4] = {1, 2, 3, 4};
    INVALID(cn_buffer_write(buffer, -1, bytes, 4), "offset is -1");
    INVALID(cn_buffer_write(buffer, (1 << 21) - 3, bytes, 4), "the buffer has 2097152 bytes");
    INVALID(cn_buffer_write(buffer, Huge, bytes, Huge), "offset is");
    INVALID(cn_buffer_read(buffer, 0, bytes, -1), "bytes -1");
    INVALID(cn_buffer_read(buffer, 0, nullptr, 4), "host_target is null");
    INVALID(cn_buffer_clear(buffer, 1, 1 << 21), "bytes 2097152");
    ok(cn_buffer_write(buffer, (1 << 21) - 4, bytes, 4));
    char back[4] = {};
    ok(cn_buffer_read(buffer, (1 << 21) - 4, back, 4));
    CHECK(std::memcmp(bytes, back, 4) == 0);
    ok(cn_buffer_clear(buffer, (1 << 21) - 2, 2));
    ok(cn_buffer_read(buffer, (1 << 21) - 4, back, 4));
    CHECK(back[1] == 2 && back[2] == 0);
    ok(cn_buffer_write(buffer, 1 << 21, nullptr, 0));
    cn_buffer* empty = nullptr;
    ok(cn_buffer_create(context, 0, &empty));
    ok(cn_buffer_destroy(empty));

    // The context outlives its handle while an op and a buffer need it.
    ok(cn_context_destroy(context));
    INVALID(cn_context_destroy(context), "destroyed");
    INVALID(cn_activation_create(context, &activation, &op), "no live handle");
    ok(cn_activation_forward(op, state, floats, floats));
    ok(cn_op_destroy(op));
    INVALID(cn_op_destroy(op), "destroyed");
    INVALID(cn_activation_forward(op, state, floats, floats), "destroyed");
    device_state.reset();
    ok(cn_buffer_destroy(buffer));
    INVALID(cn_buffer_destroy(buffer), "destroyed");

    // A slot used again does not revive the old handle.
    Context second(device);
    cn_op* reborn = nullptr;
    ok(cn_activation_create(second, &activation, &reborn));
    INVALID(cn_op_destroy(op), "no live handle");
    ok(cn_op_destroy(reborn));
}

// A descriptor that is right but for one change.
template <class Desc, class Create, class Change>
void bad(cn_context* context, Create create, Desc desc, const Change& change, const char* words, int line) {
    change(desc);
    cn_op* op = fake<cn_op>(42);
    expect(create(context, &desc, &op), CN_STATUS_INVALID_ARGUMENT, words, line);
    check::that(op == fake<cn_op>(42), __FILE__, line, "the handle was touched");
}

#define BAD(create, desc, change, words)                                                                                                   \
    bad(                                                                                                                                   \
        context, create, desc, [](auto& d) { change; }, words, __LINE__)

void test_optimizer_descriptors(cn_context* context) {
    auto create = [](cn_context* owner, const cn_optimizer_desc* desc, cn_op** op) {
        return cn_optimizer_create(owner, desc, nullptr, nullptr, op);
    };
    cn_optimizer_desc adam = optimizer_desc(CN_OPTIMIZER_ADAM, 8);
    BAD(+create, adam, d.optimizer = 9, "optimizer is 9");
    BAD(+create, adam, d.matrices = 1, "matrices is 1");
    BAD(+create, adam, d.reserved = 1, "reserved is 1");
    BAD(+create, adam, d.count = 0, "count is 0");
    BAD(+create, adam, d.beta_1 = 1.0, "beta_1 is 1");
    BAD(+create, adam, d.beta_2 = NAN, "beta_2 is nan");
    BAD(+create, adam, d.epsilon = 0, "epsilon is 0");
    BAD(+create, adam, d.amsgrad = 2, "amsgrad is 2");
    BAD(+create, adam, d.weight_decay = -0.5, "weight_decay is -0.5");
    BAD(+create, adam, d.weight_decay = INFINITY, "weight_decay is inf");
    BAD(+create, adam, d.clip_value = NAN, "clip_value is nan");
    BAD(+create, adam, d.global_clip_norm = -1, "global_clip_norm is -1");
    BAD(+create, adam, d.clip_value = d.global_clip_norm = 2, "clip_value is 2 and global_clip_norm is 2");
    BAD(+create, adam, d.clip_norm = d.global_clip_norm = 2, "clip_norm is 2 and global_clip_norm is 2");
    BAD(+create, adam, d.tensors = 1, "tensors is 1");
    BAD(+create, adam, d.clip_norm = 1, "tensors is 0");
    BAD(+create, adam, (d.clip_norm = 1, d.tensors = 1), "host_offsets is null");
    BAD(+create, adam, d.use_ema = 3, "use_ema is 3");
    BAD(+create, adam, (d.use_ema = 1, d.ema_momentum = 1), "ema_momentum is 1");
    BAD(+create, adam, (d.use_ema = 1, d.ema_overwrite_frequency = -1), "ema_overwrite_frequency is -1");
    cn_optimizer_desc sgd = optimizer_desc(CN_OPTIMIZER_SGD, 8);
    BAD(+create, sgd, d.momentum = 1.5, "momentum is 1.5");
    BAD(+create, sgd, d.nesterov = -1, "nesterov is -1");
    cn_optimizer_desc rmsprop = optimizer_desc(CN_OPTIMIZER_RMSPROP, 8);
    BAD(+create, rmsprop, d.rho = 1, "rho is 1");
    BAD(+create, rmsprop, d.momentum = -1, "momentum is -1");
    BAD(+create, rmsprop, d.centered = 2, "centered is 2");
    cn_optimizer_desc nadam = optimizer_desc(CN_OPTIMIZER_NADAM, 8);
    BAD(+create, nadam, d.schedule_decay = -1, "schedule_decay is -1");
    BAD(+create, optimizer_desc(CN_OPTIMIZER_ADADELTA, 8), d.rho = -1, "rho is -1");
    BAD(+create, optimizer_desc(CN_OPTIMIZER_ADAGRAD, 8), d.epsilon = 1e39, "epsilon is 1e+39");
    BAD(+create, optimizer_desc(CN_OPTIMIZER_ADAMAX, 8), d.beta_2 = -1, "beta_2 is -1");
    BAD(+create, optimizer_desc(CN_OPTIMIZER_LION, 8), d.beta_1 = 2, "beta_1 is 2");

    cn_optimizer_desc clipped = sgd;
    clipped.clip_norm = 1;
    clipped.tensors = 2;
    cn_op* op = nullptr;
    const int64_t late[] = {1, 4, 8}, early[] = {0, 4, 7}, falling[] = {0, 0, 8}, right[] = {0, 4, 8};
    INVALID(cn_optimizer_create(context, &clipped, late, nullptr, &op), "host_offsets[0] is 1");
    INVALID(cn_optimizer_create(context, &clipped, early, nullptr, &op), "host_offsets[2] is 7");
    INVALID(cn_optimizer_create(context, &clipped, falling, nullptr, &op), "host_offsets[1] is 0");
    INVALID(cn_optimizer_create(context, &sgd, right, nullptr, &op), "host_offsets must be null");
    CHECK(op == nullptr);
}

void test_matrices(cn_context* context) {
    auto create = [](cn_context* owner, const cn_optimizer_desc* desc, cn_op** op) {
        return cn_optimizer_create(owner, desc, nullptr, nullptr, op);
    };
    cn_optimizer_desc muon = optimizer_desc(CN_OPTIMIZER_MUON, 100);
    BAD(+create, muon, d.iterations = 0, "iterations is 0");
    BAD(+create, muon, d.iterations = 101, "iterations is 101");
    BAD(+create, muon, d.momentum = 2, "momentum is 2");
    BAD(+create, muon, d.nesterov = 2, "nesterov is 2");
    BAD(+create, muon, d.beta_2 = 1, "beta_2 is 1");
    BAD(+create, muon, d.epsilon = 0, "epsilon is 0");
    BAD(+create, muon, d.adam_rate_ratio = -1, "adam_rate_ratio is -1");
    BAD(+create, muon, d.matrices = -1, "matrices is -1");
    BAD(+create, muon, d.matrices = 101, "matrices is 101");
    BAD(+create, muon, d.matrices = 1, "host_matrices is null");

    constexpr int64_t Long = INT32_MAX;
    const struct {
        cn_matrix matrices[2];
        const char* words;
    } wrong[] = {
        {{{0, 2, 0}, {4, 2, 2}}, "host_matrices[0] is 2 x 0: each extent must be from 1"},
        {{{0, 2, 2}, {4, -2, -2}}, "host_matrices[1] is -2 x -2"},
        {{{0, 2, 2}, {4, Long + 1, 2}}, "host_matrices[1] is 2147483648 x 2"},
        {{{-1, 2, 2}, {4, 2, 2}}, "host_matrices[0] has the offset -1: it must be at least 0, where the arena begins"},
        {{{0, 2, 2}, {3, 2, 2}}, "host_matrices[1] has the offset 3: it must be at least 4, where the one before ends"},
        {{{50, 2, 2}, {0, 2, 2}}, "host_matrices[1] has the offset 0: it must be at least 54"},
        {{{0, 2, 2}, {97, 2, 2}}, "host_matrices[1], 2 x 2 from 97 on, does not fit into count, 100"},
        {{{0, 2, 2}, {INT64_MAX, 2, 2}}, "host_matrices[1], 2 x 2 from 9223372036854775807 on"},
        {{{0, Long, Long}, {4, 2, 2}}, "host_matrices[0], 2147483647 x 2147483647 from 0 on, does not fit into count, 100"},
    };
    cn_op* op = nullptr;
    muon.matrices = 2;
    for (const auto& one : wrong) {
        INVALID(cn_optimizer_create(context, &muon, nullptr, one.matrices, &op), one.words);
    }
    const cn_matrix right[] = {{0, 2, 2}, {96, 1, 4}};
    cn_optimizer_desc sgd = optimizer_desc(CN_OPTIMIZER_SGD, 100);
    INVALID(cn_optimizer_create(context, &sgd, nullptr, right, &op), "host_matrices must be null");
    CHECK(op == nullptr);
    ok(cn_optimizer_create(context, &muon, nullptr, right, &op));
    ok(cn_op_destroy(op));
}

void test_descriptors(const Device& device) {
    Context context(device);
    cn_conv2d_desc conv = conv_desc();
    BAD(cn_conv2d_create, conv, d.struct_size = 4, "struct_size is 4");
    BAD(cn_conv2d_create, conv, d.batch = 0, "batch is 0: it must be from 1 to");
    BAD(cn_conv2d_create, conv, d.batch = Huge, "batch is");
    BAD(cn_conv2d_create, conv, d.precision = 3, "precision is 3");
    BAD(cn_conv2d_create, conv, d.activation_alpha = 1, "activation_alpha is 1: it must be 0 for activation 1");
    BAD(cn_conv2d_create, conv, d.activation = CN_ACTIVATION_SILU, "activation is 16: its derivative is not in y");
    BAD(cn_conv2d_create, conv, d.input_height = -8, "input_height is -8");
    BAD(cn_conv2d_create, conv, d.filters = 0, "filters is 0");
    BAD(cn_conv2d_create, conv, d.input_channels = Huge, "input_channels");
    BAD(cn_conv2d_create, conv, d.groups = -1, "groups is -1");
    BAD(cn_conv2d_create, conv, d.groups = Huge, "groups is");
    BAD(cn_conv2d_create, conv, d.groups = 2,
        "groups is 2, but input_channels is 3 and filters 4: it must divide both; the nearest that does is 1");
    BAD(cn_conv2d_create, conv, (d.groups = 5, d.input_channels = 12, d.filters = 18), "the nearest that does is 6");
    BAD(cn_conv2d_create, conv, d.activation = 27, "activation is 27");
    BAD(cn_conv2d_create, conv, d.activation = -1, "activation is -1");
    BAD(cn_conv2d_create, conv, d.use_bias = 2, "use_bias is 2");
    BAD(cn_conv2d_create, conv, d.use_moments = 2, "use_moments is 2");
    BAD(cn_conv2d_create, conv, d.use_moments = 1, "use_moments is 1, but the stage has an activation");
    BAD(cn_conv2d_create, conv, (d.use_moments = 1, d.activation = CN_ACTIVATION_LINEAR), "but the stage has a pooling");
    BAD(cn_conv2d_create, conv, d.reserved = 1, "reserved is 1");
    BAD(cn_conv2d_create, conv, d.input_gradient = 3, "input_gradient is 3");
    BAD(cn_conv2d_create, conv, d.dropout_rate = 1.0f, "dropout_rate is 1");
    BAD(cn_conv2d_create, conv, d.dropout_rate = -0.1f, "dropout_rate is -0.1");
    BAD(cn_conv2d_create, conv, d.dropout_rate = NAN, "dropout_rate is nan");
    BAD(cn_conv2d_create, conv, d.dropout_stream = 65536, "dropout_stream is 65536");
    BAD(cn_conv2d_create, conv, d.window.height = 0, "window.height is 0");
    BAD(cn_conv2d_create, conv, d.window.width = Huge, "window.width");
    BAD(cn_conv2d_create, conv, d.window.stride_height = 0, "window.stride_height is 0");
    BAD(cn_conv2d_create, conv, d.window.stride_width = -1, "window.stride_width is -1");
    BAD(cn_conv2d_create, conv, d.window.dilation_height = 0, "window.dilation_height is 0");
    BAD(cn_conv2d_create, conv, d.window.pad_top = -8, "window.pad_top is -8: it must be from -7 to 2147483647");
    BAD(cn_conv2d_create, conv, d.window.pad_left = Huge, "window.pad_left is");
    BAD(cn_conv2d_create, conv, d.window.pad_left = INT64_MIN, "window.pad_left is");
    BAD(cn_conv2d_create, conv, (d.window.pad_top = -3, d.window.dilation_height = INT32_MAX / 2 - 1), "pad_top cuts off 3");
    BAD(cn_conv2d_create, conv, d.window.stride_height = INT32_MAX / 4, "conv_height is 6, but windows");
    BAD(cn_conv2d_create, conv, (d.conv_width = INT32_MAX, d.window.stride_width = 2), "conv_width is 2147483647");
    BAD(cn_conv2d_create, conv, d.output_height = 4, "output_height is 4");
    BAD(cn_conv2d_create, conv, d.pool.height = -1, "pool.height is -1");
    BAD(cn_conv2d_create, conv, d.pool.pad_top = 2, "pool.pad_top is 2");
    BAD(cn_conv2d_create, conv, d.pool.dilation_width = 2, "pool dilation");
    BAD(cn_conv2d_create, conv, d.pool.height = d.pool.width = 16, "at most 254 cells");
    BAD(cn_conv2d_create, conv, d.pool.height = d.pool.width = INT32_MAX, "at most 254 cells");
    BAD(cn_conv2d_create, conv, d.pool.height = 0, "without pooling they must be equal");
    BAD(cn_conv2d_create, conv, d.batch = d.input_height = d.input_width = INT32_MAX, "has more than the limit");
    BAD(cn_conv2d_create, conv, d.filters = d.input_channels = INT32_MAX, "has more than the limit");
    BAD(cn_conv2d_create, conv, d.window.height = d.window.dilation_height = INT32_MAX, "together they reach over more than");
    BAD(cn_conv2d_create, conv, d.window.width = INT32_MAX, "at most 1048576 cells");
    cn_conv2d_desc wide = conv;
    wide.pool = {};
    wide.conv_height = wide.conv_width = wide.output_height = wide.output_width = 1;
    wide.window = {2, 2, 1, 1, INT32_MAX - 1, INT32_MAX - 1, 0, 0};
    BAD(cn_conv2d_create, wide, d.input_channels = 4, "the padded image, rows 2147483647");
    BAD(cn_conv2d_create, wide, d.filters = d.window.dilation_height = d.window.dilation_width = 1 << 24, "the padded gradient");

    cn_max_pooling2d_desc pool{sizeof(pool), 1, 2, 8, 8, 3, 4, 4, {2, 2, 2, 2, 1, 1, 0, 0}};
    BAD(cn_max_pooling2d_create, pool, d.channels = 0, "channels is 0");
    BAD(cn_max_pooling2d_create, pool, d.output_width = 5, "lower output_width");
    BAD(cn_max_pooling2d_create, pool, d.window.pad_left = 2, "pad_left is 2");
    BAD(cn_max_pooling2d_create, pool, d.window.stride_height = INT32_MAX, "output_height is 4");

    cn_dense_desc dense{sizeof(dense), 1, 2, 1, 3, 4, 0, 1, 0, 0, 0, 0};
    BAD(cn_dense_create, dense, d.units = 0, "units is 0");
    BAD(cn_dense_create, dense, d.inputs = Huge, "inputs");
    BAD(cn_dense_create, dense, d.positions = Huge, "positions");
    BAD(cn_dense_create, dense, d.positions = int64_t{1} << 49, "has more than the limit");
    BAD(cn_dense_create, dense, d.struct_size = 0, "struct_size");

    cn_activation_desc activation{sizeof(activation), 1, 2, 8, 1, 0, 0, 0, 0, 0};
    BAD(cn_activation_create, activation, d.count = 0, "count is 0");
    BAD(cn_activation_create, activation, d.count = Huge, "count");
    BAD(cn_activation_create, activation, d.alpha = 7, "alpha is 7: it must be 0 for activation 1");

    cn_softmax_desc softmax{sizeof(softmax), 1, 2, 3, 4, 0, 0};
    BAD(cn_softmax_create, softmax, d.classes = 0, "classes is 0");
    BAD(cn_softmax_create, softmax, d.positions = -1, "positions is -1");
    BAD(cn_softmax_create, softmax, d.function = 3, "function is 3: it must be a cn_softmax_function");
    BAD(cn_softmax_create, softmax, d.reserved = 1, "reserved is 1");

    cn_glu_desc glu{sizeof(glu), 1, 2, 3, 4};
    BAD(cn_glu_create, glu, d.units = 0, "units is 0");
    BAD(cn_glu_create, glu, d.input_gradient = 3, "input_gradient is 3");
    BAD(cn_glu_create, glu, d.positions = Huge, "positions");

    cn_dropout_desc dropout{sizeof(dropout), 0.5f, 2, 8, 0, 1, 0};
    BAD(cn_dropout_create, dropout, d.rate = INFINITY, "rate is inf");
    BAD(cn_dropout_create, dropout, d.stream = 70000, "stream is 70000");

    cn_loss_desc loss = describe_loss(CN_LOSS_CATEGORICAL_CROSSENTROPY, 2, 1, 3, 1, CN_ACCURACY_CATEGORICAL);
    BAD(cn_loss_create, loss, d.loss = 19, "loss is 19");
    BAD(cn_loss_create, loss, d.accuracy = 9, "accuracy is 9");
    BAD(cn_loss_create, loss, d.accuracy = CN_ACCURACY_SPARSE, "sparse targets");
    BAD(cn_loss_create, loss, d.loss = CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, "sparse targets");
    BAD(cn_loss_create, loss, d.loss = CN_LOSS_MEAN_SQUARED_ERROR, "from_logits is 1");
    BAD(cn_loss_create, loss, d.from_logits = 2, "from_logits is 2");
    BAD(cn_loss_create, loss, d.batch = d.classes = INT32_MAX, "has more than the limit");

    test_optimizer_descriptors(context);

    test_matrices(context);

    INVALID(cn_conv2d_create(context, nullptr, fake<cn_op*>(0)), "op is null");
    cn_op* op = nullptr;
    INVALID(cn_conv2d_create(context, nullptr, &op), "desc is null");
    INVALID(cn_conv2d_create(nullptr, &conv, &op), "context is null");
}

// A stride far longer than what is pooled.
void test_long_strides() {
    Context context;
    cn_conv2d_desc desc = conv_desc();
    desc.input_height = desc.conv_height = desc.output_height = desc.output_width = 1;
    desc.input_width = desc.conv_width = desc.filters = 1 << 17;
    desc.input_channels = 1;
    desc.window = {1, 1, 1, 1, 1, 1, 0, 0};
    desc.pool = {1, 1, 1 << 30, 1, 1, 1, 0, 0};
    cn_op* op = nullptr;
    cn_status status = cn_conv2d_create(context, &desc, &op);
    CHECK(status == CN_STATUS_OK || status == CN_STATUS_OUT_OF_MEMORY);
    ok(cn_op_destroy(op));
}

// Valid, but more than there is: an error to recover from.
void test_out_of_memory() {
    Context context;
    cn_loss_desc loss = describe_loss(CN_LOSS_CATEGORICAL_CROSSENTROPY, INT32_MAX, 1 << 19, 1, 1);
    cn_op* op = nullptr;
    expect(cn_loss_create(context, &loss, &op), CN_STATUS_OUT_OF_MEMORY, "memory", __LINE__);
    loss.batch = loss.positions = 1;
    ok(cn_loss_create(context, &loss, &op));
    ok(cn_op_destroy(op));
}

void test_optional_pointers(const Device& device) {
    Context context(device);
    State state(context, state_of(2));
    Array<float> a(context, 64);
    Op relu(cn_activation_create, context, cn_activation_desc{0, 1, 2, 8, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    INVALID(cn_activation_backward(relu, state, nullptr, a, a, a), "dx must be null: input_gradient is CN_GRADIENT_NONE");
    ok(cn_activation_backward(relu, state, nullptr, a, a, nullptr));
    Op softmax(cn_softmax_create, context, cn_softmax_desc{0, CN_GRADIENT_NONE, 2, 1, 8, 0, 0});
    INVALID(cn_softmax_backward(softmax, state, a, a, a), "dx must be null");
    ok(cn_softmax_backward(softmax, state, a, a, nullptr));
    Op dropout(cn_dropout_create, context, cn_dropout_desc{0, 0.5f, 2, 8, 0, CN_GRADIENT_NONE, 0});
    INVALID(cn_dropout_backward(dropout, state, a, a), "dx must be null");
    ok(cn_dropout_backward(dropout, state, a, nullptr));
    Op pool(cn_max_pooling2d_create, context, cn_max_pooling2d_desc{0, CN_GRADIENT_NONE, 2, 2, 2, 2, 1, 1, {2, 2, 2, 2, 1, 1, 0, 0}});
    Array<uint8_t> codes(context, 4);
    INVALID(cn_max_pooling2d_backward(pool, state, codes, a, a), "dx must be null");
    ok(cn_max_pooling2d_backward(pool, state, codes, a, nullptr));
    CHECK(a.same_bits(std::vector<float>(64))); // and none of it was written
    Op sgd(context, optimizer_desc(CN_OPTIMIZER_SGD, 8));
    INVALID(cn_optimizer_step(sgd, state, a, a, a, nullptr, nullptr, nullptr, 1), "slot_0 must be null");
    cn_optimizer_desc averaged = optimizer_desc(CN_OPTIMIZER_ADAM, 8);
    averaged.amsgrad = averaged.use_ema = 1;
    Op adam(context, averaged);
    INVALID(cn_optimizer_step(adam, state, a, a, a, nullptr, a, a, 1), "slot_1 is null");
    INVALID(cn_optimizer_step(adam, state, a, a, a, a, nullptr, a, 1), "slot_2 is null");
    INVALID(cn_optimizer_step(adam, state, a, a, a, a, a, nullptr, 1), "ema is null");
    Op plain(context, optimizer_desc(CN_OPTIMIZER_ADAM, 8));
    INVALID(cn_optimizer_step(plain, state, a, a, a, a, a, nullptr, 1), "slot_2 must be null");
    INVALID(cn_optimizer_step(plain, state, a, a, a, a, nullptr, a, 1), "ema must be null");
    CHECK(state.value().step == 3);
    Op loss(cn_loss_create, context, describe_loss(CN_LOSS_MEAN_SQUARED_ERROR, 2, 1, 8));
    INVALID(cn_loss_forward(loss, state, a, nullptr, nullptr, a, nullptr, fake<cn_metrics>(8)), "targets is null");
    INVALID(cn_loss_forward(loss, state, a, a, nullptr, a, nullptr, nullptr), "metrics is null");
    INVALID(cn_philox(nullptr, nullptr, nullptr), "host_counter is null");
    INVALID(cn_abi_version(nullptr), "version is null");
    uint32_t version = 0;
    ok(cn_abi_version(&version));
    CHECK(version == CN_ABI_VERSION);
}

// Two threads on one context: each call works or is refused; the message belongs to its thread.
void test_two_threads(const Device& device) {
    Context context(device, 2);
    const int64_t count = device.is_cuda() ? 2000 : 200000;
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_TANH, 1, count, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    auto size = static_cast<size_t>(count);
    Array<float> x(context, size), y(context, size), z(context, size);
    State state(context, state_of(1));
    std::atomic<int> unexpected{0};
    auto work = [&](float* target) {
        for (int i = 0; i < 200; ++i) {
            cn_status status = cn_activation_forward(op, state, x, target);
            if (status != CN_STATUS_OK &&
                (status != CN_STATUS_INVALID_ARGUMENT || std::strstr(cn_last_error(), "another thread") == nullptr)) {
                ++unexpected;
            }
        }
    };
    std::thread other(work, y.data());
    work(z.data());
    other.join();
    CHECK(unexpected == 0);
}

// Creating and destroying, as a second model or a finalizer does, neither fails nor makes a run fail.
void test_creation_beside_a_run(const Device& device) {
    Context context(device, 2);
    const int64_t count = device.is_cuda() ? 256 : 20000;
    Op op(cn_activation_create, context, cn_activation_desc{0, CN_ACTIVATION_TANH, 1, count, CN_GRADIENT_NONE, 0, 0, 0, 0, 0});
    Array<float> x(context, static_cast<size_t>(count)), y(context, static_cast<size_t>(count));
    State state(context, state_of(1));
    std::atomic<int> unexpected{0};
    std::atomic<bool> done{false};
    std::thread other([&] {
        cn_dense_desc desc{sizeof(desc), 1, 2, 1, 3, 4, 0, 1, 0, 0, 0, 0};
        while (!done) {
            desc.units = desc.units % 1000 + 1; // the scratch memory grows under the run
            cn_op* created = nullptr;
            unexpected += cn_dense_create(context, &desc, &created) != CN_STATUS_OK;
            unexpected += cn_op_destroy(created) != CN_STATUS_OK;
        }
    });
    for (int i = 0; i < 2000; ++i) {
        unexpected += cn_activation_forward(op, state, x, y) != CN_STATUS_OK;
    }
    done = true;
    other.join();
    CHECK(unexpected == 0);
}

#if !defined(_WIN32)
// Beside CN_STATUS_UNSUPPORTED the caller is told what to do about it. A library that cannot be loaded is tried again each time.
void test_cuda_library() {
    const char* variable = "COMPILED_CUDA_LIBRARY";
    const char* named = std::getenv(variable);
    std::string library = named == nullptr ? "" : named;
    cn_context* context = fake<cn_context>(42);
    cn_context_desc desc = context_desc(Cuda, 1);
    setenv(variable, "/nonexistent/libcompiled_cuda.so", 1);
    expect(cn_context_create(&desc, &context), CN_STATUS_UNSUPPORTED, "no file '/nonexistent/libcompiled_cuda.so'", __LINE__);
    CHECK(std::strstr(cn_last_error(), "or name it in COMPILED_CUDA_LIBRARY") != nullptr);
    Dl_info own{};
    CHECK(dladdr(reinterpret_cast<const void*>(&cn_abi_version), &own) != 0);
    setenv(variable, own.dli_fname, 1);
    expect(cn_context_create(&desc, &context), CN_STATUS_UNSUPPORTED, "it has no function cn_backend_open", __LINE__);
    CHECK(context == fake<cn_context>(42));
    if (library.empty()) {
        unsetenv(variable);
        return;
    }
    setenv(variable, library.c_str(), 1);
    desc.ordinal = 1000;
    expect(cn_context_create(&desc, &context), CN_STATUS_UNSUPPORTED, "ordinal is 1000: this machine has", __LINE__);
    desc.ordinal = -1;
    INVALID(cn_context_create(&desc, &context), "ordinal is -1");
    CHECK(context == fake<cn_context>(42));

    void* loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    auto open = reinterpret_cast<compiled::OpenBackend>(dlsym(loaded, compiled::OpenBackendName));
    compiled::Failure failure{};
    CHECK(open != nullptr && open(CN_ABI_VERSION - 1, &desc, &failure) == nullptr);
    CHECK(failure.status == CN_STATUS_UNSUPPORTED && std::strstr(failure.reason, "build both from the same sources") != nullptr);
    dlclose(loaded);
}
#else
void test_cuda_library() {}
#endif

} // namespace

int main() {
    check::scope = "abi";
    CHECK(cn_last_error() != nullptr && std::strlen(cn_last_error()) == 0);
    test_contexts();
    test_cuda_library();
    test_long_strides();
    test_out_of_memory();
    for_each_kind([](const Device& device) {
        test_context_info(device);
        test_handles(device);
        test_descriptors(device);
        test_optional_pointers(device);
        test_two_threads(device);
        test_creation_beside_a_run(device);
    });
    return check::result();
}
