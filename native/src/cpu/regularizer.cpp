// Regularizer: the penalties of weights into the loss, their slopes into the gradients.
//
// Shapes   parameters, gradients: [count].
// Writes   adds to gradients, unless null, and to metrics.
// Scratch  shared: the penalty of each chunk, double.
// Threads  chunks of weights, whose size depends on nothing; their penalties are added in their order.
#include "common/regularizer.h"

#include "ops.h"
#include "penalty.h"

namespace compiled::cpu::CN_ISA {

namespace {

class RegularizerKernel final : public RegularizerOp {
public:
    RegularizerKernel(Context& context, const cn_regularizer_desc& desc, const cn_penalty* penalties)
        : _context(context), _desc(desc), _plan(desc, penalties) {
        _context.reserve_shared_scratch(_plan.chunk_count() * static_cast<int64_t>(sizeof(double)));
    }

    void add(const cn_state* state, const float* parameters, float* gradients, cn_metrics* metrics) override {
        auto* penalties = _context.shared_scratch<double>();
        const PenaltyChunk* chunks = _plan.chunks.data();
        _context.parallel_for(_plan.chunk_count(),
                              [=](int64_t chunk, int) { penalties[chunk] = add_chunk(chunks[chunk], parameters, gradients); });
        double penalty = 0.0;
        for (int64_t chunk = 0; chunk < _plan.chunk_count(); ++chunk) {
            penalty += penalties[chunk];
        }
        metrics->loss += penalty * static_cast<double>(state->rows * _desc.positions);
    }

private:
    static double add_chunk(const PenaltyChunk& chunk, const float* parameters, float* gradients) {
        float l1 = chunk.l1, twice_l2 = 2.0f * chunk.l2;
        PenaltySums sums;
        for_vectors(chunk.begin, chunk.end, [&](int64_t i, auto vector) {
            Vec weight = vector.load(parameters + i);
            sums.add(weight);
            if (gradients != nullptr) {
                vector.store(gradients + i, vector.load(gradients + i) + penalty_slope(weight, l1, twice_l2));
            }
        });
        return sums.penalty(chunk.l1, chunk.l2);
    }

    Context& _context;
    cn_regularizer_desc _desc;
    RegularizerPlan _plan;
};

} // namespace

std::unique_ptr<RegularizerOp> make_regularizer(Context& context, const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    return std::make_unique<RegularizerKernel>(context, desc, penalties);
}

} // namespace compiled::cpu::CN_ISA
