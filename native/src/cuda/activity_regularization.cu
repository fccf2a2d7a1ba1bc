// Activity regularization: y = x; the penalty of all x over the rows into the loss, its slopes into dx.
//
// Shapes   x, y, dy, dx: [rows, count].
// Writes   forward overwrites y (which may be x), and its last block adds to metrics, unless null; backward overwrites dx or adds to it.
// Scratch  the penalty of each block, double.
// Blocks   packs of elements. The last block adds the penalties in an order that depends on their number alone.
#include "elementwise.h"
#include "ops.h"
#include "penalty.h"
#include "reduce.h"
#include "ticket.h"

namespace compiled::cuda {

namespace {

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    activity_regularization_forward_kernel(const cn_state* state, cn_activity_regularization_desc d, const float* x, float* y,
                                           double* penalties, unsigned* ticket, cn_metrics* metrics) {
    PenaltySums sums;
    for_packs<Width>(state->rows * d.count, [&](int64_t i) {
        auto pack = Pack<Width>::load(x + i);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            sums.add(pack.values[e]);
        }
        pack.store(y + i);
    });
    double penalty = block_sum<static_cast<int>(ElementThreads)>(sums.penalty(d.l1, d.l2));
    if (threadIdx.x == 0) {
        penalties[blockIdx.x] = penalty;
    }
    if (!is_last_block(ticket, gridDim.x)) {
        return;
    }
    penalty = 0.0;
    for (unsigned block = threadIdx.x; block < gridDim.x; block += ElementThreads) {
        penalty += penalties[block];
    }
    penalty = block_sum<static_cast<int>(ElementThreads)>(penalty);
    if (threadIdx.x == 0 && metrics != nullptr) {
        metrics->loss += penalty * static_cast<double>(d.positions); // over the rows, for each of rows * positions values
    }
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    activity_regularization_backward_kernel(const cn_state* state, cn_activity_regularization_desc d, const float* x, const float* dy,
                                            float* dx) {
    float over_rows = 1.0f / static_cast<float>(state->rows), l1 = d.l1 * over_rows, twice_l2 = 2.0f * d.l2 * over_rows;
    bool accumulate = d.input_gradient == CN_GRADIENT_ACCUMULATE;
    for_packs<Width>(state->rows * d.count, [&](int64_t i) {
        auto inputs = Pack<Width>::load(x + i), gradients = Pack<Width>::load(dy + i);
        Pack<Width> sums{};
        if (accumulate) {
            sums = Pack<Width>::load(dx + i);
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            float gradient = gradients.values[e] + penalty_slope(inputs.values[e], l1, twice_l2);
            sums.values[e] = accumulate ? sums.values[e] + gradient : gradient;
        }
        sums.store(dx + i);
    });
}

class ActivityRegularizationKernel final : public ActivityRegularizationOp {
public:
    ActivityRegularizationKernel(Context& context, const cn_activity_regularization_desc& desc)
        : _context(context), _desc(desc), _ticket(sizeof(unsigned), context.stream()) {
        _context.reserve_scratch(static_cast<int64_t>(blocks(1)) * static_cast<int64_t>(sizeof(double)));
    }

    void forward(const cn_state* state, const float* x, float* y, cn_metrics* metrics) override {
        int width = pack_width(_desc.count, x, y);
        auto* kernel = width == 4 ? activity_regularization_forward_kernel<4> : activity_regularization_forward_kernel<1>;
        _context.launch(kernel, blocks(width), ElementThreads, 0, state, _desc, x, y, _context.scratch<double>(),
                        static_cast<unsigned*>(_ticket.data()), metrics);
    }

    void backward(const cn_state* state, const float* x, const float* dy, float* dx) override {
        int width = pack_width(_desc.count, x, dy, dx);
        auto* kernel = width == 4 ? activity_regularization_backward_kernel<4> : activity_regularization_backward_kernel<1>;
        _context.launch(kernel, blocks(width), ElementThreads, 0, state, _desc, x, dy, dx);
    }

private:
    unsigned blocks(int width) const { return element_blocks(_context, _desc.batch * _desc.count, width); }

    Context& _context;
    cn_activity_regularization_desc _desc;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<ActivityRegularizationOp> make_activity_regularization(Context& context, const cn_activity_regularization_desc& desc) {
    return std::make_unique<ActivityRegularizationKernel>(context, desc);
}

} // namespace compiled::cuda
