// The moments of what a convolution gives, by a kernel behind its own.
#pragma once

#include "columns.h"
#include "context.h"

namespace compiled::cuda {

class Conv2DMoments {
public:
    Conv2DMoments(Context& context, const cn_conv2d_desc& desc);

    // [2, filters]: the means, then the sums of squared distances.
    void run(const cn_state* state, const float* y, double* moments);

private:
    const ColumnPlan& plan(int width) const { return width == 4 ? _of_four : _of_one; }

    Context& _context;
    int64_t _batch;
    ColumnPlan _of_one, _of_four;
    DeviceMemory _tickets;
};

} // namespace compiled::cuda
