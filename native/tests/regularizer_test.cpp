// Regularizers: penalties of some of the tensors, in the loss and in the gradients.
#include "refusal.h"

using namespace device;

namespace {

constexpr int64_t Rows = 3, Positions = 2;

struct Arena {
    std::vector<float> weights, gradients;
    std::vector<cn_penalty> penalties;
};

cn_regularizer_desc describe(const Arena& arena) {
    cn_regularizer_desc d{};
    d.struct_size = sizeof(d);
    d.batch = Rows + 1;
    d.positions = Positions;
    d.count = static_cast<int64_t>(arena.weights.size());
    d.tensors = static_cast<int64_t>(arena.penalties.size());
    return d;
}

class Regularizer {
public:
    Regularizer(cn_context* context, const Arena& arena) {
        cn_regularizer_desc d = describe(arena);
        ok(cn_regularizer_create(context, &d, arena.penalties.data(), &_op));
    }
    Regularizer(const Regularizer&) = delete;
    Regularizer& operator=(const Regularizer&) = delete;
    ~Regularizer() { cn_op_destroy(_op); }
    operator cn_op*() const { return _op; }

private:
    cn_op* _op = nullptr;
};

double sign(double value) {
    return value > 0 ? 1 : value < 0 ? -1 : value;
}

// Both the loss and the gradients have something before.
void test_penalties(const Device& device, const Arena& arena, double relative, size_t shift) {
    std::vector<double> gradients(arena.gradients.begin(), arena.gradients.end());
    double penalty = 0;
    for (const cn_penalty& p : arena.penalties) {
        auto l1 = static_cast<double>(static_cast<float>(p.l1)), l2 = static_cast<double>(static_cast<float>(p.l2));
        for (auto i = static_cast<size_t>(p.offset); i < static_cast<size_t>(p.offset + p.count); ++i) {
            double weight = arena.weights[i];
            penalty += l1 * std::fabs(weight) + l2 * weight * weight;
            gradients[i] += l1 * sign(weight) + 2 * l2 * weight;
        }
    }
    cn_metrics first_metrics{};
    std::vector<float> first_gradients;
    for_each_variant(device, [&](cn_context* context, bool first) {
        Regularizer op(context, arena);
        State state(context, state_of(Rows));
        Metrics metrics(context, {10, 1, 6});
        Array<float> w(context, arena.weights, shift), g(context, arena.gradients, shift);
        ok(cn_regularizer_add(op, state, w, nullptr, metrics));
        CHECK(g.same_bits(arena.gradients));
        ok(cn_regularizer_add(op, state, w, g, metrics));
        cn_metrics found = metrics.value();
        double expected = 10 + 2 * penalty * Rows * Positions;
        CHECK(std::fabs(found.loss - expected) <= 1e-12 * expected);
        CHECK(found.correct == 1 && found.count == 6);
        CHECK_CLOSE(gradients, g, relative, relative);
        CHECK(w.same_bits(arena.weights));
        if (first) {
            first_metrics = found;
            first_gradients = g.values();
        }
        CHECK(found.loss == first_metrics.loss && g.same_bits(first_gradients));
    });
}

// What a float rounds, and what it does not.
void test_sizes(const Device& device) {
    Random random(3);
    for (int64_t count : {1, 7, 64, 8192, 8193, 40000}) {
        Arena arena{random.floats(count + 40, -2, 2), random.floats(count + 40), {{3, count, 0.01, 0.02}}};
        test_penalties(device, arena, 1e-6, 0);
        Arena exact{random.whole(count + 40, -9, 9), random.whole(count + 40, -9, 9), {{3, count, 2, 0.5}, {count + 5, 11, 0, 1}}};
        test_penalties(device, exact, 0, 1);
    }
    Arena many{random.whole(20000, -3, 3), random.whole(20000, -3, 3), {}};
    for (int64_t tensor = 0; tensor < 700; ++tensor) {
        many.penalties.push_back({tensor * 28, 1 + tensor % 28, static_cast<double>(tensor % 3), static_cast<double>(tensor % 2)});
    }
    test_penalties(device, many, 0, 0);
}

void test_nan(const Device& device) {
    Context context(device);
    Arena arena{std::vector<float>(9, 1.0f), std::vector<float>(9, 0.0f), {{0, 9, 1, 0}}};
    arena.weights[4] = NAN;
    Regularizer op(context, arena);
    State state(context, state_of(1));
    Metrics metrics(context, {});
    Array<float> w(context, arena.weights), g(context, arena.gradients);
    ok(cn_regularizer_add(op, state, w, g, metrics));
    CHECK(std::isnan(metrics.value().loss));
    std::vector<float> gradients = g.values();
    for (size_t i = 0; i < gradients.size(); ++i) {
        CHECK(std::isnan(gradients[i]) == (i == 4));
    }
}

void test_refusals(const Device& device) {
    Context context(device);
    const Arena arena{std::vector<float>(32), {}, {{0, 8, 0.5, 0}, {16, 16, 0, 0.5}}};
    auto refused = [&](const std::function<void(cn_regularizer_desc&, std::vector<cn_penalty>&)>& change, const char* words) {
        cn_regularizer_desc d = describe(arena);
        std::vector<cn_penalty> penalties = arena.penalties;
        change(d, penalties);
        cn_op* op = nullptr;
        REFUSED_CALL(cn_regularizer_create(context, &d, penalties.empty() ? nullptr : penalties.data(), &op), words);
        CHECK(op == nullptr);
    };
    refused([](auto& d, auto&) { d.struct_size = 8; }, "struct_size is 8");
    refused([](auto& d, auto&) { d.reserved = 1; }, "reserved");
    refused([](auto& d, auto&) { d.batch = 0; }, "batch is 0");
    refused([](auto& d, auto&) { d.positions = 0; }, "positions is 0");
    refused([](auto& d, auto&) { d.count = 0; }, "count is 0");
    refused([](auto& d, auto&) { d.tensors = 0; }, "tensors is 0");
    refused([](auto& d, auto&) { d.tensors = 33; }, "tensors is 33");
    refused([](auto&, auto& p) { p.clear(); }, "host_penalties is null");
    refused([](auto&, auto& p) { p[1].offset = 7; }, "host_penalties[1].offset is 7: it must be from 8");
    refused([](auto&, auto& p) { p[0].offset = -1; }, "host_penalties[0].offset is -1");
    refused([](auto&, auto& p) { p[1].offset = 33; }, "host_penalties[1].offset is 33");
    refused([](auto&, auto& p) { p[1].count = 17; }, "host_penalties[1] has 17 weights: they must be from 1 to 16");
    refused([](auto&, auto& p) { p[0].count = 0; }, "host_penalties[0] has 0 weights");
    refused([](auto&, auto& p) { p[0].l1 = -1; }, "host_penalties[0].l1 is -1: it must be from 0");
    refused([](auto&, auto& p) { p[0].l1 = NAN; }, "host_penalties[0].l1 is nan");
    refused([](auto&, auto& p) { p[1].l2 = 1e39; }, "host_penalties[1].l2 is 1e+39");
    Regularizer op(context, arena);
    State state(context, state_of(1));
    Metrics metrics(context, {});
    Array<float> a(context, 32);
    REFUSED_CALL(cn_regularizer_add(op, nullptr, a, a, metrics), "state is null");
    REFUSED_CALL(cn_regularizer_add(op, state, nullptr, a, metrics), "parameters is null");
    REFUSED_CALL(cn_regularizer_add(op, state, a, a, nullptr), "metrics is null");
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        test_sizes(device);
        test_nan(device);
        test_refusals(device);
    });
    return check::result();
}
