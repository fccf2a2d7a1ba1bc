// Dropout against the rule of compiled.h, drawn through cn_philox: bit for bit, for any device, number of threads and schedule.
#include "refusal.h"

using namespace device;

namespace {

// 0 or the multiplier of element e.
float reference_multiplier(const cn_state& state, uint32_t stream, float rate, uint64_t element) {
    uint64_t block = element / 4;
    uint32_t counter[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(state.step),
                           stream + 65536u * static_cast<uint32_t>((state.step >> 32) & 0xFFFF)};
    uint32_t key[2] = {static_cast<uint32_t>(state.seed), static_cast<uint32_t>(state.seed >> 32)};
    uint32_t words[4];
    ok(cn_philox(counter, key, words));
    bool dropped = (words[element % 4] >> 8) < std::ceil(static_cast<double>(rate) * 16777216.0);
    return dropped ? 0.0f : static_cast<float>(1.0 / (1.0 - static_cast<double>(rate)));
}

void test_dropout(const Device& device, float rate, int64_t rows, int64_t count, uint64_t step) {
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_dropout_create, context, cn_dropout_desc{0, rate, rows + 2, count, 5, CN_GRADIENT_ACCUMULATE, 0});
        cn_state values = state_of(rows, step);
        State state(context, values);
        Random random(5);
        std::vector<float> inputs = random.floats(rows * count), gradients = random.floats(rows * count);
        Array<float> x(context, inputs), y(context, x.size());
        Array<float> dy(context, gradients), dx(context, std::vector<float>(x.size(), 1.0f));
        ok(cn_dropout_forward(op, state, x, y));
        ok(cn_dropout_backward(op, state, dy, dx));
        std::vector<float> outputs = y.values(), sums = dx.values();
        bool equal = true, gradient_equal = true;
        for (size_t i = 0; i < x.size(); ++i) {
            float multiplier = reference_multiplier(values, 5, rate, i);
            equal = equal && outputs[i] == inputs[i] * multiplier;
            // The sum may be contracted to FMA or not.
            gradient_equal = gradient_equal && std::fabs(sums[i] - (1.0f + gradients[i] * multiplier)) <= 1e-6f * (1.0f + multiplier);
        }
        CHECK(equal);
        CHECK(gradient_equal);
    });
}

// All positions of a sample share the draws of its channels; a row of the batch stays as it is.
void test_shared(const Device& device, float rate, int64_t rows, int64_t positions, int64_t channels, int gradient_mode, size_t shift) {
    std::vector<float> first_dx;
    for_each_variant(device, [&](cn_context* context, bool first) {
        int64_t count = positions * channels;
        Op op(cn_dropout_create, context, cn_dropout_desc{0, rate, rows + 1, count, 5, gradient_mode, positions});
        cn_state values = state_of(rows, 77);
        State state(context, values);
        Random random(5);
        std::vector<float> inputs = random.floats((rows + 1) * count), gradients = random.floats((rows + 1) * count);
        gradients[0] = INFINITY;
        Array<float> x(context, inputs, shift), y(context, gradients, shift), dy(context, gradients, shift), dx(context, inputs, shift);
        ok(cn_dropout_forward(op, state, x, y));
        ok(cn_dropout_backward(op, state, dy, gradient_mode == CN_GRADIENT_NONE ? nullptr : dx.data()));
        std::vector<double> expected(gradients.begin(), gradients.end()), expected_dx(inputs.begin(), inputs.end());
        for (int64_t i = 0; i < rows * count; ++i) {
            auto at = static_cast<size_t>(i);
            auto draw = static_cast<uint64_t>(i / count * channels + i % channels);
            float multiplier = reference_multiplier(values, 5, rate, draw);
            expected[at] = static_cast<double>(inputs[at] * multiplier);
            double gradient = multiplier == 0.0f ? 0.0 : static_cast<double>(gradients[at]) * static_cast<double>(multiplier);
            expected_dx[at] = gradient_mode == CN_GRADIENT_NONE         ? expected_dx[at]
                              : gradient_mode == CN_GRADIENT_ACCUMULATE ? expected_dx[at] + gradient
                                                                        : gradient;
        }
        CHECK_CLOSE(expected, y, 0, 0);
        CHECK_CLOSE(expected_dx, dx, 1e-6, 1e-6);
        if (first) {
            first_dx = dx.values();
        }
        CHECK(dx.same_bits(first_dx));
    });
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_dropout_desc d{0, 0.5f, 2, 12, 0, CN_GRADIENT_OVERWRITE, 3};
    REFUSED(cn_dropout_create, context, d, d.shared = -1, "shared is -1");
    REFUSED(cn_dropout_create, context, d, d.shared = 13, "shared is 13: it must be from 0 to 12");
    REFUSED(cn_dropout_create, context, d, d.shared = 5, "shared is 5: count, 12, must be a multiple of it");
    REFUSED(cn_dropout_create, context, d, d.count = int64_t{3} << 31, "count / shared is 2147483648");
    REFUSED(cn_dropout_create, context, d, d.rate = 1, "rate is 1");
}

// What is dropped is 0, also where a network diverges; the rest shows it.
void test_not_finite(const Device& device) {
    constexpr int64_t Count = 64;
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_dropout_create, context, cn_dropout_desc{0, 0.5f, 1, Count, 5, CN_GRADIENT_OVERWRITE, 0});
        cn_state values = state_of(1, 8);
        State state(context, values);
        for (float bad : {NAN, INFINITY, -INFINITY}) {
            Array<float> x(context, std::vector<float>(Count, bad)), y(context, Count), dx(context, Count);
            ok(cn_dropout_forward(op, state, x, y));
            ok(cn_dropout_backward(op, state, x, dx));
            std::vector<float> outputs = y.values(), gradients = dx.values();
            int wrong = 0;
            for (size_t i = 0; i < Count; ++i) {
                bool dropped = reference_multiplier(values, 5, 0.5f, i) == 0.0f;
                wrong += dropped ? outputs[i] != 0.0f || gradients[i] != 0.0f : std::isfinite(outputs[i]) || std::isfinite(gradients[i]);
            }
            CHECK(wrong == 0);
        }
    });
}

// The published test vectors (Random123, kat_vectors, philox4x32 10).
void test_philox() {
    const struct {
        uint32_t counter[4], key[2], expected[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (const auto& one : cases) {
        uint32_t output[4];
        ok(cn_philox(one.counter, one.key, output));
        CHECK(std::memcmp(output, one.expected, sizeof(output)) == 0);
    }
}

} // namespace

int main() {
    test_philox();
    for_each_device([](const Device& device) {
        test_dropout(device, 0.25f, 1, 1, 0);
        test_dropout(device, 0.5f, 3, 103, 9);
        test_dropout(device, 0.1f, 2, 20011, 0xABCD12345678ull);
        test_dropout(device, 0.0f, 2, 17, 1);
        test_dropout(device, 0.99999994f, 2, 1024, 1);
        test_shared(device, 0.5f, 2, 9, 16, CN_GRADIENT_OVERWRITE, 0);
        test_shared(device, 0.25f, 3, 5, 7, CN_GRADIENT_ACCUMULATE, 0);
        test_shared(device, 0.3f, 2, 300, 8, CN_GRADIENT_ACCUMULATE, 1);
        test_shared(device, 0.5f, 2, 3, 2500, CN_GRADIENT_OVERWRITE, 0);
        test_shared(device, 0.5f, 2, 40000, 1, CN_GRADIENT_NONE, 0);
        test_refusals(device);
        test_not_finite(device);
    });
    return check::result();
}
