#include "conv2d_moments.h"

#include "column_moments.h"

namespace compiled::cuda {

namespace {

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    conv2d_moments_kernel(const cn_state* state, ColumnPlan plan, const float* y, double* partials, unsigned* tickets, double* moments) {
    ColumnThread<Width> thread(plan, state);
    ColumnMoments<Width> found;
    if (find_moments(thread, plan, y, partials, tickets, found)) {
        for (int e = 0; e < Width; ++e) {
            moments[thread.column + e] = found.means[e];
            moments[plan.columns + thread.column + e] = found.squares[e];
        }
    }
}

ColumnPlan plan_of(const cn_conv2d_desc& d, int width) {
    return {d.batch, d.conv_height * d.conv_width, d.filters, width, BatchRows, MostBlocks};
}

} // namespace

Conv2DMoments::Conv2DMoments(Context& context, const cn_conv2d_desc& desc)
    : _context(context), _batch(desc.batch), _of_one(plan_of(desc, 1)), _of_four(plan_of(desc, 4)),
      _tickets(_of_one.groups * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
    int64_t splits = std::max(_of_one.splits(_batch), _of_four.splits(_batch));
    context.reserve_scratch(splits * Moments * desc.filters * static_cast<int64_t>(sizeof(double)));
}

void Conv2DMoments::run(const cn_state* state, const float* y, double* moments) {
    int width = pack_width(plan(1).columns, y);
    auto* kernel = width == 4 ? conv2d_moments_kernel<4> : conv2d_moments_kernel<1>;
    _context.launch(kernel, plan(width).grid(_batch), ColumnThreads, 0, state, plan(width), y, _context.scratch<double>(),
                    static_cast<unsigned*>(_tickets.data()), moments);
}

} // namespace compiled::cuda
