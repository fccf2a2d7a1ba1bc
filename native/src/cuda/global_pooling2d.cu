// Global pooling: y = the mean or the maximum over the positions of a sample; dx = dy / positions, or dy at the maximum and 0 elsewhere.
//
// Shapes   x, dx: [rows, positions, channels]; y, dy, indices: [rows, channels].
// Writes   forward overwrites y and, unless null, indices; backward overwrites dx or adds to it.
// Sums     By batches of positions, which join a sum in float64.
// Blocks   some channels of a sample; backward, of a range of its positions.
#include "common/max_pooling.h"

#include "ops.h"
#include "position_means.h"

namespace compiled::cuda {

namespace {

template <int Width>
__global__ void __launch_bounds__(ColumnThreads) global_average_kernel(const cn_state* state, ColumnPlan plan, const float* x, float* y) {
    SampleThread<Width> thread(plan, 1);
    if (thread.sample >= state->rows) {
        return;
    }
    const float* from = x + thread.sample * plan.positions * plan.columns + thread.column;
    write_position_means(
        thread, plan, [=](int64_t position) { return Pack<Width>::load(from + position * plan.columns); }, y);
}

// The maximum of some positions, the first of equal ones; index -1: of none.
template <int Width>
struct Maxima {
    float best[Width];
    int32_t index[Width];

    __device__ void merge(const Maxima& other) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            bool larger = max_pooling_takes(other.best[e], best[e]), smaller = max_pooling_takes(best[e], other.best[e]);
            bool earlier = !smaller && other.index[e] < index[e];
            if (other.index[e] >= 0 && (index[e] < 0 || larger || earlier)) {
                best[e] = other.best[e];
                index[e] = other.index[e];
            }
        }
    }
};

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    global_max_kernel(const cn_state* state, ColumnPlan plan, const float* x, float* y, int32_t* indices) {
    SampleThread<Width> thread(plan, 1);
    if (thread.sample >= state->rows) {
        return;
    }
    Maxima<Width> maxima;
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        maxima.best[e] = 0.0f;
        maxima.index[e] = -1;
    }
    const float* from = x + thread.sample * plan.positions * plan.columns + thread.column;
    for (int64_t position = thread.line; position < plan.positions && thread.has_column; position += thread.lines) {
        auto values = Pack<Width>::load(from + position * plan.columns);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            if (position == thread.line || max_pooling_takes(values.values[e], maxima.best[e])) {
                maxima.best[e] = values.values[e];
                maxima.index[e] = static_cast<int32_t>(position);
            }
        }
    }
    merge_lines(maxima, plan.lanes, [](Maxima<Width>& own, const Maxima<Width>& other) { own.merge(other); });
    if (thread.line == 0 && thread.has_column) {
        int64_t to = thread.sample * plan.columns + thread.column;
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            y[to + e] = maxima.best[e];
            if (indices != nullptr) {
                indices[to + e] = maxima.index[e];
            }
        }
    }
}

// `indices`: of maxima, null for means.
template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    global_pooling2d_backward_kernel(const cn_state* state, ColumnPlan plan, int64_t splits, bool accumulate, const int32_t* indices,
                                     const float* dy, float* dx) {
    SampleThread<Width> thread(plan, splits);
    if (thread.sample >= state->rows || !thread.has_column) {
        return;
    }
    int64_t from = thread.sample * plan.columns + thread.column;
    float* target = dx + thread.sample * plan.positions * plan.columns + thread.column;
    int64_t first = thread.split * plan.rows_of_block;
    int64_t last = plan.positions - first < plan.rows_of_block ? plan.positions : first + plan.rows_of_block;
    auto gradients = Pack<Width>::load(dy + from);
    int32_t winners[Width];
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        winners[e] = indices != nullptr ? indices[from + e] : 0;
        gradients.values[e] /= indices != nullptr ? 1.0f : static_cast<float>(plan.positions);
    }
    for (int64_t position = first + thread.line; position < last; position += thread.lines) {
        float* at = target + position * plan.columns;
        if (indices == nullptr) {
            auto sums = accumulate ? Pack<Width>::load(at) : Pack<Width>{};
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += gradients.values[e];
            }
            sums.store(at);
        } else if (!accumulate) {
            Pack<Width> hits;
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                hits.values[e] = winners[e] == position ? gradients.values[e] : 0.0f;
            }
            hits.store(at);
        } else {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                if (winners[e] == position) {
                    at[e] += gradients.values[e];
                }
            }
        }
    }
}

class GlobalPooling2DKernel final : public GlobalPooling2DOp {
public:
    GlobalPooling2DKernel(Context& context, const cn_global_pooling2d_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y, int32_t* indices) override {
        int width = pack_width(_desc.channels, x, y);
        ColumnPlan plan = mean_plan(_desc.positions, _desc.channels, width);
        Grid grid(static_cast<unsigned>(_desc.batch * plan.groups));
        if (_desc.pooling == CN_GLOBAL_POOLING_MAX) {
            auto* kernel = width == 4 ? global_max_kernel<4> : global_max_kernel<1>;
            _context.launch(kernel, grid, ColumnThreads, 0, state, plan, x, y, indices);
        } else {
            auto* kernel = width == 4 ? global_average_kernel<4> : global_average_kernel<1>;
            _context.launch(kernel, grid, ColumnThreads, 0, state, plan, x, y);
        }
    }

    void backward(const cn_state* state, const int32_t* indices, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int width = pack_width(_desc.channels, dy, dx);
        auto* kernel = width == 4 ? global_pooling2d_backward_kernel<4> : global_pooling2d_backward_kernel<1>;
        ColumnPlan plan(1, _desc.positions, _desc.channels, width, 4, int64_t{16} * _context.multiprocessors() / _desc.batch);
        int64_t splits = plan.splits(1);
        Grid grid(static_cast<unsigned>(_desc.batch * splits * plan.groups));
        _context.launch(kernel, grid, ColumnThreads, 0, state, plan, splits, _desc.input_gradient == CN_GRADIENT_ACCUMULATE, indices, dy,
                        dx);
    }

private:
    Context& _context;
    cn_global_pooling2d_desc _desc;
};

} // namespace

std::unique_ptr<GlobalPooling2DOp> make_global_pooling2d(Context& context, const cn_global_pooling2d_desc& desc) {
    return std::make_unique<GlobalPooling2DKernel>(context, desc);
}

} // namespace compiled::cuda
