// Correct kernels on the simulator: every one computes what a plain loop computes, under every schedule.
#include "device_array.h"
#include "sim_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

// Small integers: their sums and products are exact in float32, TF32 and bf16.
template <class T>
std::vector<T> small_integers(size_t count, int low, int high) {
    std::vector<T> values(count);
    for (size_t i = 0; i < count; ++i) {
        values[i] = static_cast<T>(low + static_cast<int>((i * 2654435761u >> 8) % static_cast<unsigned>(high - low + 1)));
    }
    return values;
}

std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b, size_t m, size_t n, size_t k) {
    std::vector<float> c(m * n, 0.0f);
    for (size_t row = 0; row < m; ++row) {
        for (size_t i = 0; i < k; ++i) {
            for (size_t column = 0; column < n; ++column) {
                c[row * n + column] += a[row * k + i] * b[i * n + column];
            }
        }
    }
    return c;
}

void test_schedule_names() {
    check::scope = "schedule names";
    for (const char* wrong : {"", "lockstep", "random:", "random:x", "random:1x", "Random"}) {
        CHECK(!compiled::sim::set_schedule(wrong));
    }
}

void test_indices() {
    dim3 grid(2, 3, 2), block(3, 2, 4);
    std::vector<int> expected;
    for (int number : {0, 1}) {
        for (int by = 0; by < 3; ++by) {
            for (int bx = 0; bx < 2; ++bx) {
                for (int thread = 0; thread < 24; ++thread) {
                    expected.push_back(((number * 10 + by) * 10 + bx) * 1000 + thread / 6 * 100 + thread / 3 % 2 * 10 + thread % 3);
                }
            }
        }
    }
    under_all_schedules("indices", [&] {
        DeviceArray<int> where(expected.size());
        CHECK(sim_kernels::indices(grid, block, where.data(), nullptr) == cudaSuccess);
        CHECK(where.read() == expected);
    });
}

void test_sum() {
    std::vector<float> x = small_integers<float>(3777, -9, 9);
    float expected = 0;
    for (float value : x) {
        expected += value;
    }
    under_all_schedules("sum", [&] {
        DeviceArray<float> device_x(x), partial(7), total(1);
        DeviceArray<unsigned> ticket(std::vector<unsigned>{0});
        for (int round = 0; round < 2; ++round) {
            CHECK(sim_kernels::sum(device_x.data(), 3777, 7, partial.data(), total.data(), ticket.data(), nullptr) == cudaSuccess);
            CHECK(total.read()[0] == expected);
            CHECK(ticket.read()[0] == 0);
        }
    });
}

void test_multiply() {
    std::vector<float> a = small_integers<float>(37 * 50, -4, 4), b = small_integers<float>(50 * 29, -4, 4);
    std::vector<float> expected = product(a, b, 37, 29, 50);
    under_all_schedules("multiply", [&] {
        DeviceArray<float> device_a(a), device_b(b), c(expected.size());
        CHECK(sim_kernels::multiply(device_a.data(), device_b.data(), c.data(), 37, 29, 50, nullptr) == cudaSuccess);
        CHECK(c.read() == expected);
    });
}

void test_sum_columns() {
    for (size_t rows : {1, 8, 37, 48}) {
        std::vector<float> x = small_integers<float>(rows * sim_kernels::PipelineColumns, -9, 9);
        std::vector<float> expected(sim_kernels::PipelineColumns, 0.0f);
        for (size_t i = 0; i < x.size(); ++i) {
            expected[i % sim_kernels::PipelineColumns] += x[i];
        }
        under_all_schedules("sum of columns", [&] {
            DeviceArray<float> device_x(x), sums(expected.size());
            CHECK(sim_kernels::sum_columns(device_x.data(), static_cast<int>(rows), sums.data(), nullptr) == cudaSuccess);
            CHECK(sums.read() == expected);
        });
    }
}

void test_copy_words() {
    std::vector<int> x = small_integers<int>(96, 1, 1000), expected = x;
    std::fill(expected.end() - 2, expected.end(), 0);
    under_all_schedules("small async copies", [&] {
        DeviceArray<int> device_x(x), y(x.size());
        CHECK(sim_kernels::copy_words(device_x.data(), y.data(), 96, nullptr) == cudaSuccess);
        CHECK(y.read() == expected);
    });
}

void test_tensor_cores() {
    for (size_t k : {16, 64}) {
        std::vector<float> a = small_integers<float>(sim_kernels::MmaRows * k, -16, 16);
        std::vector<float> b = small_integers<float>(k * sim_kernels::MmaColumns, -16, 16);
        std::vector<float> expected = product(a, b, sim_kernels::MmaRows, sim_kernels::MmaColumns, k);
        under_all_schedules("tensor cores", [&] {
            DeviceArray<float> device_a(a), device_b(b), c(expected.size());
            CHECK(sim_kernels::multiply_bf16(device_a.data(), device_b.data(), c.data(), static_cast<int>(k), nullptr) == cudaSuccess);
            CHECK(c.read() == expected);
            CHECK(cudaMemset(c.data(), 0xFF, expected.size() * sizeof(float)) == cudaSuccess);
            CHECK(sim_kernels::multiply_tf32(device_a.data(), device_b.data(), c.data(), static_cast<int>(k), nullptr) == cudaSuccess);
            CHECK(c.read() == expected);
        });
    }
}

void test_matrices() {
    for (int count : {1, 2, 4}) {
        for (bool transposed : {false, true}) {
            std::vector<unsigned short> x(static_cast<size_t>(count) * 64);
            for (size_t i = 0; i < x.size(); ++i) {
                x[i] = static_cast<unsigned short>(i);
            }
            std::vector<unsigned> expected; // matrix i: element (r, c) is 64 * i + 8 * r + c
            for (unsigned lane = 0; lane < 32; ++lane) {
                for (unsigned matrix = 0; matrix < static_cast<unsigned>(count); ++matrix) {
                    unsigned along = lane % 4 * 2, across = lane / 4;
                    unsigned first = transposed ? along * 8 + across : across * 8 + along;
                    unsigned second = transposed ? first + 8 : first + 1;
                    expected.push_back((64 * matrix + first) | (64 * matrix + second) << 16);
                }
            }
            under_all_schedules("ldmatrix", [&] {
                DeviceArray<unsigned short> device_x(x);
                DeviceArray<unsigned> words(expected.size());
                CHECK(sim_kernels::matrices(device_x.data(), count, transposed, words.data(), nullptr) == cudaSuccess);
                CHECK(words.read() == expected);
            });
        }
    }
}

// The nearest of the two neighbours of x that have `low_bits` zeros at the end, found by their distances.
uint32_t nearest(uint32_t bits, int low_bits, bool ties_to_even) {
    uint32_t step = uint32_t{1} << low_bits;
    uint32_t below = bits & ~(step - 1), above = below + step; // in magnitude
    auto value = [](uint32_t pattern) {
        if ((pattern & 0x7FFFFFFF) == 0x7F800000) { // infinity counts as the next power of two
            return std::ldexp(1.0, 128);
        }
        float single;
        std::memcpy(&single, &pattern, sizeof(single));
        return std::fabs(static_cast<double>(single));
    };
    double down = value(bits) - value(below), up = value(above) - value(bits);
    bool above_wins_tie = !ties_to_even || (above / step) % 2 == 0;
    return down < up || (down == up && !above_wins_tie) ? below : above;
}

void test_rounding() {
    check::scope = "rounding";
    bool bf16 = true, tf32 = true;
    for (uint32_t high = 0; high < 0x10000; ++high) {
        for (uint32_t low : {0x0000u, 0x0001u, 0x0FFFu, 0x1000u, 0x1001u, 0x3000u, 0x7FFFu, 0x8000u, 0x8001u, 0xF000u, 0xFFFFu}) {
            uint32_t bits = high << 16 | low;
            float x;
            std::memcpy(&x, &bits, sizeof(x));
            bool finite = std::isfinite(x);
            uint32_t expected_bf16 = finite ? nearest(bits, 16, true) >> 16 : (std::isnan(x) ? 0x7FFF : bits >> 16);
            uint32_t expected_tf32 = finite ? nearest(bits, 13, false) : (std::isnan(x) ? 0x7FFFFFFF : bits);
            bf16 = bf16 && compiled::sim::to_bf16(x) == expected_bf16;
            tf32 = tf32 && compiled::sim::to_tf32(x) == expected_tf32;
        }
    }
    CHECK(bf16);
    CHECK(tf32);
    CHECK(compiled::cuda::pack_bf16(1.0f, -2.0f) == 0xC0003F80u);
}

void test_atomics() {
    std::vector<int> x = small_integers<int>(300, 3, 90);
    under_all_schedules("atomics", [&] {
        DeviceArray<int> device_x(x);
        sim_kernels::Counters start = {};
        start.smallest = 1000;
        DeviceArray<sim_kernels::Counters> counters({start});
        CHECK(sim_kernels::count(device_x.data(), 300, counters.data(), nullptr) == cudaSuccess);
        sim_kernels::Counters result = counters.read()[0];
        int sum = 0, bits = 0;
        for (int value : x) {
            sum += value;
            bits |= 1 << (value & 15);
        }
        int largest = *std::max_element(x.begin(), x.end());
        CHECK(result.sum == sum);
        CHECK(result.exchanged == sum);
        CHECK(result.smallest == *std::min_element(x.begin(), x.end()));
        CHECK(result.largest == largest);
        CHECK(result.bits == bits);
        CHECK(result.wrapped == 300 % 7);
        CHECK(result.set_once == 1);
        CHECK(result.wide_sum == static_cast<unsigned long long>(sum) << 32);
        CHECK(result.wide_largest == static_cast<unsigned long long>(largest) << 32);
        CHECK(result.float_sum == static_cast<float>(sum));
        CHECK(result.by_compare_and_swap == static_cast<float>(sum));
    });
}

void test_votes() {
    constexpr int Threads = sim_kernels::VoteThreads;
    std::vector<int> x = small_integers<int>(Threads, -3, 3);
    x[70] = 5;
    int positive = static_cast<int>(std::count_if(x.begin(), x.end(), [](int value) { return value > 0; }));
    under_all_schedules("collectives", [&] {
        DeviceArray<int> device_x(x);
        DeviceArray<sim_kernels::Votes> votes(Threads);
        CHECK(sim_kernels::vote(device_x.data(), votes.data(), nullptr) == cudaSuccess);
        std::vector<sim_kernels::Votes> result = votes.read();
        for (int thread = 0; thread < Threads; ++thread) {
            int first = thread / 32 * 32, lane = thread % 32, lanes = std::min(32, Threads - first);
            auto at = [&](int other) { return x[static_cast<size_t>(first + other)]; };
            unsigned ballot = 0;
            for (int other = 0; other < lanes; ++other) {
                ballot |= at(other) > 0 ? 1u << other : 0;
            }
            const sim_kernels::Votes& mine = result[static_cast<size_t>(thread)];
            CHECK(mine.up == at(lane >= 3 ? lane - 3 : lane));
            CHECK(mine.down == at(lane % 16 + 2 < 16 ? lane + 2 : lane));
            CHECK(mine.exchanged == at(lane ^ 5));
            CHECK(mine.broadcast == at(7));
            CHECK(mine.segment == at(lane / 8 * 8 + 3));
            CHECK(mine.ballot == ballot);
            CHECK(mine.odd_ballot == (lane % 2 == 1 ? ballot & 0xAAAAAAAAu : 0));
            CHECK(mine.any == (first == 64));
            CHECK(mine.all == (first != 64));
            CHECK(mine.count == positive);
            CHECK(mine.every == 1);
            CHECK(mine.some == 1);
            CHECK(mine.after_exit == (thread < 32 ? 32048 : thread < 48 ? 16048 : 0));
        }
    });
}

void test_names() {
    check::scope = "kernel names";
    std::set<std::string> names = compiled::sim::kernels_run();
    auto starts = [&](const std::string& begin) {
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.rfind(begin, 0) == 0; });
    };
    CHECK(starts("sim_kernels::count_kernel("));
    CHECK(starts("void sim_kernels::multiply_kernel<16>("));
    CHECK(!starts("sim_kernels::scale_kernel(")); // is not run here
}

} // namespace

int main() {
    test_schedule_names();
    test_indices();
    test_sum();
    test_multiply();
    test_sum_columns();
    test_copy_words();
    test_tensor_cores();
    test_matrices();
    test_rounding();
    test_atomics();
    test_votes();
    test_names();
    return check::result();
}
