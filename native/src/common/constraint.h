// The constraints of weights (compiled.h, cn_constraint), cut into blocks of columns that know nothing of each other.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace compiled {

// Some columns of a matrix: `width` weights in each of `rows`, the first at `offset`, a row `stride` behind the one before.
struct ConstraintBlock {
    int64_t offset, rows, width, stride;
    int32_t constraint;
    double minimum, maximum, rate;
};

struct ConstraintPlan {
    std::vector<ConstraintBlock> blocks;

    // So many columns are a block; where each weight is by itself, so many times as many weights.
    ConstraintPlan(const cn_constraint_desc& desc, const cn_constraint* constraints, int64_t columns);
    ConstraintPlan(const ConstraintPlan&) = delete;
    ConstraintPlan& operator=(const ConstraintPlan&) = delete;
    ~ConstraintPlan();

    int64_t block_count() const { return _block_count; }

private:
    int64_t _block_count = 0;
};

// What weights are multiplied by that have this sum of squares; NaN where it is one.
CN_HOST_DEVICE float constraint_factor(const ConstraintBlock& block, double squares) {
    double norm = std::sqrt(squares), wanted = 1.0;
    if (block.constraint == CN_CONSTRAINT_MAX_NORM) {
        wanted = norm > block.maximum ? block.maximum : norm;
    } else if (block.constraint == CN_CONSTRAINT_MIN_MAX_NORM) {
        double within = norm > block.maximum ? block.maximum : (norm < block.minimum ? block.minimum : norm);
        wanted = block.rate * within + (1.0 - block.rate) * norm;
    }
    return static_cast<float>(wanted / (norm + 1e-7));
}

} // namespace compiled
