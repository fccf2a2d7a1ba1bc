// Optimizers against their formulas in double, over several updates.
#include "device.h"

#include <algorithm>

using namespace device;

namespace {

constexpr int Slots = 3;
constexpr double Rate = 0.02;

int slots_of(const cn_optimizer_desc& d) {
    switch (d.optimizer) {
    case CN_OPTIMIZER_SGD:
        return d.momentum != 0 ? 1 : 0;
    case CN_OPTIMIZER_ADAM:
        return 2 + d.amsgrad;
    case CN_OPTIMIZER_RMSPROP:
        return 1 + (d.momentum != 0 ? 1 : 0) + d.centered;
    case CN_OPTIMIZER_ADADELTA:
    case CN_OPTIMIZER_ADAMAX:
    case CN_OPTIMIZER_NADAM:
        return 2;
    default:
        return 1;
    }
}

// One parameter and its slots.
struct Element {
    double p = 0, s[Slots] = {}, ema = 0;
};

double nadam_momentum(const cn_optimizer_desc& d, double t) {
    return d.beta_1 * (1 - 0.5 * std::pow(0.96, t * d.schedule_decay));
}

double nadam_product(const cn_optimizer_desc& d, int t) {
    double product = 1;
    for (int i = 1; i <= t; ++i) {
        product *= nadam_momentum(d, i);
    }
    return product;
}

void update_by_rule(const cn_optimizer_desc& d, int t, double g, Element& e) {
    double* s = e.s;
    double first = 1 - std::pow(d.beta_1, t), second = 1 - std::pow(d.beta_2, t);
    switch (d.optimizer) {
    case CN_OPTIMIZER_SGD:
        s[0] = d.momentum * s[0] - Rate * g;
        e.p += d.nesterov != 0 ? d.momentum * s[0] - Rate * g : s[0];
        break;
    case CN_OPTIMIZER_ADAM:
        s[0] = d.beta_1 * s[0] + (1 - d.beta_1) * g;
        s[1] = d.beta_2 * s[1] + (1 - d.beta_2) * g * g;
        s[2] = d.amsgrad != 0 ? std::max(s[2], s[1]) : 0;
        e.p -= Rate * std::sqrt(second) / first * s[0] / (std::sqrt(d.amsgrad != 0 ? s[2] : s[1]) + d.epsilon);
        break;
    case CN_OPTIMIZER_ADAGRAD:
        s[0] += g * g;
        e.p -= Rate * g / (std::sqrt(s[0]) + d.epsilon);
        break;
    case CN_OPTIMIZER_ADADELTA: {
        s[0] = d.rho * s[0] + (1 - d.rho) * g * g;
        double u = g * std::sqrt(s[1] + d.epsilon) / std::sqrt(s[0] + d.epsilon);
        s[1] = d.rho * s[1] + (1 - d.rho) * u * u;
        e.p -= Rate * u;
        break;
    }
    case CN_OPTIMIZER_RMSPROP: {
        double& mean = d.momentum != 0 ? s[2] : s[1];
        s[0] = d.rho * s[0] + (1 - d.rho) * g * g;
        double variance = s[0];
        if (d.centered != 0) {
            mean = d.rho * mean + (1 - d.rho) * g;
            variance = std::max(0.0, variance - mean * mean);
        }
        double step = Rate * g / (std::sqrt(variance) + d.epsilon);
        if (d.momentum != 0) {
            s[1] = step = d.momentum * s[1] + step;
        }
        e.p -= step;
        break;
    }
    case CN_OPTIMIZER_ADAMAX:
        s[0] = d.beta_1 * s[0] + (1 - d.beta_1) * g;
        s[1] = std::max(d.beta_2 * s[1], std::fabs(g));
        e.p -= Rate / first * s[0] / (s[1] + d.epsilon);
        break;
    case CN_OPTIMIZER_NADAM: {
        s[0] = d.beta_1 * s[0] + (1 - d.beta_1) * g;
        s[1] = d.beta_2 * s[1] + (1 - d.beta_2) * g * g;
        double now = nadam_momentum(d, t), next = nadam_momentum(d, t + 1);
        double step = (1 - now) * g / (1 - nadam_product(d, t)) + next * s[0] / (1 - nadam_product(d, t + 1));
        e.p -= Rate * step / (std::sqrt(s[1] / second) + d.epsilon);
        break;
    }
    default: {
        double direction = d.beta_1 * s[0] + (1 - d.beta_1) * g;
        e.p -= direction > 0 ? Rate : (direction < 0 ? -Rate : 0);
        s[0] = d.beta_2 * s[0] + (1 - d.beta_2) * g;
    }
    }
}

// What gradients are multiplied by, one tensor after the other.
std::vector<double> factors_of(const cn_optimizer_desc& d, const std::vector<int64_t>& offsets, const std::vector<float>& gradients) {
    std::vector<double> factors(gradients.size(), 1.0);
    double limit = d.clip_norm != 0 ? d.clip_norm : d.global_clip_norm;
    std::vector<int64_t> groups = d.clip_norm != 0 ? offsets : std::vector<int64_t>{0, d.count};
    for (size_t group = 0; limit != 0 && group + 1 < groups.size(); ++group) {
        double squares = 0;
        for (int64_t i = groups[group]; i < groups[group + 1]; ++i) {
            double g = gradients[static_cast<size_t>(i)];
            squares += g * g;
        }
        double norm = std::sqrt(squares);
        std::fill(factors.begin() + groups[group], factors.begin() + groups[group + 1], norm >= limit ? limit / norm : 1.0);
    }
    return factors;
}

void expect_update(const cn_optimizer_desc& d, int t, double factor, double g, Element& e) {
    g *= factor;
    if (d.clip_value != 0) {
        g = std::min(std::max(g, -d.clip_value), d.clip_value);
    }
    e.p -= Rate * d.weight_decay * e.p;
    update_by_rule(d, t, g, e);
    e.ema = t == 1 ? e.p : d.ema_momentum * e.ema + (1 - d.ema_momentum) * e.p;
    if (d.use_ema != 0 && d.ema_overwrite_frequency != 0 && t % d.ema_overwrite_frequency == 0) {
        e.p = e.ema;
    }
}

// The arrays of an optimizer on the device.
struct Arrays {
    Arrays(cn_context* context, const cn_optimizer_desc& desc, const std::vector<int64_t>& offsets, const std::vector<float>& start,
           size_t shift = 0)
        : d(desc),
          p(context, start, shift), slots{{context, start.size(), shift}, {context, start.size(), shift}, {context, start.size(), shift}},
          ema(context, start.size(), shift), op(context, desc, desc.tensors == 0 ? nullptr : offsets.data()) {}

    void step(cn_state* state, const float* g, int64_t steps) {
        int count = slots_of(d);
        ok(cn_optimizer_step(op, state, p, g, count > 0 ? slots[0].data() : nullptr, count > 1 ? slots[1].data() : nullptr,
                             count > 2 ? slots[2].data() : nullptr, d.use_ema != 0 ? ema.data() : nullptr, steps));
    }

    cn_optimizer_desc d;
    Array<float> p, slots[Slots], ema;
    Op op;
};

void test_rule(const Device& device, const cn_optimizer_desc& d, const std::vector<int64_t>& offsets, size_t shift) {
    constexpr int Updates = 5;
    Random random(17);
    std::vector<float> start = random.floats(d.count);
    std::vector<Element> expected(start.size());
    for (size_t i = 0; i < start.size(); ++i) {
        expected[i].p = start[i];
    }
    std::vector<std::vector<float>> gradients;
    for (int t = 1; t <= Updates; ++t) {
        // The direction of Lion is one of exact numbers: a sign has no tolerance.
        gradients.push_back(d.optimizer == CN_OPTIMIZER_LION ? random.whole(d.count, -3, 3) : random.floats(d.count));
        std::vector<double> factors = factors_of(d, offsets, gradients.back());
        for (size_t i = 0; i < start.size(); ++i) {
            expect_update(d, t, factors[i], gradients.back()[i], expected[i]);
        }
    }
    auto expect = [&](auto member) {
        std::vector<double> values;
        for (const Element& element : expected) {
            values.push_back(member(element));
        }
        return values;
    };
    std::vector<float> first;
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        Arrays arrays(context, d, offsets, start, shift);
        State state(context, state_of(1, 0, Rate));
        for (int t = 1; t <= Updates; ++t) {
            Array<float> g(context, gradients[static_cast<size_t>(t) - 1], shift);
            arrays.step(state, g, 2);
            cn_state after = state.value();
            CHECK(after.updates == static_cast<uint64_t>(t) && after.step == 2 * static_cast<uint64_t>(t));
        }
        CHECK_CLOSE(expect([](const Element& e) { return e.p; }), arrays.p, 1e-6, 3e-6);
        for (int slot = 0; slot < Slots; ++slot) {
            CHECK_CLOSE(expect([&](const Element& e) { return slot < slots_of(d) ? e.s[slot] : 0.0; }), arrays.slots[slot], 2e-6, 1e-6);
        }
        CHECK_CLOSE(expect([&](const Element& e) { return d.use_ema != 0 ? e.ema : 0.0; }), arrays.ema, 1e-6, 3e-6);
        if (is_first) {
            first = arrays.p.values();
        }
        CHECK(arrays.p.same_bits(first));
    });
}

struct Size {
    std::vector<int64_t> offsets;
    size_t shift;
};

// Tensors of a few elements, that begin at multiples of four or do not; and of more than the chunks of both passes.
const std::vector<Size> Small = {{{0, 1}, 0}, {{0, 4, 300, 303}, 0}, {{0, 5, 6, 303}, 1}};
const std::vector<Size> Large = {{{0, 3, 18000, 20000}, 0}};

void test_sizes(const Device& device, const cn_optimizer_desc& rule, const std::vector<Size>& sizes) {
    for (const Size& size : sizes) {
        cn_optimizer_desc d = rule;
        d.count = size.offsets.back();
        d.tensors = d.clip_norm != 0 ? static_cast<int64_t>(size.offsets.size()) - 1 : 0;
        test_rule(device, d, size.offsets, size.shift);
    }
}

std::vector<cn_optimizer_desc> rules() {
    std::vector<cn_optimizer_desc> all;
    auto add = [&](int32_t optimizer, auto change) {
        cn_optimizer_desc d = optimizer_desc(optimizer, 1);
        d.ema_momentum = 0.75;
        change(d);
        all.push_back(d);
    };
    auto nothing = [](cn_optimizer_desc&) {};
    add(CN_OPTIMIZER_SGD, nothing);
    add(CN_OPTIMIZER_SGD, [](auto& d) { d.momentum = 0.9; });
    add(CN_OPTIMIZER_SGD, [](auto& d) { d.momentum = 0.9, d.nesterov = 1; });
    add(CN_OPTIMIZER_ADAM, nothing);
    add(CN_OPTIMIZER_ADAM, [](auto& d) { d.amsgrad = 1, d.beta_2 = 0.5; });
    add(CN_OPTIMIZER_ADAGRAD, nothing);
    add(CN_OPTIMIZER_ADADELTA, nothing);
    add(CN_OPTIMIZER_RMSPROP, nothing);
    add(CN_OPTIMIZER_RMSPROP, [](auto& d) { d.momentum = 0.9; });
    add(CN_OPTIMIZER_RMSPROP, [](auto& d) { d.centered = 1, d.epsilon = 1e-2; });
    add(CN_OPTIMIZER_RMSPROP, [](auto& d) { d.centered = 1, d.momentum = 0.5, d.epsilon = 1e-2; });
    add(CN_OPTIMIZER_ADAMAX, nothing);
    add(CN_OPTIMIZER_NADAM, nothing);
    add(CN_OPTIMIZER_LION, [](auto& d) { d.beta_1 = 0.875, d.beta_2 = 0.75; });
    return all;
}

void test_rules(const Device& device) {
    for (const cn_optimizer_desc& rule : rules()) {
        test_sizes(device, rule, Small);
    }
    test_sizes(device, rules().front(), Large);
}

// Clipping of each kind, decay and averages, around the rules that take gradients as they are and as they are not.
void test_options(const Device& device) {
    for (int32_t optimizer : {CN_OPTIMIZER_SGD, CN_OPTIMIZER_ADADELTA}) {
        cn_optimizer_desc d = optimizer_desc(optimizer, 1);
        d.weight_decay = 0.5;
        d.use_ema = 1;
        d.ema_momentum = 0.75;
        double* const limits[] = {&d.clip_value, &d.clip_norm, &d.global_clip_norm};
        for (double* limit : limits) {
            *limit = 0.625;
            test_sizes(device, d, Small);
            *limit = 0;
        }
        d.clip_norm = 20; // less than some of the norms
        d.ema_overwrite_frequency = 2;
        test_sizes(device, d, Large);
    }
}

// Long after the start, where products and powers have vanished or have not; the mean is that of one update.
void test_late_updates(const Device& device) {
    for (double schedule_decay : {0.0, 0.004, 1.0, 300.0}) {
        for (uint64_t updates : {uint64_t{3}, uint64_t{70}, uint64_t{999}, uint64_t{1} << 40}) {
            cn_optimizer_desc d = optimizer_desc(CN_OPTIMIZER_NADAM, 1);
            d.schedule_decay = schedule_decay;
            Context context(device);
            Arrays arrays(context, d, {}, std::vector<float>{1.0f});
            cn_state start = state_of(1, 0, Rate);
            start.updates = updates;
            State state(context, start);
            Array<float> g(context, std::vector<float>{0.5f});
            arrays.step(state, g, 1);
            int t = static_cast<int>(std::min<uint64_t>(updates, 100000)) + 1;
            Element expected;
            expected.p = 1.0;
            update_by_rule(d, t, 0.5, expected);
            CHECK_CLOSE({expected.p}, arrays.p, 1e-6, 0);
            CHECK(state.value().updates == updates + 1);
        }
    }
}

// Exactly: what is above the norm is halved, what is at most it stays.
void test_exact_norms(const Device& device) {
    for_each_variant(device, [](cn_context* context, bool) {
        cn_optimizer_desc d = optimizer_desc(CN_OPTIMIZER_SGD, 8);
        d.clip_norm = 5;
        d.tensors = 3;
        Array<float> g(context, {6, 8, 3, 4, 0, 0, -8, 6});
        State state(context, state_of(1, 0, 1.0));
        Arrays arrays(context, d, {0, 2, 4, 8}, std::vector<float>(8));
        arrays.step(state, g, 1);
        CHECK(arrays.p.same_bits({-3, -4, -3, -4, 0, 0, 4, -3}));
        d.clip_norm = 0;
        d.tensors = 0;
        d.global_clip_norm = 7.5;
        g.write({10, 4, 5, 2, 8, 0, -4, 0}); // 100 + 16 + 25 + 4 + 64 + 16 = 225, of which the root is 15
        Arrays all(context, d, {}, std::vector<float>(8));
        all.step(state, g, 1);
        CHECK(all.p.same_bits({-5, -2, -2.5f, -1, -4, 0, 2, 0}));
    });
}

using Matrix = std::vector<double>; // row-major

// x <- A x + b x, or x b where there are more rows than columns; plain loops.
Matrix orthogonalize(int64_t rows, int64_t columns, Matrix x, int iterations) {
    bool tall = rows > columns;
    int64_t side = tall ? columns : rows, length = tall ? rows : columns;
    auto at = [&](const Matrix& of, int64_t k, int64_t p) { return of[static_cast<size_t>(tall ? p * columns + k : k * columns + p)]; };
    double squares = 0;
    for (double value : x) {
        squares += value * value;
    }
    for (double& value : x) {
        value /= std::sqrt(squares) + 1e-7;
    }
    for (int iteration = 0; iteration < iterations; ++iteration) {
        Matrix a(static_cast<size_t>(side * side)), b = a, next = x;
        for (int64_t i = 0; i < side * side; ++i) {
            for (int64_t p = 0; p < length; ++p) {
                a[static_cast<size_t>(i)] += at(x, i / side, p) * at(x, i % side, p);
            }
        }
        for (int64_t i = 0; i < side * side; ++i) {
            double sum = 0;
            for (int64_t p = 0; p < side; ++p) {
                sum += a[static_cast<size_t>(i / side * side + p)] * a[static_cast<size_t>(p * side + i % side)];
            }
            b[static_cast<size_t>(i)] = -4.775 * a[static_cast<size_t>(i)] + 2.0315 * sum;
        }
        for (int64_t k = 0; k < side; ++k) {
            for (int64_t p = 0; p < length; ++p) {
                double sum = 3.4445 * at(x, k, p);
                for (int64_t j = 0; j < side; ++j) {
                    sum += b[static_cast<size_t>(k * side + j)] * at(x, j, p);
                }
                next[static_cast<size_t>(tall ? p * columns + k : k * columns + p)] = sum;
            }
        }
        x = next;
    }
    return x;
}

// Matrices of several tiles, chunks and batches, with other floats before, between and behind them, none of them aligned.
void test_muon(const Device& device, int32_t iterations, bool nesterov, double clip_norm) {
    const std::vector<cn_matrix> matrices = {{3, 5, 7}, {38, 130, 67}, {8749, 1, 9}, {8760, 66, 70}, {13380, 2, 2}};
    const std::vector<int64_t> offsets = {0, 40, 9000, 13390};
    cn_optimizer_desc d = optimizer_desc(CN_OPTIMIZER_MUON, 13390);
    d.momentum = 0.5;
    d.nesterov = nesterov ? 1 : 0;
    d.iterations = iterations;
    d.weight_decay = 0.5;
    d.use_ema = 1;
    d.ema_momentum = 0.5;
    d.clip_norm = clip_norm;
    d.tensors = clip_norm == 0 ? 0 : 3;
    d.matrices = static_cast<int64_t>(matrices.size());
    Random random(23);
    std::vector<float> start = random.floats(d.count);
    std::vector<Element> expected(start.size());
    for (size_t i = 0; i < start.size(); ++i) {
        expected[i].p = start[i];
    }
    std::vector<std::vector<float>> gradients = {random.floats(d.count), random.floats(d.count)};
    cn_optimizer_desc adam = d;
    adam.optimizer = CN_OPTIMIZER_ADAM;
    for (int t = 1; t <= 2; ++t) {
        std::vector<double> factors = factors_of(d, offsets, gradients[static_cast<size_t>(t) - 1]);
        std::vector<bool> in_matrix(start.size());
        for (const cn_matrix& matrix : matrices) {
            Matrix direction;
            int64_t end = matrix.offset + matrix.rows * matrix.columns;
            for (int64_t i = matrix.offset; i < end; ++i) {
                Element& e = expected[static_cast<size_t>(i)];
                double g = factors[static_cast<size_t>(i)] * gradients[static_cast<size_t>(t) - 1][static_cast<size_t>(i)];
                e.s[0] = d.momentum * e.s[0] + g;
                direction.push_back(nesterov ? g + d.momentum * e.s[0] : e.s[0]);
                in_matrix[static_cast<size_t>(i)] = true;
            }
            direction = orthogonalize(matrix.rows, matrix.columns, direction, iterations);
            double ratio = static_cast<double>(matrix.rows) / static_cast<double>(matrix.columns);
            for (int64_t i = matrix.offset; i < end; ++i) {
                Element& e = expected[static_cast<size_t>(i)];
                e.s[1] = direction[static_cast<size_t>(i - matrix.offset)];
                e.p -= Rate * d.weight_decay * e.p + Rate * std::sqrt(std::max(1.0, ratio)) * e.s[1];
            }
        }
        for (size_t i = 0; i < start.size(); ++i) {
            Element& e = expected[i];
            if (!in_matrix[i]) {
                double decayed = e.p - Rate * d.weight_decay * e.p;
                e.p = 0;
                update_by_rule(adam, t, factors[i] * gradients[static_cast<size_t>(t) - 1][i], e);
                e.p = decayed + d.adam_rate_ratio * e.p;
            }
            e.ema = t == 1 ? e.p : d.ema_momentum * e.ema + (1 - d.ema_momentum) * e.p;
        }
    }
    std::vector<double> p, mean, second, ema;
    for (const Element& e : expected) {
        p.push_back(e.p), mean.push_back(e.s[0]), second.push_back(e.s[1]), ema.push_back(e.ema);
    }
    std::vector<float> first;
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        Op op(context, d, d.tensors == 0 ? nullptr : offsets.data(), matrices.data());
        Array<float> weights(context, start), slot_0(context, start.size()), slot_1(context, start.size()), averages(context, start.size());
        State state(context, state_of(1, 0, Rate));
        for (const std::vector<float>& gradient : gradients) {
            Array<float> g(context, gradient);
            ok(cn_optimizer_step(op, state, weights, g, slot_0, slot_1, nullptr, averages, 1));
        }
        CHECK(state.value().updates == 2 && state.value().step == 2);
        CHECK_CLOSE(mean, slot_0, 2e-6, 1e-6);
        CHECK_CLOSE(second, slot_1, 1e-4, 1e-4); // an iteration makes errors up to 3.4 times as large
        CHECK_CLOSE(p, weights, 1e-5, 1e-5);
        CHECK_CLOSE(ema, averages, 1e-5, 1e-5);
        if (is_first) {
            first = weights.values();
        }
        CHECK(weights.same_bits(first));
    });
}

// A NaN stays where it is, and is not clipped away.
void test_nan(const Device& device) {
    Context context(device);
    for (cn_optimizer_desc d : rules()) {
        d.count = 9;
        d.clip_value = 1;
        Arrays arrays(context, d, {}, std::vector<float>(9, 1.0f));
        State state(context, state_of(1, 0, Rate));
        std::vector<float> gradients(9, 0.5f);
        gradients[4] = NAN;
        Array<float> g(context, gradients);
        arrays.step(state, g, 1);
        std::vector<float> p = arrays.p.values();
        for (size_t i = 0; i < p.size(); ++i) {
            CHECK(std::isnan(p[i]) == (i == 4));
        }
    }
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_rules(device);
        test_options(device);
        test_late_updates(device);
        test_exact_norms(device);
        test_nan(device);
        test_muon(device, 6, true, 0);
        test_muon(device, 1, false, 2);
    });
    return check::result();
}
