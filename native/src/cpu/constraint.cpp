// Constraint: what weights are made to be after an update.
//
// Shapes   parameters: [count], in which tensors lie as matrices [rows, columns].
// Writes   updates parameters in place.
// Scratch  none.
// Threads  blocks of columns, whose size depends on nothing; a column's squares are added from row to row, in double.
#include "common/constraint.h"

#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int64_t BlockColumns = 64;

class ConstraintKernel final : public ConstraintOp {
public:
    ConstraintKernel(Context& context, const cn_constraint_desc& desc, const cn_constraint* constraints)
        : _context(context), _plan(desc, constraints, BlockColumns) {}

    void apply(float* parameters) override {
        const ConstraintBlock* blocks = _plan.blocks.data();
        _context.parallel_for(_plan.block_count(), [=](int64_t number, int) {
            const ConstraintBlock& block = blocks[number];
            float* weights = parameters + block.offset;
            if (block.constraint == CN_CONSTRAINT_NON_NEGATIVE) {
                clip(block, weights);
            } else if (block.stride == 1) {
                scale_one(block, weights);
            } else {
                scale_columns(block, weights);
            }
        });
    }

private:
    static void clip(const ConstraintBlock& block, float* weights) {
        for_vectors(0, block.width, [=](int64_t i, auto vector) {
            Vec weight = vector.load(weights + i);
            vector.store(weights + i, select(weight < 0.0f, zero(), weight));
        });
    }

    // A matrix of one column: it lies in one piece.
    static void scale_one(const ConstraintBlock& block, float* weights) {
        DoubleVec squares{};
        for_vectors(0, block.rows, [&](int64_t i, auto vector) {
            DoubleVec weight = to_double(vector.load(weights + i));
            squares += weight * weight;
        });
        Vec factor = broadcast(constraint_factor(block, reduce_sum(squares)));
        for_vectors(0, block.rows, [=](int64_t i, auto vector) { vector.store(weights + i, vector.load(weights + i) * factor); });
    }

    static void scale_columns(const ConstraintBlock& block, float* weights) {
        for_vectors(0, block.width, [&](int64_t column, auto vector) {
            DoubleVec squares{};
            for (int64_t row = 0; row < block.rows; ++row) {
                DoubleVec weight = to_double(vector.load(weights + row * block.stride + column));
                squares += weight * weight;
            }
            float factors[Lanes];
            for (int lane = 0; lane < Lanes; ++lane) {
                factors[lane] = constraint_factor(block, squares[lane]);
            }
            Vec factor = load(factors);
            for (int64_t row = 0; row < block.rows; ++row) {
                float* at = weights + row * block.stride + column;
                vector.store(at, vector.load(at) * factor);
            }
        });
    }

    Context& _context;
    ConstraintPlan _plan;
};

} // namespace

std::unique_ptr<ConstraintOp> make_constraint(Context& context, const cn_constraint_desc& desc, const cn_constraint* constraints) {
    return std::make_unique<ConstraintKernel>(context, desc, constraints);
}

} // namespace compiled::cpu::CN_ISA
