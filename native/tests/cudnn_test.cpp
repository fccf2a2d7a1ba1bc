// Convolution stages by cuDNN: on the simulator by the stand-in of native/sim/cudnn, which counts what it is asked for; on a real device by
// the cuDNN that is there, if any. Against plain loops, and for everything that a stage promises.
#include "layer_run.h"
#include "random_stage.h"

#include "cuda/cudnn/choice.h"
#include "cuda/cudnn/choice_file.h"

#include <filesystem>
#include <fstream>

using namespace device;
using namespace compiled::cuda::cudnn;

namespace {

namespace fs = std::filesystem;

constexpr uint64_t Seed = 77000;
constexpr int Samples = 60;
constexpr int64_t SimulatedVersion = 90100;
enum { Forward, InputGradient, KernelGradient };

// How often the stand-in was asked; -1 on real devices. It is there once an op was created.
int64_t calls(int product, int algorithm) {
    const char* path = std::getenv("COMPILED_CUDNN_LIBRARY");
    void* library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (library == nullptr) {
        return path == nullptr ? -1 : 0;
    }
    auto count = reinterpret_cast<int64_t (*)(int, int)>(dlsym(library, "compiled_cudnn_sim_calls"));
    dlclose(library);
    return count == nullptr ? -1 : count(product, algorithm);
}

int64_t calls(int product) {
    int64_t sum = 0;
    for (int algorithm = 0; algorithm < 8; ++algorithm) {
        sum += calls(product, algorithm);
    }
    return sum;
}

bool counts() {
    return calls(Forward, 0) >= 0;
}

std::string file_of_choices(cn_context* context) {
    char text[512];
    int64_t length = 0;
    ok(cn_context_describe(context, text, sizeof(text), &length));
    std::string name(text);
    name = name.substr(0, name.find(", compute capability"));
    return choice_folder() + '/' + choice_file_name(name, SimulatedVersion);
}

void set_choice(cn_context* context, const cn_conv2d_desc& d, Direction direction, const std::string& choice) {
    CHECK(write_choice(file_of_choices(context), stage_key(d, direction), choice));
}

// By cuDNN, whatever the rule says.
void choose_cudnn(cn_context* context, const cn_conv2d_desc& d, int forward_algorithm) {
    std::string math = d.precision == CN_PRECISION_FLOAT32 ? "/3" : "/0";
    set_choice(context, d, Direction::Forward, "cudnn " + std::to_string(forward_algorithm) + math);
    set_choice(context, d, Direction::Backward, d.input_gradient == CN_GRADIENT_NONE ? "cudnn 1" + math : "cudnn 1" + math + " 1" + math);
}

cn_conv2d_desc stage(int64_t stride, int64_t channels, int64_t filters, float dropout, int32_t gradient) {
    cn_conv2d_desc d{};
    d.struct_size = sizeof(d);
    d.batch = 4;
    d.window = {3, 3, stride, stride, 1, 1, 1, 1};
    d.input_height = 9, d.input_width = 8, d.input_channels = channels, d.filters = filters;
    d.conv_height = (9 + 2 - 3) / stride + 1, d.conv_width = (8 + 2 - 3) / stride + 1;
    d.pool = {2, 2, 2, 2, 1, 1, 0, 0};
    d.output_height = d.conv_height / 2, d.output_width = d.conv_width / 2;
    d.activation = CN_ACTIVATION_RELU, d.use_bias = 1;
    d.dropout_rate = dropout, d.dropout_stream = 5;
    d.input_gradient = gradient;
    return d;
}

// ---------------------------------------------------------------------------------------------------------------------
// Results
// ---------------------------------------------------------------------------------------------------------------------

void check_exactly(const layer::Doubles& expected, const std::vector<float>& actual, const char* name, int line) {
    check::close(expected, actual, 0, 0, __FILE__, line, name);
}

void check_exactly(const cn_conv2d_desc& d, const layer::ConvResult& expected, const layer::Outputs& actual) {
    check_exactly(expected.y, actual.y, "y", __LINE__);
    check_exactly(expected.predicted, actual.predicted, "predicted", __LINE__);
    if (!actual.summed.empty()) { // of a stage without pooling
        check_exactly(expected.summed, actual.summed, "summed", __LINE__);
    }
    check_exactly(expected.dkernel, actual.dkernel, "dkernel", __LINE__);
    if (d.use_bias != 0) {
        check_exactly(expected.dbias, actual.dbias, "dbias", __LINE__);
    }
    if (d.input_gradient != CN_GRADIENT_NONE) {
        check_exactly(expected.dx, actual.dx, "dx", __LINE__);
    }
}

// Random stages; the op is for more rows than there are, and the tensors end where the rows do.
void test_random(cn_context* context, Random& random) {
    auto numbers = layer::one_of<layer::Numbers>(random, {layer::Numbers::Any, layer::Numbers::Grid, layer::Numbers::Whole});
    cn_conv2d_desc d = layer::random_conv2d(random, numbers, 60000);
    d.precision = std::min<int32_t>(d.precision, CN_PRECISION_TF32);
    check::scope += ": " + layer::describe(d) + "; numbers " + std::to_string(static_cast<int>(numbers));
    if (SetSchedule set = simulator()) {
        set(layer::one_of<std::string>(random, {"lock-step", "reverse", "warp-greedy", "reverse-warp-greedy", "random:5"}).c_str());
    }
    cn_conv2d_desc larger = d;
    larger.batch += random.next_int(0, 2);
    int algorithm = static_cast<int>(random.next_int(0, 1));
    choose_cudnn(context, larger, algorithm);
    layer::ConvData data(d, random, numbers);
    cn_state state = state_of(d.batch, static_cast<uint64_t>(random.next_int(0, 1 << 20)));
    layer::ConvResult expected = layer::convolve(d, data, state);
    int64_t before[] = {calls(Forward, algorithm), calls(InputGradient, 1), calls(KernelGradient, 1)};
    size_t shift = layer::chance(random, 0.25) ? 1 : 0; // then nothing is aligned to vectors
    layer::Outputs outputs = layer::run(context, d, larger.batch - d.batch, data, state, shift);
    if (counts()) { // each tried once
        CHECK(calls(Forward, algorithm) == before[0] + 1 + outputs.forward_runs);
        CHECK(calls(InputGradient, 1) == before[1] + (d.input_gradient != CN_GRADIENT_NONE ? 3 : 0));
        CHECK(calls(KernelGradient, 1) == before[2] + 1 + outputs.kernel_gradients);
    }
    layer::compare(d, data, numbers, d.precision, expected, outputs);
    if (numbers == layer::Numbers::Whole) {
        check_exactly(d, expected, outputs);
    }
}

template <class T>
std::vector<T> with_tail(const std::vector<T>& values, size_t count, T tail) {
    std::vector<T> longer = values;
    longer.resize(count, tail);
    return longer;
}

template <class T>
std::vector<T> head(const std::vector<T>& values, size_t count) {
    return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)};
}

// What is beyond the rows may be anything: it is not read, and stays.
void test_beyond_rows(cn_context* context) {
    check::scope = "beyond the rows";
    for (int32_t gradient : {CN_GRADIENT_OVERWRITE, CN_GRADIENT_ACCUMULATE}) {
        cn_conv2d_desc d = stage(2, 3, 6, 0.5f, gradient), fewer = d;
        fewer.batch = 2;
        Random random(8);
        layer::ConvData data(fewer, random, layer::Numbers::Whole);
        cn_state state = state_of(fewer.batch);
        layer::ConvResult expected = layer::convolve(fewer, data, state);
        size_t inputs = data.x.size() * 2, outputs = data.dy.size() * 2;
        choose_cudnn(context, d, 1);
        Op op(cn_conv2d_create, context, d);
        State device_state(context, state);
        Array<float> x(context, with_tail(data.x, inputs, NAN)), dy(context, with_tail(data.dy, outputs, NAN));
        Array<float> kernel(context, data.kernel), bias(context, data.bias), dkernel(context, data.kernel.size()),
            dbias(context, data.bias.size());
        std::vector<float> untouched_y(outputs, -77.0f), untouched_dx = with_tail(data.dx, inputs, -77.0f);
        std::vector<uint8_t> untouched_codes(outputs, 77);
        Array<float> y(context, untouched_y), dx(context, untouched_dx);
        Array<uint8_t> codes(context, untouched_codes);
        ok(cn_conv2d_forward(op, device_state, x, kernel, bias, y, codes, nullptr));
        ok(cn_conv2d_backward(op, device_state, x, kernel, y, codes, dy, dx, dkernel, dbias));
        layer::Outputs found{head(y.values(), data.dy.size()), {}, head(dx.values(), data.x.size()), dkernel.values(), dbias.values()};
        found.predicted = std::vector<float>(expected.predicted.begin(), expected.predicted.end());
        check_exactly(fewer, expected, found);
        for (size_t i = data.dy.size(); i < outputs; ++i) {
            CHECK(y.values()[i] == -77.0f && codes.values()[i] == 77);
        }
        for (size_t i = data.x.size(); i < inputs; ++i) {
            CHECK(dx.values()[i] == -77.0f);
        }
    }
}

// Infinity and NaN end up where they belong, and a dropped element is 0 whatever it was.
void test_not_finite(cn_context* context) {
    check::scope = "not finite";
    cn_conv2d_desc d = stage(2, 3, 6, 0.5f, CN_GRADIENT_OVERWRITE);
    Random random(9);
    layer::ConvData data(d, random, layer::Numbers::Whole);
    data.x[40] = NAN;
    data.x[300] = INFINITY;
    cn_state state = state_of(d.batch);
    Context cpu;
    layer::Outputs expected = layer::run(cpu, d, 0, data, state);
    choose_cudnn(context, d, 0);
    layer::Outputs actual = layer::run(context, d, 0, data, state);
    check_exactly(layer::Doubles(expected.y.begin(), expected.y.end()), actual.y, "y", __LINE__);
    check_exactly(layer::Doubles(expected.predicted.begin(), expected.predicted.end()), actual.predicted, "predicted", __LINE__);
}

// The same bits under every schedule, though cuDNN would rather add in an order of its own.
void test_same_bits() {
    cn_conv2d_desc d = stage(1, 5, 40, 0.25f, CN_GRADIENT_OVERWRITE);
    d.input_width = d.conv_width = d.output_width = d.output_height = 9;
    d.pool = {};
    d.batch = 13; // the bias is summed by several blocks, which have no equal parts
    Random random(10);
    layer::ConvData data(d, random);
    layer::ConvResult expected = layer::convolve(d, data, state_of(d.batch));
    layer::Outputs first;
    for_each_variant(Cuda, [&](cn_context* context, bool is_first) {
        check::scope += ", same bits";
        layer::Outputs outputs = layer::run(context, d, 2, data, state_of(d.batch));
        layer::compare(d, data, layer::Numbers::Any, CN_PRECISION_FLOAT32, expected, outputs);
        CHECK(is_first || first.same_bits(outputs));
        first = outputs;
    });
    if (counts()) {
        CHECK(calls(InputGradient, 1) > 0 && calls(KernelGradient, 1) > 0);
        CHECK(calls(InputGradient, 0) == 0 && calls(KernelGradient, 0) == 0 && calls(KernelGradient, 3) == 0);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Graphs
// ---------------------------------------------------------------------------------------------------------------------

void test_graph(cn_context* context) {
    check::scope = "graph";
    cn_conv2d_desc d = stage(2, 3, 6, 0.5f, CN_GRADIENT_OVERWRITE), last = d;
    last.batch = 3;
    Random random(11);
    layer::ConvData data(d, random, layer::Numbers::Whole);
    layer::ConvData rest(last, random, layer::Numbers::Whole);
    rest.kernel = data.kernel, rest.bias = data.bias;
    Op op(cn_conv2d_create, context, d);
    State state(context, state_of(4, 3));
    layer::Tensors t(context, data, 0);
    Array<uint8_t> codes(context, data.dy.size());
    ok(cn_graph_begin(context));
    ok(cn_conv2d_forward(op, state, t.x, t.kernel, t.bias, t.y, codes, nullptr));
    ok(cn_conv2d_backward(op, state, t.x, t.kernel, t.y, codes, t.dy, t.dx, t.dkernel, t.dbias));
    ok(cn_conv2d_predict(op, state, t.x, t.kernel, t.bias, nullptr, t.predicted));
    cn_graph* graph = nullptr;
    ok(cn_graph_end(context, &graph));
    cn_graph_info info{};
    info.struct_size = sizeof(info);
    ok(cn_graph_get_info(graph, &info));
    if (counts()) {
        CHECK(info.kernels == 3 + 4 + 3 && info.nodes == info.kernels);
    }
    ok(cn_graph_launch(graph));
    check_exactly(d, layer::convolve(d, data, state_of(4, 3)), t.outputs(data));

    // The same graph with another batch, which is not full.
    state.write(state_of(3, 4));
    t.x.write(with_tail(rest.x, data.x.size(), NAN));
    t.dy.write(with_tail(rest.dy, data.dy.size(), NAN));
    ok(cn_graph_launch(graph));
    layer::ConvResult expected = layer::convolve(last, rest, state_of(3, 4));
    check_exactly(expected.y, head(t.y.values(), rest.dy.size()), "y", __LINE__);
    check_exactly(expected.dx, head(t.dx.values(), rest.x.size()), "dx", __LINE__);
    check_exactly(expected.dkernel, t.dkernel.values(), "dkernel", __LINE__);
    check_exactly(expected.dbias, t.dbias.values(), "dbias", __LINE__);
    ok(cn_graph_destroy(graph));
}

// ---------------------------------------------------------------------------------------------------------------------
// Choosing
// ---------------------------------------------------------------------------------------------------------------------

struct Chosen {
    bool forward, backward;

    bool operator==(const Chosen& other) const { return forward == other.forward && backward == other.backward; }
};

constexpr Chosen Neither{false, false}, Both{true, true};

// Whether cuDNN is tried for the directions of a new op; what it computes, it computes right.
Chosen chosen(cn_context* context, const cn_conv2d_desc& d) {
    int64_t forward = calls(Forward), backward = calls(KernelGradient);
    Random random(12);
    layer::ConvData data(d, random, layer::Numbers::Whole);
    check_exactly(d, layer::convolve(d, data, state_of(d.batch)), layer::run(context, d, 0, data, state_of(d.batch)));
    return {calls(Forward) > forward, calls(KernelGradient) > backward};
}

void test_rule(cn_context* context) {
    check::scope = "rule";
    fs::remove(file_of_choices(context));
    cn_conv2d_desc strided = stage(2, 3, 6, 0, CN_GRADIENT_OVERWRITE), tiled = stage(1, 8, 8, 0, CN_GRADIENT_OVERWRITE);
    CHECK(chosen(context, strided) == Both);
    CHECK(chosen(context, tiled) == Neither);
    cn_conv2d_desc half_tiled = stage(1, 3, 8, 0, CN_GRADIENT_OVERWRITE); // forward alone
    CHECK(chosen(context, half_tiled) == (Chosen{false, true}));
    strided.precision = CN_PRECISION_BFLOAT16;
    CHECK(chosen(context, strided) == Neither);
    CHECK(!fs::exists(file_of_choices(context)));
}

void test_switches(cn_context* context) {
    check::scope = "switches";
    cn_conv2d_desc strided = stage(2, 3, 6, 0, CN_GRADIENT_OVERWRITE);
    set_choice(context, strided, Direction::Forward, "own");
    CHECK(chosen(context, strided) == (Chosen{false, true}));
    setenv("COMPILED_CUDA_TUNING", "off", 1); // the file is not read
    CHECK(chosen(context, strided) == Both);
    setenv("COMPILED_CUDNN", "off", 1);
    CHECK(chosen(context, strided) == Neither);
    unsetenv("COMPILED_CUDNN");
    setenv("COMPILED_CUDA_TUNING", "faster", 1);
    cn_op* op = nullptr;
    CHECK(cn_conv2d_create(context, &strided, &op) == CN_STATUS_INVALID_ARGUMENT);
    CHECK(std::strstr(cn_last_error(), "COMPILED_CUDA_TUNING is 'faster'") != nullptr);
    setenv("COMPILED_CUDA_TUNING", "cache", 1);
}

void test_file(cn_context* context) {
    check::scope = "file";
    cn_conv2d_desc strided = stage(2, 3, 6, 0, CN_GRADIENT_OVERWRITE), tiled = stage(1, 8, 8, 0, CN_GRADIENT_OVERWRITE);
    set_choice(context, tiled, Direction::Forward, "cudnn 0/3");
    CHECK(chosen(context, tiled) == (Chosen{true, false}));
    int64_t denied = calls(KernelGradient, 0) + calls(KernelGradient, 3) + calls(InputGradient, 0);
    for (const char* choice : {"cudnn 0/3 1/3", "cudnn 3/3 1/3", "cudnn 1/3 0/3", "cudnn 1/0 1/0", "nonsense", ""}) {
        set_choice(context, strided, Direction::Backward, choice);
        set_choice(context, strided, Direction::Forward, "cudnn 2/3"); // allowed, but the stand-in does not have it
        CHECK(chosen(context, strided) == Both);
    }
    CHECK(calls(KernelGradient, 0) + calls(KernelGradient, 3) + calls(InputGradient, 0) == denied);
    std::ofstream(file_of_choices(context)) << "compiled: convolutions, 1\n\xFF\xFE forward = cudnn\n = \n";
    CHECK(chosen(context, strided) == Both);
    CHECK(chosen(context, tiled) == Neither);
}

// A contest's winner is not known, but it is written, and stays the winner.
void test_contest(cn_context* context) {
    check::scope = "contest";
    setenv("COMPILED_CUDA_TUNING", "on", 1);
    fs::remove(file_of_choices(context));
    for (const cn_conv2d_desc& d : {stage(2, 3, 6, 0.5f, CN_GRADIENT_ACCUMULATE), stage(1, 8, 8, 0, CN_GRADIENT_NONE)}) {
        CHECK(chosen(context, d) == Both); // in the contest
        std::map<std::string, std::string> lines = read_choices(file_of_choices(context));
        Choice forward, backward;
        CHECK(parse_choice(lines[stage_key(d, Direction::Forward)], d, Direction::Forward, forward));
        CHECK(parse_choice(lines[stage_key(d, Direction::Backward)], d, Direction::Backward, backward));
        CHECK(chosen(context, d) == (Chosen{forward.cudnn, backward.cudnn}));
        CHECK(read_choices(file_of_choices(context)) == lines);
    }
    CHECK(read_choices(file_of_choices(context)).size() == 4);
    setenv("COMPILED_CUDA_TUNING", "cache", 1);
}

// A contest whose result cannot be written.
void test_no_folder(cn_context* context) {
    check::scope = "no folder";
    std::string folder = std::getenv("XDG_CACHE_HOME");
    setenv("COMPILED_CUDA_TUNING", "on", 1);
    setenv("XDG_CACHE_HOME", "/dev/null/cache", 1);
    CHECK(chosen(context, stage(2, 3, 6, 0, CN_GRADIENT_OVERWRITE)) == Both);
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    setenv("COMPILED_CUDA_TUNING", "cache", 1);
}

// Where a stage would need too much of the device's memory, own kernels need less.
void test_memory(cn_context* context) {
    check::scope = "memory";
    cn_conv2d_desc d = stage(2, 3, 6, 0, CN_GRADIENT_OVERWRITE);
    d.batch = 1 << 20; // 1.2 GB of x, an eighth of the simulator's memory is 0.5
    int64_t forward = calls(Forward);
    Op op(cn_conv2d_create, context, d);
    CHECK(calls(Forward) == forward);
}

} // namespace

int main() {
    fs::path cache = fs::temp_directory_path() / "compiled-cudnn-test-XXXXXX";
    std::string folder = cache.string();
    if (mkdtemp(folder.data()) == nullptr || setenv("XDG_CACHE_HOME", folder.c_str(), 1) != 0 || !has(Cuda)) {
        return check::result();
    }
    unsetenv("COMPILED_CUDA_TUNING");
    {
        Context context(Cuda);
        for (int i = 0; i < Samples; ++i) {
            check::scope = "sample " + std::to_string(i);
            Random random(Seed + static_cast<uint64_t>(i));
            test_random(context, random);
        }
        test_beyond_rows(context);
        test_not_finite(context);
        test_graph(context);
        if (counts()) {
            test_rule(context);
            test_switches(context);
            test_file(context);
            test_contest(context);
            test_no_folder(context);
            test_memory(context);
        }
    }
    test_same_bits();
    fs::remove_all(folder);
    return check::result();
}
