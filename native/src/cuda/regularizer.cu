// Regularizer: the penalties of weights into the loss, their slopes into the gradients.
//
// Shapes   parameters, gradients: [count].
// Writes   adds to gradients, unless null; the last block adds to metrics.
// Scratch  the penalty of each chunk, double.
// Blocks   chunk after chunk. The last block adds the penalties in an order that depends on their number alone.
#include "common/regularizer.h"

#include "elementwise.h"
#include "ops.h"
#include "penalty.h"
#include "reduce.h"
#include "ticket.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

constexpr int64_t BlocksPerMultiprocessor = 4;

// Where the penalties of chunks go, and how many loss values a sample has.
struct PenaltyTarget {
    double* penalties;
    unsigned* ticket;
    int64_t positions;
    cn_metrics* metrics;
};

__global__ void __launch_bounds__(ElementThreads) regularizer_kernel(const cn_state* state, const PenaltyChunk* chunks, int64_t chunk_count,
                                                                     const float* parameters, float* gradients, PenaltyTarget target) {
    for (int64_t number = blockIdx.x; number < chunk_count; number += gridDim.x) {
        PenaltyChunk chunk = chunks[number];
        float twice_l2 = 2.0f * chunk.l2;
        PenaltySums sums;
        for (int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += ElementThreads) {
            float weight = parameters[i];
            sums.add(weight);
            if (gradients != nullptr) {
                gradients[i] += penalty_slope(weight, chunk.l1, twice_l2);
            }
        }
        double penalty = block_sum<static_cast<int>(ElementThreads)>(sums.penalty(chunk.l1, chunk.l2));
        if (threadIdx.x == 0) {
            target.penalties[number] = penalty;
        }
    }
    if (!is_last_block(target.ticket, gridDim.x)) {
        return;
    }
    double penalty = 0.0;
    for (int64_t number = threadIdx.x; number < chunk_count; number += ElementThreads) {
        penalty += target.penalties[number];
    }
    penalty = block_sum<static_cast<int>(ElementThreads)>(penalty);
    if (threadIdx.x == 0) {
        target.metrics->loss += penalty * static_cast<double>(state->rows * target.positions);
    }
}

class RegularizerKernel final : public RegularizerOp {
public:
    RegularizerKernel(Context& context, const cn_regularizer_desc& desc, const cn_penalty* penalties)
        : RegularizerKernel(context, desc, RegularizerPlan(desc, penalties)) {}

    void add(const cn_state* state, const float* parameters, float* gradients, cn_metrics* metrics) override {
        Grid grid(static_cast<unsigned>(std::min<int64_t>(_chunk_count, _context.multiprocessors() * BlocksPerMultiprocessor)));
        PenaltyTarget target{_context.scratch<double>(), static_cast<unsigned*>(_ticket.data()), _positions, metrics};
        _context.launch(regularizer_kernel, grid, ElementThreads, 0, state, static_cast<const PenaltyChunk*>(_chunks.data()), _chunk_count,
                        parameters, gradients, target);
    }

private:
    RegularizerKernel(Context& context, const cn_regularizer_desc& desc, const RegularizerPlan& plan)
        : _context(context), _positions(desc.positions), _chunk_count(plan.chunk_count()),
          _chunks(_chunk_count * static_cast<int64_t>(sizeof(PenaltyChunk)), context.stream()),
          _ticket(sizeof(unsigned), context.stream()) {
        _context.reserve_scratch(_chunk_count * static_cast<int64_t>(sizeof(double)));
        _context.write(_chunks.data(), plan.chunks.data(), _chunks.bytes());
    }

    Context& _context;
    int64_t _positions, _chunk_count;
    DeviceMemory _chunks, _ticket;
};

} // namespace

std::unique_ptr<RegularizerOp> make_regularizer(Context& context, const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    return std::make_unique<RegularizerKernel>(context, desc, penalties);
}

} // namespace compiled::cuda
