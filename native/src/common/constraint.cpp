// Compiled for the plainest processor: see the remark on inline functions in host_device.h.
#include "constraint.h"

#include <algorithm>

namespace compiled {

namespace {

constexpr int64_t RowsOfWeights = 128; // as many times the columns of a block, where each weight is by itself

} // namespace

ConstraintPlan::ConstraintPlan(const cn_constraint_desc& desc, const cn_constraint* constraints, int64_t columns) {
    for (int64_t tensor = 0; tensor < desc.tensors; ++tensor) {
        cn_constraint of = constraints[tensor];
        int64_t most = columns;
        if (of.constraint == CN_CONSTRAINT_NON_NEGATIVE) {
            of.columns *= of.rows;
            of.rows = 1;
            most *= RowsOfWeights;
        }
        for (int64_t column = 0; column < of.columns; column += most) {
            blocks.push_back({of.offset + column, of.rows, std::min(most, of.columns - column), of.columns, of.constraint, of.minimum,
                              of.maximum, of.rate});
        }
    }
    _block_count = static_cast<int64_t>(blocks.size());
}

ConstraintPlan::~ConstraintPlan() = default;

} // namespace compiled
