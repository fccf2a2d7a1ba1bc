// Gather: a batch from a data set in memory (compiled.h, cn_gather_desc).
//
// Shapes   inputs [samples, input_count], targets [samples, target_count] or [samples] to one-hot; x and t the same of rows.
// Writes   overwrites x and t; adds rows to cursor->position.
// Threads  samples.
#include "common/gather.h"

#include "ops.h"

#include <limits>

namespace compiled::cpu::CN_ISA {

namespace {

class GatherKernel final : public GatherOp {
public:
    GatherKernel(Context& context, const cn_gather_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const void* inputs, const void* targets, const int32_t* order, cn_cursor* cursor, float* x,
                 void* t) override {
        constexpr float NaN = std::numeric_limits<float>::quiet_NaN();
        int64_t first = cursor->position % _desc.samples;
        _context.parallel_for(state->rows, [&](int64_t i, int) {
            int64_t sample = gathered_sample(_desc, order, first, i);
            float* target = x + i * _desc.input_count;
            for (int64_t element = 0; element < _desc.input_count; ++element) {
                target[element] = sample < 0 ? NaN : gathered_input(_desc, inputs, sample, element);
            }
            for (int64_t element = 0; element < _desc.target_count; ++element) {
                gather_target(_desc, targets, sample, element, NaN, t, i);
            }
        });
        cursor->position += state->rows;
    }

private:
    Context& _context;
    cn_gather_desc _desc;
};

} // namespace

std::unique_ptr<GatherOp> make_gather(Context& context, const cn_gather_desc& desc) {
    return std::make_unique<GatherKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
