// CUDA against the CPU, and both against plain loops, on random descriptors: COMPILED_SAMPLES multiplies their number, COMPILED_TEST_OP
// chooses one op.
#include "layer_run.h"
#include "random_stage.h"

using namespace device;

namespace {

constexpr uint64_t StageSeed = 1000, OpSeed = 500000; // of the first sample

int samples(int count) {
    const char* factor = std::getenv("COMPILED_SAMPLES");
    return (Sanitized ? count / 4 : count) * (factor == nullptr ? 1 : std::max(1, std::atoi(factor)));
}

// One schedule per sample: all of them get their share of shapes.
void draw_schedule(Random& random) {
    std::string schedule = layer::one_of<std::string>(random, {"lock-step", "reverse", "warp-greedy", "reverse-warp-greedy", "random:"});
    if (schedule == "random:") {
        schedule += std::to_string(random.next_int(0, 1000));
    }
    SetSchedule set = simulator();
    if (set != nullptr && std::getenv("COMPILED_SIM_SCHEDULE") == nullptr) {
        set(schedule.c_str());
        check::scope += "; " + schedule;
    }
}

// Runs sample(random) `count` times; each draws from a seed of its own, which a failure names.
template <class Sample>
void for_samples(const char* what, uint64_t seed, int count, const Sample& sample) {
    for (int i = 0; i < samples(count); ++i) {
        check::scope = std::string(what) + " " + std::to_string(i);
        Random random(seed + static_cast<uint64_t>(i));
        sample(random);
    }
}

const Device Both[] = {Device{}, Cuda};

struct Contexts {
    Context cpu{Device{}, 2}, cuda{Cuda};
};

// ---------------------------------------------------------------------------------------------------------------------
// Stages
// ---------------------------------------------------------------------------------------------------------------------

// Rows that the op has room for beside those of the batch: many, and it works as it does on large batches, without their cost.
int64_t draw_spare(Random& random, const cn_conv2d_desc& d) {
    constexpr int64_t LargePositions = 9000;
    return layer::chance(random, 0.75) ? random.next_int(0, 2) : LargePositions / (d.conv_height * d.conv_width) + 1;
}

// Arrays that begin where no vector does.
size_t draw_shift(Random& random) {
    return layer::chance(random, 0.8) ? 0 : 1;
}

void check_exactly(const layer::Doubles& expected, const std::vector<float>& actual, const char* name, int line) {
    check::close(expected, actual, 0, 0, __FILE__, line, name);
}

template <class Desc>
void test_stage(Contexts& contexts, Random& random, Desc d, const cn_conv2d_desc& as_conv2d, layer::Numbers numbers) {
    check::scope += ": " + layer::describe(d) + "; numbers " + std::to_string(static_cast<int>(numbers));
    draw_schedule(random);
    int64_t spare = draw_spare(random, as_conv2d);
    size_t shift = draw_shift(random);
    layer::ConvData data(as_conv2d, random, numbers);
    cn_state state = state_of(d.batch, static_cast<uint64_t>(random.next_int(0, 1 << 20)));
    layer::ConvResult expected = layer::convolve(as_conv2d, data, state);
    std::string scope = check::scope;
    for (const Device& device : Both) {
        check::scope = scope + "; " + device.name;
        layer::Outputs outputs = device.is_cuda() ? layer::run(contexts.cuda, d, spare, data, state, shift)
                                                  : layer::run(contexts.cpu, d, std::min<int64_t>(spare, 2), data, state, shift);
        layer::compare(as_conv2d, data, numbers, device.is_cuda() ? d.precision : CN_PRECISION_FLOAT32, expected, outputs);
        if (numbers == layer::Numbers::Whole) {
            check_exactly(expected.y, outputs.y, "y", __LINE__);
            check_exactly(expected.predicted, outputs.predicted, "predicted", __LINE__);
            if (!outputs.summed.empty()) { // of a convolution without pooling
                check_exactly(expected.summed, outputs.summed, "summed", __LINE__);
            }
            check_exactly(expected.dkernel, outputs.dkernel, "dkernel", __LINE__);
            if (d.use_bias != 0) {
                check_exactly(expected.dbias, outputs.dbias, "dbias", __LINE__);
            }
            if (d.input_gradient != CN_GRADIENT_NONE) {
                check_exactly(expected.dx, outputs.dx, "dx", __LINE__);
            }
        }
    }
}

layer::Numbers draw_numbers(Random& random) {
    return layer::one_of<layer::Numbers>(random, {layer::Numbers::Any, layer::Numbers::Grid, layer::Numbers::Whole});
}

int64_t draw_products(Random& random) {
    return layer::chance(random, 0.05) ? 1500000 : 150000;
}

void test_conv2d(Contexts& contexts, Random& random) {
    layer::Numbers numbers = draw_numbers(random);
    cn_conv2d_desc d = layer::random_conv2d(random, numbers, draw_products(random));
    test_stage(contexts, random, d, d, numbers);
}

void test_grouped_conv2d(Contexts& contexts, Random& random) {
    layer::Numbers numbers = draw_numbers(random);
    cn_conv2d_desc d = layer::random_grouped_conv2d(random, numbers, draw_products(random));
    test_stage(contexts, random, d, d, numbers);
}

void test_dense(Contexts& contexts, Random& random) {
    layer::Numbers numbers = draw_numbers(random);
    cn_dense_desc d = layer::random_dense(random, numbers, draw_products(random));
    test_stage(contexts, random, d, layer::as_conv2d(d), numbers);
}

// ---------------------------------------------------------------------------------------------------------------------
// Other ops: run(context) on the CPU is what run(context) on CUDA must come near to.
// ---------------------------------------------------------------------------------------------------------------------

layer::Doubles doubles(const std::vector<float>& values) {
    return layer::Doubles(values.begin(), values.end());
}

template <class Run>
void test_op(Contexts& contexts, Random& random, double relative, double absolute, const Run& run) {
    draw_schedule(random);
    std::vector<std::vector<float>> expected = run(contexts.cpu), actual = run(contexts.cuda);
    for (size_t i = 0; i < expected.size(); ++i) {
        std::string name = "result " + std::to_string(i);
        check::close(doubles(expected[i]), actual[i], relative, absolute, __FILE__, __LINE__, name.c_str());
    }
}

int64_t draw_count(Random& random, int64_t most) {
    return layer::chance(random, 0.5) ? random.next_int(1, most) : (random.next_int(1, most) + 3) / 4 * 4;
}

int32_t draw_gradient(Random& random) {
    return static_cast<int32_t>(random.next_int(CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE));
}

void test_activation(Contexts& contexts, Random& random) {
    int64_t rows = random.next_int(1, 5), count = draw_count(random, 700);
    cn_activation_desc d{};
    d.activation = static_cast<int32_t>(random.next_int(CN_ACTIVATION_LINEAR, CN_ACTIVATION_THRESHOLD));
    d.batch = rows + random.next_int(0, 2);
    d.count = count;
    d.input_gradient = draw_gradient(random);
    d.alpha = layer::draw_alpha(random, d.activation);
    d.upper = d.activation == CN_ACTIVATION_CLIPPED_RELU ? 6.0f : 0.0f;
    d.value = d.activation == CN_ACTIVATION_THRESHOLD ? -3.0f : 0.0f;
    bool from_input = d.activation >= CN_ACTIVATION_SILU;
    std::vector<float> x = random.floats(rows * count, -12, 12), dy = random.floats(rows * count), dx = random.floats(rows * count);
    size_t shift = draw_shift(random);
    test_op(contexts, random, 2e-6, 5e-7, [&](cn_context* context) -> std::vector<std::vector<float>> {
        Op op(cn_activation_create, context, d);
        State state(context, state_of(rows));
        Array<float> in(context, x, shift), out(context, x.size(), shift), gradient(context, dy, shift), sum(context, dx, shift);
        ok(cn_activation_forward(op, state, in, out));
        ok(cn_activation_backward(op, state, from_input ? in.data() : nullptr, from_input ? nullptr : out.data(), gradient, sum));
        return {out, sum};
    });
}

void test_softmax(Contexts& contexts, Random& random) {
    int64_t rows = random.next_int(1, 6), positions = random.next_int(1, 4),
            classes = draw_count(random, layer::one_of<int64_t>(random, {12, 600}));
    cn_softmax_desc d{0, draw_gradient(random), rows + random.next_int(0, 2), positions, classes, 0, 0};
    d.function = static_cast<int32_t>(random.next_int(CN_SOFTMAX_FUNCTION_SOFTMAX, CN_SOFTMAX_FUNCTION_SPARSEMAX));
    int64_t count = rows * positions * classes;
    std::vector<float> x = random.floats(count, -9, 9), dy = random.floats(count), dx = random.floats(count);
    size_t shift = draw_shift(random);
    test_op(contexts, random, 3e-6, 1e-6, [&](cn_context* context) -> std::vector<std::vector<float>> {
        Op op(cn_softmax_create, context, d);
        State state(context, state_of(rows));
        Array<float> in(context, x, shift), out(context, x.size(), shift), gradient(context, dy, shift), sum(context, dx, shift);
        ok(cn_softmax_forward(op, state, in, out));
        ok(cn_softmax_backward(op, state, out, gradient, sum));
        return {out, sum};
    });
}

// Masks and products are the same bits; sums may be contracted.
void test_dropout(Contexts& contexts, Random& random) {
    int64_t rows = random.next_int(1, 5), count = draw_count(random, 900);
    cn_dropout_desc d{0,
                      static_cast<float>(random.next(0, 1)),
                      rows + random.next_int(0, 2),
                      count,
                      static_cast<uint32_t>(random.next_int(0, 65535)),
                      draw_gradient(random),
                      0};
    if (layer::chance(random, 0.4)) {
        d.shared = random.next_int(1, 9);
        d.count = count *= d.shared;
    }
    uint64_t step = static_cast<uint64_t>(random.next_int(0, int64_t{1} << 30)) << random.next_int(0, 18);
    std::vector<float> x = random.floats(rows * count), dx = random.floats(rows * count);
    bool exact = d.input_gradient == CN_GRADIENT_OVERWRITE;
    float scale = 1 / (1 - d.rate);
    size_t shift = draw_shift(random);
    test_op(contexts, random, 0, exact ? 0 : 1e-6 * static_cast<double>(scale),
            [&](cn_context* context) -> std::vector<std::vector<float>> {
                Op op(cn_dropout_create, context, d);
                State state(context, state_of(rows, step));
                Array<float> in(context, x, shift), out(context, x.size(), shift), sum(context, dx, shift);
                ok(cn_dropout_forward(op, state, in, out));
                ok(cn_dropout_backward(op, state, in, sum));
                return {out, sum};
            });
}

void test_max_pooling2d(Contexts& contexts, Random& random) {
    cn_max_pooling2d_desc d{};
    int64_t rows = random.next_int(1, 3);
    d.batch = rows + random.next_int(0, 2);
    d.channels = layer::channels(random);
    d.input_height = random.next_int(1, 12);
    d.input_width = random.next_int(1, 12);
    bool half = layer::chance(random, 0.4);
    layer::Axis axis_rows = layer::pooling_axis(random, half, d.input_height), columns = layer::pooling_axis(random, half, d.input_width);
    d.window = layer::window_of(axis_rows, columns);
    d.output_height = axis_rows.output;
    d.output_width = columns.output;
    d.input_gradient = draw_gradient(random);
    int64_t inputs = rows * d.input_height * d.input_width * d.channels, outputs = rows * d.output_height * d.output_width * d.channels;
    std::vector<float> x = random.whole(inputs, -4, 4), dy = random.whole(outputs, -9, 9), dx = random.whole(inputs, -9, 9);
    if (layer::chance(random, 0.2)) {
        x[static_cast<size_t>(random.next_int(0, inputs - 1))] = NAN;
    }
    size_t shift = draw_shift(random);
    test_op(contexts, random, 0, 0, [&](cn_context* context) -> std::vector<std::vector<float>> {
        Op op(cn_max_pooling2d_create, context, d);
        State state(context, state_of(rows));
        Array<float> in(context, x, shift), out(context, dy.size(), shift), predicted(context, dy.size(), shift),
            gradient(context, dy, shift), sum(context, dx, shift);
        Array<uint8_t> codes(context, dy.size(), shift);
        ok(cn_max_pooling2d_forward(op, state, in, out, codes));
        ok(cn_max_pooling2d_forward(op, state, in, predicted, nullptr));
        ok(cn_max_pooling2d_backward(op, state, codes, gradient, sum));
        std::vector<uint8_t> cells = codes.values();
        return {out, predicted, sum, std::vector<float>(cells.begin(), cells.end())};
    });
}

void test_loss(Contexts& contexts, Random& random) {
    int64_t rows = random.next_int(1, 16), positions = random.next_int(1, 3),
            classes = draw_count(random, layer::one_of<int64_t>(random, {12, 300}));
    cn_loss_desc d = describe_loss(static_cast<int32_t>(random.next_int(0, 2)), rows + random.next_int(0, 2), positions, classes);
    bool sparse = d.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    d.from_logits = d.loss != CN_LOSS_MEAN_SQUARED_ERROR && layer::chance(random, 0.6) ? 1 : 0;
    if (layer::chance(random, 0.8)) {
        d.accuracy = sparse ? CN_ACCURACY_SPARSE : static_cast<int32_t>(random.next_int(CN_ACCURACY_BINARY, CN_ACCURACY_CATEGORICAL));
    }
    int64_t count = rows * positions * classes;
    std::vector<float> p = random.floats(count, d.from_logits != 0 ? -8 : 0.01, d.from_logits != 0 ? 8 : 1), t = random.floats(count, 0, 1);
    std::vector<int32_t> labels(static_cast<size_t>(rows * positions));
    for (int32_t& label : labels) {
        label = static_cast<int32_t>(random.next_int(layer::chance(random, 0.02) ? -1 : 0, classes - 1));
    }
    size_t shift = draw_shift(random);
    test_op(contexts, random, 3e-6, 1e-7, [&](cn_context* context) -> std::vector<std::vector<float>> {
        Op op(cn_loss_create, context, d);
        State state(context, state_of(rows));
        Array<float> predictions(context, p, shift), truth(context, t, shift), gradient(context, p.size(), shift);
        Array<int32_t> classes_of(context, labels, shift);
        const void* targets = sparse ? static_cast<const void*>(classes_of.data()) : truth.data();
        Metrics metrics(context, {1, 2, 3}), evaluated(context, {1, 2, 3});
        ok(cn_loss_forward(op, state, predictions, targets, nullptr, gradient, nullptr, metrics));
        ok(cn_loss_forward(op, state, predictions, targets, nullptr, nullptr, nullptr, evaluated));
        ok(cn_loss_forward(op, state, predictions, targets, nullptr, predictions, nullptr, evaluated)); // in place
        cn_metrics once = metrics.value(), twice = evaluated.value();
        std::vector<float> means = {static_cast<float>(once.loss / once.count), static_cast<float>(once.correct),
                                    static_cast<float>(twice.loss / twice.count), static_cast<float>(twice.correct)};
        return {gradient, predictions, means};
    });
}

void test_optimizer(Contexts& contexts, Random& random) {
    cn_optimizer_desc d =
        optimizer_desc(static_cast<int32_t>(random.next_int(CN_OPTIMIZER_SGD, CN_OPTIMIZER_NADAM)), draw_count(random, 3000));
    d.momentum = layer::chance(random, 0.5) ? 0 : random.next(0, 1);
    d.nesterov = layer::chance(random, 0.5) ? 1 : 0;
    d.amsgrad = layer::chance(random, 0.5) ? 1 : 0;
    d.centered = layer::chance(random, 0.5) ? 1 : 0;
    d.weight_decay = layer::chance(random, 0.5) ? 0.125 : 0;
    d.use_ema = layer::chance(random, 0.5) ? 1 : 0;
    d.ema_momentum = 0.75;
    d.epsilon = 1e-3; // about a mean, small gradients are what is left of larger ones
    double* const limits[] = {&d.clip_value, &d.clip_norm, &d.global_clip_norm};
    int64_t limit = random.next_int(0, 3);
    if (limit < 3) {
        *limits[limit] = random.next(0.1, 3);
    }
    std::vector<int64_t> offsets = {0, d.count / 3, d.count / 2, d.count};
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    d.tensors = d.clip_norm == 0 ? 0 : static_cast<int64_t>(offsets.size()) - 1;
    bool has_first = d.optimizer != CN_OPTIMIZER_SGD || d.momentum != 0;
    bool rmsprop = d.optimizer == CN_OPTIMIZER_RMSPROP;
    bool has_second = rmsprop ? d.momentum != 0 || d.centered != 0 : d.optimizer != CN_OPTIMIZER_SGD && d.optimizer != CN_OPTIMIZER_ADAGRAD;
    bool has_third = rmsprop ? d.momentum != 0 && d.centered != 0 : d.optimizer == CN_OPTIMIZER_ADAM && d.amsgrad != 0;
    std::vector<float> start = random.floats(d.count);
    std::vector<std::vector<float>> gradients = {random.floats(d.count), random.floats(d.count), random.floats(d.count)};
    size_t shift = draw_shift(random);
    test_op(contexts, random, 1e-5, 1e-6, [&](cn_context* context) -> std::vector<std::vector<float>> {
        Op op(context, d, d.tensors == 0 ? nullptr : offsets.data());
        State state(context, state_of(1));
        Array<float> p(context, start, shift), slot_0(context, start.size(), shift), slot_1(context, start.size(), shift),
            slot_2(context, start.size(), shift), ema(context, start.size(), shift);
        for (const std::vector<float>& gradient : gradients) {
            Array<float> g(context, gradient, shift);
            ok(cn_optimizer_step(op, state, p, g, has_first ? slot_0.data() : nullptr, has_second ? slot_1.data() : nullptr,
                                 has_third ? slot_2.data() : nullptr, d.use_ema != 0 ? ema.data() : nullptr, 1));
        }
        cn_state after = state.value();
        return {p, slot_0, slot_1, slot_2, ema, {static_cast<float>(after.step), static_cast<float>(after.updates)}};
    });
}

} // namespace

int main() {
    if (!has(Cuda)) {
        return check::result();
    }
    Contexts contexts;
    using Test = void (*)(Contexts&, Random&);
    const struct {
        const char* name;
        Test test;
        uint64_t seed;
        int samples;
    } tests[] = {
        {"conv2d", test_conv2d, StageSeed, 300},
        {"grouped_conv2d", test_grouped_conv2d, StageSeed, 300},
        {"dense", test_dense, StageSeed, 250},
        {"activation", test_activation, OpSeed, 200},
        {"softmax", test_softmax, OpSeed, 200},
        {"dropout", test_dropout, OpSeed, 200},
        {"max_pooling2d", test_max_pooling2d, OpSeed, 300},
        {"loss", test_loss, OpSeed, 250},
        {"optimizer", test_optimizer, OpSeed, 100},
    };
    const char* only = std::getenv("COMPILED_TEST_OP");
    for (const auto& one : tests) {
        if (only == nullptr || std::strcmp(only, one.name) == 0) {
            for_samples(one.name, one.seed, one.samples, [&](Random& random) { one.test(contexts, random); });
        }
    }
    return check::result();
}
