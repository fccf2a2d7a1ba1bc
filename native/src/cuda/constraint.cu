// Constraint: what weights are made to be after an update.
//
// Shapes   parameters: [count], in which tensors lie as matrices [rows, columns].
// Writes   updates parameters in place.
// Scratch  none.
// Blocks   a block of columns each, or several. Its threads are lanes, one for each column, and lines, which share the rows; the squares of
//          the lines are added in their order, in double.
#include "common/constraint.h"

#include "elementwise.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

constexpr int64_t BlocksPerMultiprocessor = 8;
constexpr int64_t BlockColumns = 8; // a sector of memory

__device__ void clip(const ConstraintBlock& block, float* weights) {
    for (int64_t i = threadIdx.x; i < block.width; i += ElementThreads) {
        float weight = weights[i];
        weights[i] = weight < 0.0f ? 0.0f : weight;
    }
}

__device__ void scale(const ConstraintBlock& block, float* weights) {
    CN_SHARED(squares, double[ElementThreads]);
    int64_t lanes = 1;
    while (lanes < block.width) {
        lanes *= 2;
    }
    int64_t lines = ElementThreads / lanes, lane = threadIdx.x % lanes, line = threadIdx.x / lanes;
    double own = 0.0;
    for (int64_t row = line; row < block.rows && lane < block.width; row += lines) {
        double weight = weights[row * block.stride + lane];
        own += weight * weight;
    }
    __syncthreads(); // what is there from the block before has been read
    squares[threadIdx.x] = own;
    __syncthreads();
    if (lane >= block.width) {
        return;
    }
    double sum = 0.0;
    for (int64_t other = 0; other < lines; ++other) {
        sum += squares[other * lanes + lane];
    }
    float factor = constraint_factor(block, sum);
    for (int64_t row = line; row < block.rows; row += lines) {
        weights[row * block.stride + lane] *= factor;
    }
}

__global__ void __launch_bounds__(ElementThreads) constraint_kernel(const ConstraintBlock* blocks, int64_t block_count, float* parameters) {
    for (int64_t number = blockIdx.x; number < block_count; number += gridDim.x) {
        ConstraintBlock block = blocks[number];
        float* weights = parameters + block.offset;
        if (block.constraint == CN_CONSTRAINT_NON_NEGATIVE) {
            clip(block, weights);
        } else {
            scale(block, weights);
        }
    }
}

class ConstraintKernel final : public ConstraintOp {
public:
    ConstraintKernel(Context& context, const cn_constraint_desc& desc, const cn_constraint* constraints)
        : ConstraintKernel(context, ConstraintPlan(desc, constraints, BlockColumns)) {}

    void apply(float* parameters) override {
        Grid grid(static_cast<unsigned>(std::min<int64_t>(_block_count, _context.multiprocessors() * BlocksPerMultiprocessor)));
        _context.launch(constraint_kernel, grid, ElementThreads, 0, static_cast<const ConstraintBlock*>(_blocks.data()), _block_count,
                        parameters);
    }

private:
    ConstraintKernel(Context& context, const ConstraintPlan& plan)
        : _context(context), _block_count(plan.block_count()),
          _blocks(_block_count * static_cast<int64_t>(sizeof(ConstraintBlock)), context.stream()) {
        _context.write(_blocks.data(), plan.blocks.data(), _blocks.bytes());
    }

    Context& _context;
    int64_t _block_count;
    DeviceMemory _blocks;
};

} // namespace

std::unique_ptr<ConstraintOp> make_constraint(Context& context, const cn_constraint_desc& desc, const cn_constraint* constraints) {
    return std::make_unique<ConstraintKernel>(context, desc, constraints);
}

} // namespace compiled::cuda
