// Optimizer: one pass over the parameters, whatever tensors they belong to; with a norm to clip by, one over the gradients before it.
//
// Shapes   parameters, gradients, slots, ema: [count].
// Writes   updates parameters, slots and ema in place, then counts in state.
// Scratch  with norms, shared: one sum of squares per chunk of gradients, then one factor per group.
// Threads  chunks of elements; every element is read and written once, so memory sets the pace. The sums of a group's chunks are added in
//          their order.
#include "ops.h"
#include "optimizer_update.h"

namespace compiled::cpu::CN_ISA {

namespace {

template <class Rule>
class OptimizerKernel final : public OptimizerOp {
public:
    OptimizerKernel(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets)
        : _context(context), _desc(desc), _clipping(context, desc, offsets) {
        _context.reserve_shared_scratch(_clipping.bytes());
    }

    void step(cn_state* state, float* parameters, const float* gradients, float* const (&slots)[OptimizerSlots], float* ema,
              int64_t steps) override {
        const float* factors = _clipping.find(gradients);
        OptimizerArrays arrays{parameters, gradients, {slots[0], slots[1], slots[2]}, ema};
        AroundCoefficients around = around_coefficients(_desc, *state);
        typename Rule::Coefficients coefficients = Rule::coefficients(_desc, *state);
        for_chunks(_context, _desc.count, [&](int64_t begin, int64_t end) {
            _clipping.for_groups(factors, begin, end, [&](int64_t from, int64_t to, float factor) {
                update_range<Rule>(around, coefficients, factor, arrays, from, to);
            });
        });
        state->updates += 1;
        state->step += static_cast<uint64_t>(steps);
    }

private:
    Context& _context;
    cn_optimizer_desc _desc;
    ClippingFactors _clipping;
};

} // namespace

std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets,
                                            const cn_matrix* matrices) {
    if (desc.optimizer == CN_OPTIMIZER_MUON) {
        return make_muon(context, desc, offsets, matrices);
    }
    return with_optimizer_rule(desc, [&](auto rule) -> std::unique_ptr<OptimizerOp> {
        return std::make_unique<OptimizerKernel<decltype(rule)>>(context, desc, offsets);
    });
}

} // namespace compiled::cpu::CN_ISA
