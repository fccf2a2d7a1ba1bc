// Dropout against the rule of compiled.h, drawn through cn_philox: bit for bit, for any device, number of threads and schedule.
#include "device.h"

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
        Op op(cn_dropout_create, context, cn_dropout_desc{0, rate, rows + 2, count, 5, CN_GRADIENT_ACCUMULATE});
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

// What is dropped is 0, also where a network diverges; the rest shows it.
void test_not_finite(const Device& device) {
    constexpr int64_t Count = 64;
    for_each_variant(device, [&](cn_context* context, bool) {
        Op op(cn_dropout_create, context, cn_dropout_desc{0, 0.5f, 1, Count, 5, CN_GRADIENT_OVERWRITE});
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
        test_not_finite(device);
    });
    return check::result();
}
