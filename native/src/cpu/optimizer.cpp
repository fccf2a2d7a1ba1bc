// Optimizer: one pass over the parameters, whatever tensors they belong to.
//
// Shapes   parameters, gradients, slot_0, slot_1: [count].
// Writes   updates parameters and slots in place, then counts in state.
// Threads  chunks of elements; every element is read and written once, so memory sets the pace.
#include "common/optimizer.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

class SgdKernel final : public OptimizerOp {
public:
    SgdKernel(Context& context, const cn_optimizer_desc& desc) : _context(context), _desc(desc) {}

    void step(cn_state* state, float* parameters, const float* gradients, float* velocity, float*, int64_t steps) override {
        SgdCoefficients coefficients{static_cast<float>(state->learning_rate), static_cast<float>(_desc.momentum)};
        if (_desc.momentum == 0.0) {
            for_chunks(_context, _desc.count, [=](int64_t begin, int64_t end) {
                for_vectors(begin, end, [=](int64_t i, auto vector) {
                    Vec parameter = vector.load(parameters + i);
                    sgd_update(coefficients, parameter, vector.load(gradients + i));
                    vector.store(parameters + i, parameter);
                });
            });
        } else if (_desc.nesterov != 0) {
            run<true>(coefficients, parameters, gradients, velocity);
        } else {
            run<false>(coefficients, parameters, gradients, velocity);
        }
        state->updates += 1;
        state->step += static_cast<uint64_t>(steps);
    }

private:
    template <bool Nesterov>
    void run(SgdCoefficients coefficients, float* parameters, const float* gradients, float* velocities) {
        for_chunks(_context, _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec parameter = vector.load(parameters + i);
                Vec velocity = vector.load(velocities + i);
                momentum_update<Nesterov>(coefficients, parameter, vector.load(gradients + i), velocity);
                vector.store(parameters + i, parameter);
                vector.store(velocities + i, velocity);
            });
        });
    }

    Context& _context;
    cn_optimizer_desc _desc;
};

class AdamKernel final : public OptimizerOp {
public:
    AdamKernel(Context& context, const cn_optimizer_desc& desc) : _context(context), _desc(desc) {}

    void step(cn_state* state, float* parameters, const float* gradients, float* means, float* squares, int64_t steps) override {
        AdamCoefficients coefficients = adam_coefficients(_desc, *state);
        for_chunks(_context, _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec parameter = vector.load(parameters + i);
                Vec mean = vector.load(means + i);
                Vec square = vector.load(squares + i);
                adam_update(coefficients, parameter, vector.load(gradients + i), mean, square, [](Vec x) { return sqrt(x); });
                vector.store(parameters + i, parameter);
                vector.store(means + i, mean);
                vector.store(squares + i, square);
            });
        });
        state->updates += 1;
        state->step += static_cast<uint64_t>(steps);
    }

private:
    Context& _context;
    cn_optimizer_desc _desc;
};

} // namespace

std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc) {
    if (desc.optimizer == CN_OPTIMIZER_ADAM) {
        return std::make_unique<AdamKernel>(context, desc);
    }
    return std::make_unique<SgdKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
