// Folding of a batch normalization against its formula, with and without each part, in place and aside.
#include "refusal.h"

#include <cmath>

using namespace device;

namespace {

struct Parts {
    bool bias, scale, center;
};

cn_normalization_fold_desc desc_of(int64_t outer, int64_t channels, int64_t inner, Parts parts) {
    return {0, 1e-3f, outer, channels, inner, parts.bias ? 1 : 0, parts.scale ? 1 : 0, parts.center ? 1 : 0, 0};
}

void test_fold(const Device& device, const cn_normalization_fold_desc& d, size_t shift, bool in_place) {
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_normalization_fold_create, context, d);
        State state(context, state_of(1));
        Random random(61);
        auto count = static_cast<size_t>(d.outer * d.channels * d.inner), channels = static_cast<size_t>(d.channels);
        std::vector<float> kernel = random.floats(d.outer * d.channels * d.inner), bias = random.floats(d.channels);
        std::vector<float> gamma = random.floats(d.channels), beta = random.floats(d.channels), mean = random.floats(d.channels);
        std::vector<float> variance = random.floats(d.channels, 0.01, 2);
        std::vector<double> expected(count), expected_bias(channels), factors(channels);
        for (size_t c = 0; c < channels; ++c) {
            double scale = d.use_scale != 0 ? static_cast<double>(gamma[c]) : 1.0,
                   offset = d.use_bias != 0 ? static_cast<double>(bias[c]) : 0.0;
            factors[c] = scale / std::sqrt(static_cast<double>(variance[c]) + static_cast<double>(d.epsilon));
            expected_bias[c] =
                (d.use_center != 0 ? static_cast<double>(beta[c]) : 0.0) + (offset - static_cast<double>(mean[c])) * factors[c];
        }
        for (size_t i = 0; i < count; ++i) {
            expected[i] = static_cast<double>(kernel[i]) * factors[i / static_cast<size_t>(d.inner) % channels];
        }
        Array<float> k(context, kernel, shift), b(context, bias, shift), g(context, gamma, shift), s(context, beta, shift);
        Array<float> m(context, mean, shift), v(context, variance, shift);
        Array<float> aside(context, std::vector<float>(count, NAN), shift), aside_bias(context, std::vector<float>(channels, NAN), shift);
        Array<float>&folded = in_place ? k : aside, &folded_bias = in_place && d.use_bias != 0 ? b : aside_bias;
        ok(cn_normalization_fold_forward(op, state, k, d.use_bias != 0 ? b.data() : nullptr, d.use_scale != 0 ? g.data() : nullptr,
                                         d.use_center != 0 ? s.data() : nullptr, m, v, folded, folded_bias));
        CHECK_CLOSE(expected, folded, 3e-7, 1e-9);
        CHECK_CLOSE(expected_bias, folded_bias, 1e-6, 1e-7);
    });
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_normalization_fold_desc d = desc_of(9, 4, 1, {true, true, true});
    REFUSED(cn_normalization_fold_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_normalization_fold_create, context, d, d.epsilon = -1.0f, "epsilon is -1");
    REFUSED(cn_normalization_fold_create, context, d, d.epsilon = NAN, "epsilon is nan");
    REFUSED(cn_normalization_fold_create, context, d, d.outer = 0, "outer is 0");
    REFUSED(cn_normalization_fold_create, context, d, d.channels = int64_t{1} << 31, "channels is 2147483648");
    REFUSED(cn_normalization_fold_create, context, d, d.inner = -1, "inner is -1");
    REFUSED(cn_normalization_fold_create, context, d, d.outer = d.inner = int64_t{1} << 40, "kernel, outer 1099511627776");
    REFUSED(cn_normalization_fold_create, context, d, d.use_bias = 2, "use_bias is 2");
    REFUSED(cn_normalization_fold_create, context, d, d.use_scale = 2, "use_scale is 2");
    REFUSED(cn_normalization_fold_create, context, d, d.use_center = -1, "use_center is -1");
    REFUSED(cn_normalization_fold_create, context, d, d.reserved = 1, "reserved is 1");
    Op op(cn_normalization_fold_create, context, d);
    State state(context, state_of(1));
    Array<float> a(context, 36);
    REFUSED_CALL(cn_normalization_fold_forward(op, state, nullptr, a, a, a, a, a, a, a), "kernel is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, nullptr, a, a, a, a, a, a), "bias is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, nullptr, a, a, a, a, a), "gamma is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, a, nullptr, a, a, a, a), "beta is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, a, a, nullptr, a, a, a), "moving_mean is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, a, a, a, nullptr, a, a), "moving_variance is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, a, a, a, a, nullptr, a), "folded_kernel is null");
    REFUSED_CALL(cn_normalization_fold_forward(op, state, a, a, a, a, a, a, a, nullptr), "folded_bias is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_fold(device, desc_of(27, 32, 1, {true, true, true}), 0, false);
        test_fold(device, desc_of(27, 33, 1, {false, true, true}), 0, true);
        test_fold(device, desc_of(9, 17, 5, {true, false, true}), 1, false); // unaligned
        test_fold(device, desc_of(4, 8, 16, {true, true, false}), 0, true);
        test_fold(device, desc_of(1, 1, 1, {false, false, false}), 0, false);
        test_fold(device, desc_of(300, 260, 1, {true, true, true}), 0, true); // several blocks and chunks
        test_refusals(device);
    });
    return check::result();
}
