// Convolution stages of joined inputs against the ops that they are made of, on the same device: the same bits. What those compute is
// compared with plain loops elsewhere (layer_test, upsampling2d_test, concatenate_test).
#include "layer_run.h"
#include "random_stage.h"
#include "refusal.h"

#include <memory>

using namespace device;

namespace {

constexpr int Inputs = 4;
constexpr int Nearest = CN_INTERPOLATION_NEAREST, Bilinear = CN_INTERPOLATION_BILINEAR;
constexpr int None = CN_GRADIENT_NONE, Overwrite = CN_GRADIENT_OVERWRITE, Accumulate = CN_GRADIENT_ACCUMULATE;

struct Input {
    int64_t channels, height, width; // the last two are factors
    int32_t gradient;
    int32_t interpolation = Nearest;
};

cn_joined_conv2d_desc join(const cn_conv2d_desc& conv, const std::vector<Input>& inputs) {
    Input all[Inputs] = {};
    std::copy(inputs.begin(), inputs.end(), all);
    cn_joined_conv2d_desc d{};
    d.inputs = static_cast<int32_t>(inputs.size());
    d.conv = conv;
    d.conv.input_gradient = None;
    d.channels_0 = all[0].channels, d.channels_1 = all[1].channels, d.channels_2 = all[2].channels, d.channels_3 = all[3].channels;
    d.upsampling_height_0 = all[0].height, d.upsampling_height_1 = all[1].height;
    d.upsampling_height_2 = all[2].height, d.upsampling_height_3 = all[3].height;
    d.upsampling_width_0 = all[0].width, d.upsampling_width_1 = all[1].width;
    d.upsampling_width_2 = all[2].width, d.upsampling_width_3 = all[3].width;
    d.interpolation_0 = all[0].interpolation, d.interpolation_1 = all[1].interpolation;
    d.interpolation_2 = all[2].interpolation, d.interpolation_3 = all[3].interpolation;
    d.gradient_0 = all[0].gradient, d.gradient_1 = all[1].gradient, d.gradient_2 = all[2].gradient, d.gradient_3 = all[3].gradient;
    return d;
}

struct Outputs {
    std::vector<float> y, predicted, dkernel, dbias, dx[Inputs];
    std::vector<double> moments;
};

std::vector<float> nans(size_t count) {
    return std::vector<float>(count, NAN);
}

using Floats = std::unique_ptr<Array<float>>;

// The arrays of a stage of these inputs.
struct Stage {
    Stage(cn_context* context_, const cn_conv2d_desc& d_, const std::vector<Input>& inputs_, const std::vector<int>& arrays_,
          layer::Numbers numbers, size_t shift_)
        : context(context_), d(d_), inputs(inputs_), arrays(arrays_), shift(shift_), state(context_, state_of(d_.batch)) {
        Random random(31);
        layer::ConvData data(d, random, numbers);
        for (size_t i = 0; i < inputs.size(); ++i) {
            int64_t count = d.batch * (d.input_height / inputs[i].height) * (d.input_width / inputs[i].width) * inputs[i].channels;
            std::vector<float> values(data.x.begin(), data.x.begin() + count), old(data.dx.begin(), data.dx.begin() + count);
            std::rotate(values.begin(), values.begin() + count / 3, values.end());
            x[i] = std::make_unique<Array<float>>(context, values, shift);
            dx[i] = std::make_unique<Array<float>>(context, old, shift);
        }
        auto filled = [&](const std::vector<float>& values) { return std::make_unique<Array<float>>(context, values, shift); };
        kernel = filled(data.kernel), bias = filled(data.bias), dy = filled(data.dy);
        y = filled(nans(data.dy.size())), predicted = filled(nans(data.dy.size()));
        dkernel = filled(nans(data.kernel.size())), dbias = filled(nans(data.bias.size()));
        codes = std::make_unique<Array<uint8_t>>(context, data.dy.size(), shift);
        moments = std::make_unique<Array<double>>(context, std::vector<double>(static_cast<size_t>(2 * d.filters), NAN));
    }

    // The array of an input, which may be that of another one.
    float* input(int i) const { return i < count() ? x[arrays[static_cast<size_t>(i)]]->data() : nullptr; }
    float* gradient(int i) const {
        return i < count() && inputs[static_cast<size_t>(i)].gradient != None ? dx[arrays[static_cast<size_t>(i)]]->data() : nullptr;
    }
    int count() const { return static_cast<int>(inputs.size()); }
    bool wants_gradient() const {
        return std::any_of(inputs.begin(), inputs.end(), [](const Input& each) { return each.gradient != None; });
    }

    float* bias_or_null() const { return d.use_bias != 0 ? bias->data() : nullptr; }
    float* dbias_or_null() const { return d.use_bias != 0 ? dbias->data() : nullptr; }
    float* addend_or_null() const { return d.pool.height == 0 ? dy->data() : nullptr; }
    uint8_t* codes_or_null() const { return d.pool.height != 0 ? codes->data() : nullptr; }
    double* moments_or_null() const { return d.use_moments != 0 ? moments->data() : nullptr; }

    Outputs outputs() const {
        Outputs result;
        result.y = *y, result.predicted = *predicted, result.dkernel = *dkernel, result.dbias = *dbias, result.moments = *moments;
        for (int i = 0; i < count(); ++i) {
            result.dx[i] = *dx[i];
        }
        return result;
    }

    cn_context* context;
    const cn_conv2d_desc& d;
    const std::vector<Input>& inputs;
    const std::vector<int>& arrays;
    size_t shift;
    State state;
    Floats x[Inputs], dx[Inputs], kernel, bias, dy, y, predicted, dkernel, dbias;
    std::unique_ptr<Array<uint8_t>> codes;
    std::unique_ptr<Array<double>> moments;
};

// As one op. Then without gradients of weights: those of the inputs are the same, whatever the inputs hold.
Outputs run_joined(Stage& s, int64_t spare) {
    cn_joined_conv2d_desc desc = join(s.d, s.inputs);
    desc.conv.batch += spare;
    Op op(cn_joined_conv2d_create, s.context, desc);
    ok(cn_joined_conv2d_forward(op, s.state, s.input(0), s.input(1), s.input(2), s.input(3), *s.kernel, s.bias_or_null(), *s.y,
                                s.codes_or_null(), s.moments_or_null()));
    ok(cn_joined_conv2d_predict(op, s.state, s.input(0), s.input(1), s.input(2), s.input(3), *s.kernel, s.bias_or_null(),
                                s.addend_or_null(), *s.predicted));
    std::vector<float> old[Inputs];
    for (int i = 0; i < s.count(); ++i) {
        old[i] = *s.dx[i];
    }
    auto backward = [&](float* dkernel, float* dbias) {
        return cn_joined_conv2d_backward(op, s.state, s.input(0), s.input(1), s.input(2), s.input(3), *s.kernel, *s.y, s.codes_or_null(),
                                         *s.dy, s.gradient(0), s.gradient(1), s.gradient(2), s.gradient(3), dkernel, dbias);
    };
    ok(backward(*s.dkernel, s.dbias_or_null()));
    Outputs outputs = s.outputs();
    for (int i = 0; i < s.count(); ++i) {
        s.dx[i]->write(old[i]);
        s.x[i]->write(nans(s.x[i]->size()));
    }
    ok(backward(nullptr, nullptr));
    for (int i = 0; i < s.count(); ++i) {
        CHECK(s.dx[i]->same_bits(outputs.dx[i]));
    }
    return outputs;
}

// By an up-sampling for each input that is enlarged, a concatenation where there are several, and the convolution.
class Unjoined {
public:
    explicit Unjoined(Stage& stage) : s(stage) {
        int64_t pixels = s.d.batch * s.d.input_height * s.d.input_width;
        for (int i = 0; i < s.count(); ++i) {
            enlarged[i] = std::make_unique<Array<float>>(s.context, nans(static_cast<size_t>(pixels * input(i).channels)));
            enlarged_gradient[i] = std::make_unique<Array<float>>(s.context, nans(static_cast<size_t>(pixels * input(i).channels)));
        }
        joined = std::make_unique<Array<float>>(s.context, nans(static_cast<size_t>(pixels * s.d.input_channels)));
        joined_gradient = std::make_unique<Array<float>>(s.context, nans(static_cast<size_t>(pixels * s.d.input_channels)));
    }

    Outputs run() {
        cn_conv2d_desc conv = s.d;
        conv.input_gradient = s.wants_gradient() ? Overwrite : None;
        Op op(cn_conv2d_create, s.context, conv);
        for (int i = 0; i < s.count(); ++i) {
            Op enlarging(cn_upsampling2d_create, s.context, upsampling(i));
            ok(cn_upsampling2d_forward(enlarging, s.state, s.input(i), *enlarged[i]));
        }
        float* x = enlarged[0]->data();
        float* dx = s.wants_gradient() ? enlarged_gradient[0]->data() : nullptr;
        if (s.count() > 1) {
            Op joining(cn_concatenate_create, s.context, concatenation());
            ok(cn_concatenate_forward(joining, s.state, at(enlarged, 0), at(enlarged, 1), at(enlarged, 2), at(enlarged, 3), *joined));
            x = joined->data();
            dx = s.wants_gradient() ? joined_gradient->data() : nullptr;
        }
        ok(cn_conv2d_forward(op, s.state, x, *s.kernel, s.bias_or_null(), *s.y, s.codes_or_null(), s.moments_or_null()));
        ok(cn_conv2d_predict(op, s.state, x, *s.kernel, s.bias_or_null(), s.addend_or_null(), *s.predicted));
        ok(cn_conv2d_backward(op, s.state, x, *s.kernel, *s.y, s.codes_or_null(), *s.dy, dx, *s.dkernel, s.dbias_or_null()));
        if (s.count() > 1) {
            Op joining(cn_concatenate_create, s.context, concatenation());
            ok(cn_concatenate_backward(joining, s.state, *joined_gradient, wanted(0), wanted(1), wanted(2), wanted(3)));
        }
        for (int i = 0; i < s.count(); ++i) {
            Op enlarging(cn_upsampling2d_create, s.context, upsampling(i));
            ok(cn_upsampling2d_backward(enlarging, s.state, *enlarged_gradient[i], s.gradient(i)));
        }
        return s.outputs();
    }

private:
    const Input& input(int i) const { return s.inputs[static_cast<size_t>(i)]; }
    float* at(const Floats (&arrays)[Inputs], int i) const { return i < s.count() ? arrays[i]->data() : nullptr; }
    float* wanted(int i) const { return i < s.count() && input(i).gradient != None ? enlarged_gradient[i]->data() : nullptr; }

    cn_upsampling2d_desc upsampling(int i) const {
        cn_upsampling2d_desc u{};
        u.input_gradient = input(i).gradient;
        u.batch = s.d.batch;
        u.input_height = s.d.input_height / input(i).height, u.input_width = s.d.input_width / input(i).width;
        u.channels = input(i).channels;
        u.factor_height = input(i).height, u.factor_width = input(i).width;
        u.interpolation = input(i).interpolation;
        return u;
    }

    cn_concatenate_desc concatenation() const {
        cn_joined_conv2d_desc all = join(s.d, s.inputs);
        cn_concatenate_desc c{};
        c.inputs = all.inputs;
        c.batch = s.d.batch, c.outer = s.d.input_height * s.d.input_width;
        c.length_0 = all.channels_0, c.length_1 = all.channels_1, c.length_2 = all.channels_2, c.length_3 = all.channels_3;
        auto mode = [](int32_t gradient) { return gradient == None ? None : Overwrite; };
        c.gradient_0 = mode(all.gradient_0), c.gradient_1 = mode(all.gradient_1);
        c.gradient_2 = mode(all.gradient_2), c.gradient_3 = mode(all.gradient_3);
        return c;
    }

    Stage& s;
    Floats enlarged[Inputs], enlarged_gradient[Inputs], joined, joined_gradient;
};

// Signs of zeros may differ: a sum of one cell begins with it.
void test(const Device& device, const cn_conv2d_desc& d, const std::vector<Input>& inputs, const std::vector<int>& arrays, size_t shift) {
    // A device that aligns its own arrays better may choose other kernels.
    layer::Numbers numbers = device.is_cuda() || shift != 0 ? layer::Numbers::Whole : layer::Numbers::Any;
    std::string scope = check::scope;
    for_each_variant(device, [&](cn_context* context, bool) {
        Stage joined(context, d, inputs, arrays, numbers, shift), unjoined(context, d, inputs, arrays, numbers, shift);
        Outputs actual = run_joined(joined, 1), expected = Unjoined(unjoined).run();
        auto equal = [](const auto& left, const auto& right) { // but for the sign of 0
            return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                              [](auto a, auto b) { return a == b || (std::isnan(a) && std::isnan(b)); });
        };
        CHECK(equal(expected.y, actual.y));
        CHECK(equal(expected.predicted, actual.predicted));
        CHECK(equal(expected.moments, actual.moments));
        CHECK(equal(expected.dkernel, actual.dkernel));
        CHECK(equal(expected.dbias, actual.dbias));
        for (int i = 0; i < Inputs; ++i) {
            CHECK(equal(expected.dx[i], actual.dx[i]));
        }
    });
    check::scope = scope;
}

std::vector<int> own_arrays(const std::vector<Input>& inputs) {
    std::vector<int> arrays(inputs.size());
    for (size_t i = 0; i < arrays.size(); ++i) {
        arrays[i] = static_cast<int>(i);
    }
    return arrays;
}

// A factor of `extent`.
int64_t factor_of(Random& random, int64_t extent) {
    int64_t factor = layer::one_of<int64_t>(random, {1, 1, 2, 2, 3, 4});
    return extent % factor == 0 ? factor : 1;
}

void test_random(const Device& device, uint32_t seed) {
    Random random(seed);
    bool whole = device.is_cuda();
    cn_conv2d_desc d =
        layer::random_conv2d(random, whole ? layer::Numbers::Whole : layer::Numbers::Any, device.is_cuda() ? 100000 : 400000);
    // What is behind the last window is not read.
    int64_t multiple = layer::one_of<int64_t>(random, {1, 2, 4, 12});
    d.input_height = (d.input_height + multiple - 1) / multiple * multiple;
    d.input_width = (d.input_width + multiple - 1) / multiple * multiple;
    d.groups = random.next_int(0, 1);
    std::vector<Input> inputs;
    int64_t left = d.input_channels, most = random.next_int(1, Inputs);
    while (left > 0) {
        bool last = static_cast<int64_t>(inputs.size()) + 1 == most;
        int64_t channels = last                                          ? left
                           : left % 8 == 0 && layer::chance(random, 0.7) ? 4 * random.next_int(1, left / 4)
                                                                         : random.next_int(1, left);
        inputs.push_back({channels, factor_of(random, d.input_height), factor_of(random, d.input_width),
                          static_cast<int32_t>(random.next_int(None, Accumulate))});
        // Thirds are rounded, and then the order of sums, which depends on the batch, matters.
        Input& input = inputs.back();
        input.interpolation = input.height != 3 && input.width != 3 && layer::chance(random, 0.5) ? Bilinear : Nearest;
        left -= channels;
    }
    check::scope = std::string(device.name) + ", seed " + std::to_string(seed) + ": " + layer::describe(d);
    test(device, d, inputs, own_arrays(inputs), layer::chance(random, 0.2) ? 1 : 0);
    check::scope = device.name;
}

cn_conv2d_desc same3(int64_t batch, int64_t extent, int64_t channels, int64_t filters) {
    cn_conv2d_desc d{};
    d.batch = batch;
    d.input_height = d.input_width = d.conv_height = d.conv_width = d.output_height = d.output_width = extent;
    d.input_channels = channels;
    d.filters = filters;
    d.window = {3, 3, 1, 1, 1, 1, 1, 1};
    d.activation = CN_ACTIVATION_RELU;
    d.use_bias = 1;
    return d;
}

// Those of a U-Net, a convolution whose gradients are listed, and inputs that are one array.
void test_cases(const Device& device) {
    cn_conv2d_desc unet = same3(2, 12, 48, 16), pooled = same3(2, 8, 24, 16), shared = same3(2, 6, 12, 8);
    pooled.pool = {2, 2, 2, 2, 1, 1, 0, 0};
    pooled.output_height = pooled.output_width = 4;
    test(device, unet, {{32, 2, 2, Overwrite}, {16, 1, 1, Accumulate}}, {0, 1}, 0);
    test(device, unet, {{32, 2, 2, Overwrite, Bilinear}, {16, 1, 1, Accumulate}}, {0, 1}, 0);
    test(device, unet, {{32, 4, 2, Accumulate, Bilinear}, {16, 1, 4, Overwrite, Bilinear}}, {0, 1}, 1);
    test(device, unet, {{32, 3, 4, Accumulate}, {16, 2, 1, None}}, {0, 1}, 1);
    test(device, unet, {{48, 2, 2, Overwrite}}, {0}, 0);
    test(device, pooled, {{8, 2, 2, Overwrite}, {16, 1, 1, Accumulate}}, {0, 1}, 0);
    test(device, pooled, {{8, 2, 4, Overwrite, Bilinear}, {16, 1, 1, Accumulate}}, {0, 1}, 0);
    test(device, pooled, {{8, 2, 2, None}, {16, 1, 1, None}}, {0, 1}, 0);
    test(device, shared, {{4, 2, 3, Overwrite}, {4, 1, 1, None}, {4, 2, 3, Accumulate}}, {0, 1, 0}, 0);
    test(device, shared, {{3, 1, 1, Accumulate}, {3, 1, 1, Accumulate}, {3, 2, 2, Overwrite}, {3, 2, 2, Accumulate}}, {0, 0, 2, 2}, 0);
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_joined_conv2d_desc d = join(same3(2, 6, 12, 8), {{8, 2, 3, Overwrite}, {4, 1, 1, None}});
    REFUSED(cn_joined_conv2d_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_joined_conv2d_create, context, d, d.inputs = 0, "inputs is 0: it must be from 1 to 4");
    REFUSED(cn_joined_conv2d_create, context, d, d.inputs = 5, "inputs is 5");
    REFUSED(cn_joined_conv2d_create, context, d, d.inputs = 3, "channels_2 is 0");
    REFUSED(cn_joined_conv2d_create, context, d, d.channels_2 = 1, "channels_2 is 1: it must be from 0 to 0: there are fewer inputs");
    REFUSED(cn_joined_conv2d_create, context, d, d.upsampling_width_3 = 1, "upsampling_width_3 is 1");
    REFUSED(cn_joined_conv2d_create, context, d, d.channels_1 = 5, "conv.input_channels is 12 and the sum of channels 13");
    REFUSED(cn_joined_conv2d_create, context, d, d.upsampling_height_0 = 4, "conv.input_height is 6 and upsampling_height_0 4");
    REFUSED(cn_joined_conv2d_create, context, d, d.upsampling_width_1 = 0, "upsampling_width_1 is 0");
    REFUSED(cn_joined_conv2d_create, context, d, d.upsampling_width_1 = -1, "upsampling_width_1 is -1");
    REFUSED(cn_joined_conv2d_create, context, d, d.interpolation_0 = 2, "interpolation_0 is 2");
    REFUSED(cn_joined_conv2d_create, context, d, d.interpolation_2 = 1,
            "interpolation_2 is 1: it must be from 0 to 0: there are fewer inputs");
    REFUSED(cn_joined_conv2d_create, context, d, d.gradient_0 = 3, "gradient_0 is 3");
    REFUSED(cn_joined_conv2d_create, context, d, d.gradient_2 = 1, "gradient_2 is 1");
    REFUSED(cn_joined_conv2d_create, context, d, d.conv.struct_size = sizeof(d.conv), "conv.struct_size is");
    REFUSED(cn_joined_conv2d_create, context, d, d.conv.input_gradient = 1, "conv.input_gradient is 1");
    REFUSED(cn_joined_conv2d_create, context, d, d.conv.groups = 2, "conv.groups is 2");
    REFUSED(cn_joined_conv2d_create, context, d, d.conv.batch = 0, "batch is 0");
    Op op(cn_joined_conv2d_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 1024), b(context, 1024), kernel(context, 9 * 12 * 8), bias(context, 8), c(context, 1024);
    REFUSED_CALL(cn_joined_conv2d_forward(op, state, a, nullptr, nullptr, nullptr, kernel, bias, c, nullptr, nullptr), "x_1 is null");
    REFUSED_CALL(cn_joined_conv2d_forward(op, state, a, b, a, nullptr, kernel, bias, c, nullptr, nullptr), "x_2 must be null");
    REFUSED_CALL(cn_joined_conv2d_forward(op, state, a, b, nullptr, nullptr, nullptr, bias, c, nullptr, nullptr), "kernel is null");
    REFUSED_CALL(cn_joined_conv2d_predict(op, state, a, b, nullptr, nullptr, kernel, nullptr, nullptr, c), "bias is null");
    REFUSED_CALL(cn_joined_conv2d_predict(op, state, nullptr, b, nullptr, nullptr, kernel, bias, nullptr, c), "x_0 is null");
    REFUSED_CALL(cn_joined_conv2d_backward(op, state, a, b, nullptr, nullptr, kernel, c, nullptr, c, nullptr, nullptr, nullptr, nullptr,
                                           nullptr, nullptr),
                 "dx_0 is null");
    REFUSED_CALL(
        cn_joined_conv2d_backward(op, state, a, b, nullptr, nullptr, kernel, c, nullptr, c, a, b, nullptr, nullptr, nullptr, nullptr),
        "dx_1 must be null");
    cn_joined_conv2d_desc both = join(same3(2, 6, 12, 8), {{8, 2, 3, Overwrite}, {4, 1, 1, Accumulate}});
    Op shared(cn_joined_conv2d_create, context, both);
    REFUSED_CALL(
        cn_joined_conv2d_backward(shared, state, a, b, nullptr, nullptr, kernel, c, nullptr, c, a, a, nullptr, nullptr, nullptr, nullptr),
        "dx_1 is dx_0: the inputs have 144 and 48 values per sample");
    REFUSED_CALL(cn_conv2d_predict(op, state, a, kernel, bias, nullptr, c), "a joined_conv2d op");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_cases(device);
        int samples = device.is_cuda() ? 15 : 60;
        for (int seed = 1; seed <= (Sanitized ? samples / 3 : samples); ++seed) {
            test_random(device, static_cast<uint32_t>(seed));
        }
        test_refusals(device);
    });
    return check::result();
}
