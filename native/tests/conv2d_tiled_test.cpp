// The tiled convolution stages of the CUDA backend, on the simulator, against the CPU: equal bits where every product and sum is a small
// integer, close otherwise; the same bits for the same op run again.
#include "check.h"
#include "compiled.h"
#include "device.h"

#include <algorithm>
#include <string>

namespace {

using device::ok;
using device::Random;

std::string schedule; // of the simulator

class Target {
public:
    explicit Target(int kind) {
        cn_context_desc desc{};
        desc.struct_size = sizeof(desc);
        desc.device = kind;
        desc.threads = 1;
        ok(cn_context_create(&desc, &context));
        if (context == nullptr) {
            std::exit(check::result());
        }
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() { cn_context_destroy(context); }

    cn_context* context = nullptr;
};

// Device memory with a copy of host values; `shift` floats after the start of a buffer.
template <class T>
class Memory {
public:
    Memory(const Target& target, const std::vector<T>& values, int64_t shift = 0) : _count(values.size()), _shift(shift) {
        if (_count > 0) {
            ok(cn_buffer_create(target.context, (static_cast<int64_t>(_count) + shift) * static_cast<int64_t>(sizeof(T)), &_buffer));
            ok(cn_buffer_write(_buffer, shift * static_cast<int64_t>(sizeof(T)), values.data(), static_cast<int64_t>(_count * sizeof(T))));
        }
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { cn_buffer_destroy(_buffer); }

    operator T*() const {
        void* address = nullptr;
        if (_buffer != nullptr) {
            ok(cn_buffer_address(_buffer, &address));
        }
        return address == nullptr ? nullptr : static_cast<T*>(address) + _shift;
    }

    std::vector<T> read() const {
        std::vector<T> values(_count);
        if (_count > 0) {
            ok(cn_buffer_read(_buffer, _shift * static_cast<int64_t>(sizeof(T)), values.data(), static_cast<int64_t>(_count * sizeof(T))));
        }
        return values;
    }

private:
    cn_buffer* _buffer = nullptr;
    size_t _count;
    int64_t _shift;
};

struct Case {
    const char* name;
    cn_conv2d_desc desc;
    int64_t rows;
};

struct Inputs {
    std::vector<float> x, kernel, bias, dy, dx;
};

struct Results {
    std::vector<float> y, predicted, dx, dkernel, dbias;
};

size_t count_of(std::initializer_list<int64_t> extents) {
    int64_t count = 1;
    for (int64_t extent : extents) {
        count *= extent;
    }
    return static_cast<size_t>(count);
}

Inputs draw(const cn_conv2d_desc& d, bool integers) {
    Random random(5);
    auto floats = [&](size_t count, double range) {
        std::vector<float> values = random.floats(static_cast<int64_t>(count), -range, range);
        if (integers) {
            std::transform(values.begin(), values.end(), values.begin(), [](float value) { return std::round(value); });
        }
        return values;
    };
    Inputs inputs;
    inputs.x = floats(count_of({d.batch, d.input_height, d.input_width, d.input_channels}), 3);
    inputs.kernel = floats(count_of({d.window.height, d.window.width, d.input_channels, d.filters}), integers ? 2 : 0.3);
    inputs.bias = floats(d.use_bias != 0 ? static_cast<size_t>(d.filters) : 0, 2);
    inputs.dy = floats(count_of({d.batch, d.output_height, d.output_width, d.filters}), 3);
    if (d.input_gradient != CN_GRADIENT_NONE) {
        inputs.dx = floats(inputs.x.size(), 3);
    }
    return inputs;
}

Results run(const Target& target, const cn_conv2d_desc& d, const Inputs& inputs, int64_t rows, int64_t shift) {
    cn_op* op = nullptr;
    ok(cn_conv2d_create(target.context, &d, &op));
    Results results;
    if (op == nullptr) {
        return results;
    }
    Memory<cn_state> state(target, {device::state_of(rows)});
    Memory<float> x(target, inputs.x, shift), kernel(target, inputs.kernel, shift), bias(target, inputs.bias, shift),
        dy(target, inputs.dy, shift), dx(target, inputs.dx, shift);
    std::vector<float> untouched(inputs.dy.size(), -77.0f);
    Memory<float> y(target, untouched, shift), predicted(target, untouched, shift);
    Memory<uint8_t> codes(target, std::vector<uint8_t>(d.pool.height != 0 ? untouched.size() : 0, 77), shift);
    Memory<float> dkernel(target, std::vector<float>(inputs.kernel.size(), NAN), shift);
    Memory<float> dbias(target, std::vector<float>(inputs.bias.size(), NAN), shift);
    ok(cn_conv2d_predict(op, state, x, kernel, bias, nullptr, predicted));
    ok(cn_conv2d_forward(op, state, x, kernel, bias, y, codes, nullptr));
    ok(cn_conv2d_backward(op, state, x, kernel, y, codes, dy, dx, dkernel, dbias));
    ok(cn_context_synchronize(target.context));
    results = {y.read(), predicted.read(), dx.read(), dkernel.read(), dbias.read()};
    cn_op_destroy(op);
    return results;
}

void close(const std::vector<float>& expected, const std::vector<float>& actual, double tolerance, const char* name) {
    double largest = 0;
    for (float value : expected) {
        largest = std::isfinite(value) ? std::max(largest, std::fabs(static_cast<double>(value))) : largest;
    }
    CHECK(expected.size() == actual.size());
    for (size_t i = 0; i < expected.size(); ++i) {
        double difference = std::fabs(static_cast<double>(expected[i]) - static_cast<double>(actual[i]));
        bool same = expected[i] == actual[i] || (std::isnan(expected[i]) && std::isnan(actual[i]));
        if (!same && !(difference <= tolerance * largest)) {
            char text[160];
            std::snprintf(text, sizeof(text), "%s[%zu] is %.9g, expected %.9g", name, i, static_cast<double>(actual[i]),
                          static_cast<double>(expected[i]));
            check::that(false, __FILE__, __LINE__, text);
            return;
        }
    }
    check::that(true, __FILE__, __LINE__, name);
}

// The same elements are dropped, or dead.
bool same_zeros(const std::vector<float>& left, const std::vector<float>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](float l, float r) { return (l == 0.0f) == (r == 0.0f); });
}

bool same_bits(const std::vector<float>& left, const std::vector<float>& right) {
    return left.size() == right.size() && (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0);
}

// A convolution of `window` x `window` cells, with a border of zeros on all sides or none; pooled: 2 x 2.
cn_conv2d_desc stage(int64_t batch, int64_t height, int64_t width, int64_t channels, int64_t filters, int64_t window, bool same,
                     bool pooled) {
    cn_conv2d_desc d{};
    d.struct_size = sizeof(d);
    d.batch = batch, d.input_height = height, d.input_width = width, d.input_channels = channels, d.filters = filters;
    int64_t pad = same ? window / 2 : 0;
    d.window = {window, window, 1, 1, 1, 1, pad, pad};
    d.conv_height = d.output_height = height + 2 * pad - window + 1;
    d.conv_width = d.output_width = width + 2 * pad - window + 1;
    if (pooled) {
        d.pool = {2, 2, 2, 2, 1, 1, 0, 0};
        d.output_height = d.conv_height / 2, d.output_width = d.conv_width / 2;
    }
    d.activation = CN_ACTIVATION_RELU;
    d.use_bias = 1;
    d.input_gradient = channels <= 4 ? CN_GRADIENT_NONE : CN_GRADIENT_OVERWRITE;
    return d;
}

cn_conv2d_desc trimmed(cn_conv2d_desc d, int64_t conv_height, int64_t conv_width) {
    d.conv_height = conv_height, d.conv_width = conv_width;
    d.output_height = d.pool.height != 0 ? conv_height / 2 : conv_height;
    d.output_width = d.pool.height != 0 ? conv_width / 2 : conv_width;
    return d;
}

cn_conv2d_desc with(cn_conv2d_desc d, int activation, float dropout, int gradient, bool bias = true) {
    d.activation = activation;
    d.dropout_rate = dropout;
    d.dropout_stream = 3;
    d.input_gradient = d.input_channels <= 4 ? CN_GRADIENT_NONE : gradient;
    d.use_bias = bias ? 1 : 0;
    return d;
}

// x as a factor of a product: to the nearest number with 10 or 7 bits of mantissa, ties away from zero or to even.
float rounded(float x, int precision) {
    if (precision == CN_PRECISION_FLOAT32) {
        return x;
    }
    int exponent = 0;
    double fraction = std::ldexp(std::frexp(static_cast<double>(x), &exponent), precision == CN_PRECISION_TF32 ? 11 : 8);
    fraction = precision == CN_PRECISION_TF32 ? std::round(fraction) : std::nearbyint(fraction);
    return static_cast<float>(std::ldexp(fraction, exponent - (precision == CN_PRECISION_TF32 ? 11 : 8)));
}

// The CPU multiplies float32: what x and the kernel are rounded to by the device, it is given. Only dz is left.
Inputs round_factors(Inputs inputs, int precision) {
    for (std::vector<float>* factors : {&inputs.x, &inputs.kernel}) {
        for (float& factor : *factors) {
            factor = rounded(factor, precision);
        }
    }
    return inputs;
}

void test(const Case& test_case, int precision, bool integers, int64_t shift) {
    const char* precisions[] = {"float32", "TF32", "bf16"};
    check::scope = schedule + ", " + test_case.name + ", " + precisions[precision] + (integers ? ", integers" : "") +
                   (shift != 0 ? ", unaligned" : "");
    cn_conv2d_desc desc = test_case.desc;
    desc.precision = precision;
    Inputs inputs = draw(desc, integers);
    Target cpu(CN_DEVICE_CPU), cuda(CN_DEVICE_CUDA);
    Results expected = run(cpu, desc, round_factors(inputs, precision), test_case.rows, 0);
    Results actual = run(cuda, desc, inputs, test_case.rows, shift);
    const double of_dz[] = {2e-6, 5e-4, 4e-3};
    double tolerance = integers ? 0 : 2e-6;
    close(expected.predicted, actual.predicted, tolerance, "predicted");
    close(expected.y, actual.y, tolerance, "y");
    close(expected.dbias, actual.dbias, tolerance, "dbias");
    close(expected.dx, actual.dx, integers ? 0 : of_dz[precision], "dx");
    close(expected.dkernel, actual.dkernel, integers ? 0 : of_dz[precision], "dkernel");
    CHECK(same_zeros(expected.y, actual.y));
    if (!integers) {
        Results again = run(cuda, desc, inputs, test_case.rows, shift);
        CHECK(same_bits(actual.y, again.y) && same_bits(actual.dx, again.dx) && same_bits(actual.dkernel, again.dkernel) &&
              same_bits(actual.dbias, again.dbias));
    }
}

// NaN and infinity end up where they do on the CPU: the first NaN of a window wins.
void test_not_finite() {
    check::scope = schedule + ", not finite";
    cn_conv2d_desc desc = with(stage(2, 8, 9, 8, 8, 3, false, true), CN_ACTIVATION_RELU, 0.25f, CN_GRADIENT_OVERWRITE);
    Inputs inputs = draw(desc, true);
    inputs.x[8 * (9 * 2 + 3) + 1] = NAN;
    inputs.x[8 * (9 * 11 + 4) + 5] = INFINITY;
    Target cpu(CN_DEVICE_CPU), cuda(CN_DEVICE_CUDA);
    Results expected = run(cpu, desc, inputs, 2, 0), actual = run(cuda, desc, inputs, 2, 0);
    close(expected.predicted, actual.predicted, 0, "predicted");
    close(expected.y, actual.y, 0, "y");
}

// Under every schedule; the stages of a whole network, which take their time, under one.
void test_all(bool with_network) {
    const Case cifar[] = {
        {"conv1", stage(4, 32, 32, 3, 32, 3, true, false), 3},
        {"conv2", with(stage(4, 32, 32, 32, 32, 3, false, true), CN_ACTIVATION_RELU, 0.25f, CN_GRADIENT_OVERWRITE), 3},
        {"conv3", trimmed(stage(2, 15, 15, 32, 64, 3, true, false), 14, 14), 2},
        {"conv4", with(stage(2, 14, 14, 64, 64, 3, false, true), CN_ACTIVATION_RELU, 0.25f, CN_GRADIENT_OVERWRITE), 2},
    };
    const Case odd[] = {
        {"width 5", stage(2, 7, 5, 8, 8, 3, true, false), 2},
        {"odd pooled", with(stage(3, 9, 7, 8, 24, 3, true, true), CN_ACTIVATION_RELU, 0.5f, CN_GRADIENT_ACCUMULATE), 2},
        {"dropout without pooling", with(stage(3, 6, 5, 16, 8, 3, false, false), CN_ACTIVATION_RELU, 0.5f, CN_GRADIENT_ACCUMULATE), 1},
        {"linear, no bias", with(stage(2, 6, 6, 40, 40, 3, true, true), CN_ACTIVATION_LINEAR, 0, CN_GRADIENT_OVERWRITE, false), 2},
        {"no input gradient", with(stage(2, 6, 6, 8, 8, 3, true, true), CN_ACTIVATION_RELU, 0, CN_GRADIENT_NONE), 2},
        {"1 x 1", stage(2, 5, 4, 24, 16, 1, false, false), 2},
        {"2 x 2", stage(2, 5, 6, 8, 8, 2, false, true), 2},
        {"4 x 4", stage(2, 6, 7, 40, 40, 4, true, true), 2},
        {"4 channels", with(stage(2, 7, 9, 4, 8, 3, true, true), CN_ACTIVATION_RELU, 0.5f, CN_GRADIENT_NONE), 2},
        {"1 channel", stage(3, 8, 70, 1, 40, 5, true, false), 2},
        {"wide", stage(1, 3, 140, 8, 8, 3, true, true), 1},
        {"narrow", stage(2, 100, 2, 8, 8, 3, true, true), 2},
        {"several bands per slice", stage(12, 4, 4, 64, 128, 3, true, true), 11},
        {"one pixel", stage(1, 1, 1, 8, 8, 3, true, false), 1},
    };
    for (int precision = CN_PRECISION_FLOAT32; precision <= CN_PRECISION_BFLOAT16; ++precision) {
        for (const Case& each : with_network ? std::vector<Case>(std::begin(cifar), std::end(cifar)) : std::vector<Case>()) {
            cn_conv2d_desc exact = each.desc;
            exact.dropout_rate = exact.dropout_rate > 0 ? 0.5f : 0.0f;
            test({each.name, exact, each.rows}, precision, true, 0);
        }
        for (const Case& each : odd) {
            test(each, precision, true, 0);
            test(each, precision, true, 1);
        }
        for (int activation = CN_ACTIVATION_LINEAR; activation <= CN_ACTIVATION_TANH; ++activation) {
            test({"pooled", with(stage(2, 7, 8, 8, 16, 3, true, true), activation, 0.25f, CN_GRADIENT_OVERWRITE), 2}, precision, false, 0);
            test({"not pooled", with(stage(2, 7, 8, 8, 16, 3, true, false), activation, 0.3f, CN_GRADIENT_ACCUMULATE), 1}, precision, false,
                 0);
            test({"small", with(stage(2, 7, 8, 3, 16, 3, true, true), activation, 0.3f, CN_GRADIENT_NONE), 1}, precision, false, 0);
        }
    }
    test_not_finite();
}

} // namespace

int main() {
    if (device::has(device::Cuda)) {
        device::for_each_variant(device::Cuda, [](cn_context*, bool first) {
            schedule = check::scope;
            test_all(first && !device::Sanitized);
        });
    }
    return check::result();
}
