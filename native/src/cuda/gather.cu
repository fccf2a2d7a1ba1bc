// Gather: a batch from a data set in device memory (compiled.h, cn_gather_desc).
//
// Shapes   inputs [samples, input_count], targets [samples, target_count] or [samples] to one-hot; x and t the same of rows.
// Writes   overwrites x and t; adds rows to cursor->position.
// Blocks   one per sample, more for large ones; the last to finish counts.
#include "common/gather.h"

#include "elementwise.h"
#include "ops.h"
#include "ticket.h"

#include <cmath>

namespace compiled::cuda {

namespace {

constexpr int64_t BlockElements = 4096; // of an input, per block

__global__ void __launch_bounds__(ElementThreads)
    gather_kernel(cn_gather_desc desc, const cn_state* state, const void* inputs, const void* targets, const int32_t* order,
                  cn_cursor* cursor, float* x, void* t, unsigned* ticket) {
    int64_t rows = state->rows, row = blockIdx.x;
    if (row < rows) {
        int64_t sample = gathered_sample(desc, order, cursor->position % desc.samples, row);
        int64_t first = static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x;
        int64_t stride = static_cast<int64_t>(gridDim.y) * blockDim.x;
        for (int64_t element = first; element < desc.input_count; element += stride) {
            x[row * desc.input_count + element] = sample < 0 ? NAN : gathered_input(desc, inputs, sample, element);
        }
        for (int64_t element = first; element < desc.target_count; element += stride) {
            gather_target(desc, targets, sample, element, NAN, t, row);
        }
    }
    if (is_last_block(ticket, gridDim.x * gridDim.y) && threadIdx.x == 0) {
        cursor->position += rows;
    }
}

class GatherKernel final : public GatherOp {
public:
    GatherKernel(Context& context, const cn_gather_desc& desc)
        : _context(context), _desc(desc), _ticket(sizeof(unsigned), context.stream()) {}

    void forward(const cn_state* state, const void* inputs, const void* targets, const int32_t* order, cn_cursor* cursor, float* x,
                 void* t) override {
        int64_t pieces = (std::max(_desc.input_count, _desc.target_count) + BlockElements - 1) / BlockElements;
        dim3 grid(static_cast<unsigned>(_desc.batch), static_cast<unsigned>(std::min<int64_t>(pieces, 64)));
        _context.launch(gather_kernel, grid, ElementThreads, 0, _desc, state, inputs, targets, order, cursor, x, t,
                        static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    cn_gather_desc _desc;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<GatherOp> make_gather(Context& context, const cn_gather_desc& desc) {
    return std::make_unique<GatherKernel>(context, desc);
}

} // namespace compiled::cuda
