// Optimizers against their formulas in double, over several updates.
#include "device.h"

using namespace device;

namespace {

struct Rule {
    int optimizer;
    double momentum;
    int nesterov;
    int slots;
};

void test_rule(const Device& device, const Rule& rule, int64_t count) {
    std::vector<float> first;
    for_each_variant(device, [&](cn_context* context, bool is_first) {
        Op op(cn_optimizer_create, context, cn_optimizer_desc{0, rule.optimizer, count, rule.momentum, 0.9, 0.999, 1e-7, rule.nesterov, 0});
        Random random(17);
        auto size = static_cast<size_t>(count);
        Array<float> p(context, random.floats(count)), slot_0(context, size), slot_1(context, size);
        std::vector<float> start = p.values();
        std::vector<double> expected(start.begin(), start.end());
        std::vector<double> m(size), v(size);
        State state(context, state_of(1, 0, 0.02));
        for (int update = 1; update <= 5; ++update) {
            std::vector<float> gradients = random.floats(count);
            Array<float> g(context, gradients);
            ok(cn_optimizer_step(op, state, p, g, rule.slots > 0 ? slot_0.data() : nullptr, rule.slots > 1 ? slot_1.data() : nullptr, 2));
            cn_state after = state.value();
            CHECK(after.updates == static_cast<uint64_t>(update) && after.step == 2 * static_cast<uint64_t>(update));
            for (size_t i = 0; i < size; ++i) {
                double gradient = gradients[i];
                if (rule.optimizer == CN_OPTIMIZER_SGD) {
                    m[i] = rule.momentum * m[i] - 0.02 * gradient;
                    expected[i] += rule.nesterov != 0 ? rule.momentum * m[i] - 0.02 * gradient : m[i];
                } else {
                    m[i] = 0.9 * m[i] + 0.1 * gradient;
                    v[i] = 0.999 * v[i] + 0.001 * gradient * gradient;
                    double rate = 0.02 * std::sqrt(1 - std::pow(0.999, update)) / (1 - std::pow(0.9, update));
                    expected[i] -= rate * m[i] / (std::sqrt(v[i]) + 1e-7);
                }
            }
        }
        CHECK_CLOSE(expected, p, 1e-6, 2e-6);
        if (is_first) {
            first = p.values();
        }
        CHECK(p.same_bits(first));
    });
}

} // namespace

int main() {
    for_each_device([](const Device& device) {
        const Rule rules[] = {
            {CN_OPTIMIZER_SGD, 0, 0, 0}, {CN_OPTIMIZER_SGD, 0.9, 0, 1}, {CN_OPTIMIZER_SGD, 0.9, 1, 1}, {CN_OPTIMIZER_ADAM, 0, 0, 2}};
        for (const Rule& rule : rules) {
            test_rule(device, rule, 1);
            test_rule(device, rule, 1003);
            test_rule(device, rule, 40000);
        }
    });
    return check::result();
}
