// Gaussian noise against the rule of compiled.h, drawn through cn_philox, in double precision; and its moments.
#include "refusal.h"

using namespace device;

namespace {

constexpr uint32_t Stream = 41;

double reference_normal(const cn_state& state, uint64_t element) {
    uint64_t block = element / 4;
    uint32_t counter[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(state.step),
                           Stream + 65536u * static_cast<uint32_t>((state.step >> 32) & 0xFFFF)};
    uint32_t key[2] = {static_cast<uint32_t>(state.seed), static_cast<uint32_t>(state.seed >> 32)};
    uint32_t words[4];
    ok(cn_philox(counter, key, words));
    size_t pair = element % 4 / 2 * 2;
    double u1 = ((words[pair] >> 8) + 1) / 16777216.0, angle = 2 * 3.14159265358979323846 * (words[pair + 1] >> 8) / 16777216.0;
    return std::sqrt(-2 * std::log(u1)) * (element % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

// Arrays have one row more than the batch, which stays as it is.
void test_noise(const Device& device, float stddev, int64_t rows, int64_t count, int gradient_mode, size_t shift) {
    std::vector<float> first_y;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Op op(cn_gaussian_noise_create, context, cn_gaussian_noise_desc{0, stddev, rows + 1, count, Stream, gradient_mode});
        cn_state values = state_of(rows, 0xABCD12345678ull);
        State state(context, values);
        Random random(43);
        std::vector<float> inputs = random.floats((rows + 1) * count), old = random.whole((rows + 1) * count, -9, 9);
        std::vector<float> gradients = random.whole((rows + 1) * count, -9, 9);
        gradients[0] = NAN;
        Array<float> x(context, inputs, shift), y(context, old, shift), dy(context, gradients, shift), dx(context, old, shift);
        ok(cn_gaussian_noise_forward(op, state, x, y));
        ok(cn_gaussian_noise_backward(op, state, dy, gradient_mode == CN_GRADIENT_NONE ? nullptr : dx.data()));
        std::vector<double> expected(old.begin(), old.end()), expected_dx(old.begin(), old.end());
        for (size_t i = 0; i < static_cast<size_t>(rows * count); ++i) {
            expected[i] = static_cast<double>(inputs[i]) + static_cast<double>(stddev) * reference_normal(values, i);
            double gradient = static_cast<double>(gradients[i]);
            expected_dx[i] = gradient_mode == CN_GRADIENT_NONE         ? expected_dx[i]
                             : gradient_mode == CN_GRADIENT_ACCUMULATE ? expected_dx[i] + gradient
                                                                       : gradient;
        }
        CHECK_CLOSE(expected, y, 1e-6, 1e-7 + 1e-6 * static_cast<double>(stddev));
        CHECK_CLOSE(expected_dx, dx, 0, 0);
        if (first) {
            first_y = y.values();
        }
        CHECK(y.same_bits(first_y));
    });
}

// Mean, variance, skewness and kurtosis of the standard normal distribution, and nothing between neighbours.
void test_moments(const Device& device) {
    constexpr int64_t Count = 200000;
    Context context(device);
    Op op(cn_gaussian_noise_create, context, cn_gaussian_noise_desc{0, 1.0f, 1, Count, Stream, CN_GRADIENT_NONE});
    State state(context, state_of(1));
    Array<float> x(context, Count), y(context, Count);
    ok(cn_gaussian_noise_forward(op, state, x, y));
    double sums[4] = {}, neighbours = 0, last = 0;
    for (float value : y.values()) {
        auto n = static_cast<double>(value);
        double power = n;
        for (double& sum : sums) {
            sum += power / Count;
            power *= n;
        }
        neighbours += n * last / Count;
        last = n;
    }
    constexpr double Deviation = 0.00224; // of a mean of so many
    CHECK(std::fabs(sums[0]) < 4 * Deviation);
    CHECK(std::fabs(sums[1] - 1) < 4 * Deviation * 1.42);
    CHECK(std::fabs(sums[2]) < 4 * Deviation * 3.88);
    CHECK(std::fabs(sums[3] - 3) < 4 * Deviation * 9.8);
    CHECK(std::fabs(neighbours) < 4 * Deviation);
}

void test_refusals(const Device& device) {
    Context context(device);
    cn_gaussian_noise_desc d{0, 0.5f, 2, 8, Stream, CN_GRADIENT_OVERWRITE};
    REFUSED(cn_gaussian_noise_create, context, d, d.struct_size = 8, "struct_size is 8");
    REFUSED(cn_gaussian_noise_create, context, d, d.stddev = -1, "stddev is -1: it must be finite and at least 0");
    REFUSED(cn_gaussian_noise_create, context, d, d.stddev = NAN, "stddev is nan");
    REFUSED(cn_gaussian_noise_create, context, d, d.stddev = INFINITY, "stddev is inf");
    REFUSED(cn_gaussian_noise_create, context, d, d.stream = 65536, "stream is 65536");
    REFUSED(cn_gaussian_noise_create, context, d, d.input_gradient = 3, "input_gradient is 3");
    REFUSED(cn_gaussian_noise_create, context, d, d.batch = 0, "batch is 0");
    REFUSED(cn_gaussian_noise_create, context, d, d.count = 0, "count is 0");
    REFUSED(cn_gaussian_noise_create, context, d, d.count = int64_t{1} << 50, "has more than the limit");
    Op op(cn_gaussian_noise_create, context, d);
    State state(context, state_of(2));
    Array<float> a(context, 16);
    REFUSED_CALL(cn_gaussian_noise_forward(op, state, nullptr, a), "x is null");
    REFUSED_CALL(cn_gaussian_noise_forward(op, state, a, nullptr), "y is null");
    REFUSED_CALL(cn_gaussian_noise_backward(op, state, nullptr, a), "dy is null");
    REFUSED_CALL(cn_gaussian_noise_backward(op, state, a, nullptr), "dx is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_noise(device, 1.0f, 1, 1, CN_GRADIENT_OVERWRITE, 0);
        test_noise(device, 0.25f, 3, 103, CN_GRADIENT_ACCUMULATE, 0);
        test_noise(device, 3.0f, 2, 20012, CN_GRADIENT_OVERWRITE, 0);
        test_noise(device, 1.0f, 2, 5000, CN_GRADIENT_ACCUMULATE, 1);
        test_noise(device, 0.0f, 2, 20, CN_GRADIENT_NONE, 0);
        test_moments(device);
        test_refusals(device);
    });
    return check::result();
}
