// Activity regularization: y = x; the penalty of all x over the rows into the loss, its slopes into dx.
//
// Shapes   x, y, dy, dx: [rows, count].
// Writes   forward overwrites y (which may be x) and, unless null, adds to metrics; backward overwrites dx or adds to it.
// Scratch  shared: the penalty of each chunk, double.
// Threads  chunks of elements; their penalties are added in their order.
#include "ops.h"
#include "penalty.h"

namespace compiled::cpu::CN_ISA {

namespace {

class ActivityRegularizationKernel final : public ActivityRegularizationOp {
public:
    ActivityRegularizationKernel(Context& context, const cn_activity_regularization_desc& desc) : _context(context), _desc(desc) {
        _context.reserve_shared_scratch(chunk_count(desc.batch * desc.count) * static_cast<int64_t>(sizeof(double)));
    }

    void forward(const cn_state* state, const float* x, float* y, cn_metrics* metrics) override {
        auto* penalties = _context.shared_scratch<double>();
        int64_t elements = state->rows * _desc.count;
        for_chunks(_context, elements, [=](int64_t begin, int64_t end) {
            PenaltySums sums;
            for_vectors(begin, end, [&](int64_t i, auto vector) {
                Vec value = vector.load(x + i);
                sums.add(value);
                vector.store(y + i, value);
            });
            penalties[begin / ChunkElements] = sums.penalty(_desc.l1, _desc.l2);
        });
        if (metrics == nullptr) {
            return;
        }
        double penalty = 0.0;
        for (int64_t chunk = 0; chunk < chunk_count(elements); ++chunk) {
            penalty += penalties[chunk];
        }
        metrics->loss += penalty * static_cast<double>(_desc.positions); // over the rows, for each of rows * positions values
    }

    void backward(const cn_state* state, const float* x, const float* dy, float* dx) override {
        float over_rows = 1.0f / static_cast<float>(state->rows), l1 = _desc.l1 * over_rows, twice_l2 = 2.0f * _desc.l2 * over_rows;
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec gradient = vector.load(dy + i) + penalty_slope(vector.load(x + i), l1, twice_l2);
                vector.store(dx + i, accumulate ? vector.load(dx + i) + gradient : gradient);
            });
        });
    }

private:
    Context& _context;
    cn_activity_regularization_desc _desc;
};

} // namespace

std::unique_ptr<ActivityRegularizationOp> make_activity_regularization(Context& context, const cn_activity_regularization_desc& desc) {
    return std::make_unique<ActivityRegularizationKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
