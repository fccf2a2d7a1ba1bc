// Batch normalization stage (compiled.h, cn_batch_normalization_desc), over a matrix of rows * positions rows, a column per channel.
//
// Forward    The moments of the columns, then y = activation((x - center) * scale + shift + addend): two launches, or the second alone with
//            the moving statistics.
// Backward   The sums over the columns, then dx and daddend: two launches, or one of the two where the other has nothing to do.
// Writes     y, saved, dgamma and dbeta are overwritten; dx and daddend by the descriptor; the moving statistics are moved.
// Scratch    the sums of each range of rows, double, then an array of floats per coefficient.
// Blocks     columns and a range of rows, which depends on the shape alone; of those that share columns the last to finish merges their
//            sums and makes the coefficients.
#include "common/normalization.h"

#include "activation.h"
#include "columns.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

constexpr int64_t MostBlocks = 1024; // that sum
constexpr int BatchRows = 8;         // that a thread takes together
constexpr int Moments = 2;           // per column: mean, sum of squared distances
constexpr int Sums = 3;              // of g, of g * (x - center), of x - center
constexpr int Coefficients = 3;

// Arrays with an element per channel; null where they do not exist.
struct Statistics {
    const float *gamma, *beta;
    const float *mean, *variance; // the moving ones, where they are used
    float* saved;
};

__device__ __forceinline__ float gamma_of(const float* gamma, int64_t channel) {
    return gamma == nullptr ? 1.0f : gamma[channel];
}
__device__ __forceinline__ float beta_of(const float* beta, int64_t channel) {
    return beta == nullptr ? 0.0f : beta[channel];
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Forward
// -----------------------------------------------------------------------------------------------------------------------------------

template <int Width>
struct ColumnMoments {
    double count;
    double means[Width], squares[Width];

    __device__ void merge(const ColumnMoments& other) {
        if (other.count > 0.0) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                merge_moments(count, means[e], squares[e], other.count, other.means[e], other.squares[e]);
            }
            count += other.count;
        }
    }
};

// Of a thread's rows. By batches, all in float32: relative to the mean of the first batch, a pivot, even a large mean leaves small numbers.
template <int Width>
__device__ __forceinline__ ColumnMoments<Width> own_moments(const ColumnThread<Width>& thread, const float* x, int64_t columns) {
    float pivots[Width] = {}, offsets[Width] = {}, squares[Width] = {};
    int64_t count = 0;
    for (int64_t row = thread.first_row(); row < thread.last_row() && thread.has_column; row += BatchRows * thread.lines) {
        int64_t left = (thread.last_row() - row + thread.lines - 1) / thread.lines;
        int valid = left < BatchRows ? static_cast<int>(left) : BatchRows;
        Pack<Width> values[BatchRows] = {};
        CN_UNROLL
        for (int k = 0; k < BatchRows; ++k) {
            if (k < valid) {
                values[k] = Pack<Width>::load(x + (row + static_cast<int64_t>(k) * thread.lines) * columns + thread.column);
            }
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            auto more = static_cast<float>(valid);
            float sum = 0.0f, square = 0.0f;
            if (count == 0) {
                CN_UNROLL
                for (int k = 0; k < BatchRows; ++k) {
                    sum += values[k].values[e];
                }
                pivots[e] = sum / more;
                sum = 0.0f;
            }
            CN_UNROLL
            for (int k = 0; k < BatchRows; ++k) {
                sum += k < valid ? values[k].values[e] - pivots[e] : 0.0f;
            }
            float offset = sum / more;
            CN_UNROLL
            for (int k = 0; k < BatchRows; ++k) {
                float distance = k < valid ? values[k].values[e] - pivots[e] - offset : 0.0f;
                square += distance * distance;
            }
            merge_moments(static_cast<float>(count), offsets[e], squares[e], more, offset, square);
        }
        count += valid;
    }
    ColumnMoments<Width> moments;
    moments.count = static_cast<double>(count);
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        moments.means[e] = static_cast<double>(pivots[e]) + static_cast<double>(offsets[e]);
        moments.squares[e] = static_cast<double>(squares[e]);
    }
    return moments;
}

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_moments_kernel(const cn_state* state, ColumnPlan plan, float epsilon, float momentum, const float* x,
                                       Statistics statistics, float* moving_mean, float* moving_variance, double* partials,
                                       float* coefficients, unsigned* tickets) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows()) {
        return;
    }
    auto merge = [](ColumnMoments<Width>& own, const ColumnMoments<Width>& other) { own.merge(other); };
    ColumnMoments<Width> moments = own_moments<Width>(thread, x, plan.columns);
    merge_lines(moments, plan.lanes, merge);
    if (thread.line == 0 && thread.has_column) {
        double* own = partials + static_cast<int64_t>(thread.split) * Moments * plan.columns + thread.column;
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            own[e] = moments.means[e];
            own[plan.columns + e] = moments.squares[e];
        }
    }
    auto splits = static_cast<unsigned>((thread.rows + plan.rows_of_block - 1) / plan.rows_of_block);
    if (!is_last_block(tickets + thread.group, splits)) {
        return;
    }
    moments = {};
    for (unsigned split = thread.line; split < splits && thread.has_column; split += thread.lines) {
        const double* of_split = partials + static_cast<int64_t>(split) * Moments * plan.columns + thread.column;
        int64_t left = thread.rows - split * plan.rows_of_block;
        ColumnMoments<Width> other;
        other.count = static_cast<double>(left < plan.rows_of_block ? left : plan.rows_of_block);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            other.means[e] = of_split[e];
            other.squares[e] = of_split[plan.columns + e];
        }
        moments.merge(other);
    }
    merge_lines(moments, plan.lanes, merge);
    if (thread.line != 0 || !thread.has_column) {
        return;
    }
    for (int e = 0; e < Width; ++e) {
        int64_t channel = thread.column + e;
        double variance = variance_of(moments.squares[e], moments.count);
        double inverse = inverse_deviation(variance, epsilon);
        moving_mean[channel] = moved(moving_mean[channel], moments.means[e], momentum);
        moving_variance[channel] = moved(moving_variance[channel], variance, momentum);
        statistics.saved[channel] = static_cast<float>(moments.means[e]);
        statistics.saved[plan.columns + channel] = static_cast<float>(inverse);
        Normalization normalization(moments.means[e], inverse, gamma_of(statistics.gamma, channel), beta_of(statistics.beta, channel));
        coefficients[channel] = normalization.center;
        coefficients[plan.columns + channel] = normalization.scale;
        coefficients[2 * plan.columns + channel] = normalization.shift;
    }
}

// `coefficients`: what the moments have left; null: the moving statistics are used, and saved where that is wanted.
template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_apply_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, float epsilon,
                                     const float* coefficients, Statistics statistics, const float* x, const float* addend, float* y) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows() || !thread.has_column) {
        return;
    }
    float centers[Width], scales[Width], shifts[Width];
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        int64_t channel = thread.column + e;
        if (coefficients != nullptr) {
            centers[e] = coefficients[channel];
            scales[e] = coefficients[plan.columns + channel];
            shifts[e] = coefficients[2 * plan.columns + channel];
        } else {
            float inverse = 1.0f / sqrtf(statistics.variance[channel] + epsilon);
            centers[e] = statistics.mean[channel];
            scales[e] = inverse * gamma_of(statistics.gamma, channel);
            shifts[e] = beta_of(statistics.beta, channel);
            if (statistics.saved != nullptr && thread.split == 0 && thread.line == 0) {
                statistics.saved[channel] = centers[e];
                statistics.saved[plan.columns + channel] = inverse;
            }
        }
    }
    for (int64_t row = thread.first_row(); row < thread.last_row(); row += thread.lines) {
        int64_t i = row * plan.columns + thread.column;
        auto values = Pack<Width>::load(x + i);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            values.values[e] = (values.values[e] - centers[e]) * scales[e] + shifts[e];
        }
        if (addend != nullptr) {
            auto addends = Pack<Width>::load(addend + i);
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                values.values[e] += addends.values[e];
            }
        }
        activate(activation, values.values);
        values.store(y + i);
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Backward
// -----------------------------------------------------------------------------------------------------------------------------------

struct Gradients {
    const float *x, *y, *dy;

    // Before the activation. A linear one needs no y.
    template <int Width>
    __device__ __forceinline__ Pack<Width> load(ActivationRule activation, int64_t i) const {
        auto gradients = Pack<Width>::load(dy + i);
        if (activation.form != ActivationForm::Linear) {
            auto outputs = Pack<Width>::load(y + i);
            activation_gradient(activation, outputs.values, gradients.values);
        }
        return gradients;
    }
};

template <int Width>
struct ColumnSums {
    double values[Sums][Width];

    __device__ void add(const ColumnSums& other) {
        CN_UNROLL
        for (int s = 0; s < Sums; ++s) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                values[s][e] += other.values[s][e];
            }
        }
    }
};

// Of a thread's rows: batch by batch, in float32.
template <int Width>
__device__ __forceinline__ ColumnSums<Width> own_sums(const ColumnThread<Width>& thread, ActivationRule activation, const Gradients& from,
                                                      const float* centers, int64_t columns) {
    float center[Width] = {}, sums[Sums][Width] = {};
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        center[e] = thread.has_column ? centers[thread.column + e] : 0.0f;
    }
    for (int64_t row = thread.first_row(); row < thread.last_row() && thread.has_column; row += BatchRows * thread.lines) {
        float batch[Sums][Width] = {};
        CN_UNROLL_BY(4)
        for (int k = 0; k < BatchRows; ++k) {
            int64_t at = row + static_cast<int64_t>(k) * thread.lines;
            if (at < thread.last_row()) {
                int64_t i = at * columns + thread.column;
                auto gradients = from.load<Width>(activation, i);
                auto inputs = Pack<Width>::load(from.x + i);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    float distance = inputs.values[e] - center[e];
                    batch[0][e] += gradients.values[e];
                    batch[1][e] += gradients.values[e] * distance;
                    batch[2][e] += distance;
                }
            }
        }
        CN_UNROLL
        for (int s = 0; s < Sums; ++s) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                sums[s][e] += batch[s][e];
            }
        }
    }
    ColumnSums<Width> result;
    CN_UNROLL
    for (int s = 0; s < Sums; ++s) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            result.values[s][e] = static_cast<double>(sums[s][e]);
        }
    }
    return result;
}

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_sums_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, Gradients from, const float* gamma,
                                    const float* saved, float* dgamma, float* dbeta, double* partials, float* coefficients,
                                    unsigned* tickets) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows()) {
        return;
    }
    auto merge = [](ColumnSums<Width>& own, const ColumnSums<Width>& other) { own.add(other); };
    ColumnSums<Width> sums = own_sums<Width>(thread, activation, from, saved, plan.columns);
    merge_lines(sums, plan.lanes, merge);
    if (thread.line == 0 && thread.has_column) {
        double* own = partials + static_cast<int64_t>(thread.split) * Sums * plan.columns + thread.column;
        for (int s = 0; s < Sums; ++s) {
            for (int e = 0; e < Width; ++e) {
                own[s * plan.columns + e] = sums.values[s][e];
            }
        }
    }
    auto splits = static_cast<unsigned>((thread.rows + plan.rows_of_block - 1) / plan.rows_of_block);
    if (!is_last_block(tickets + thread.group, splits)) {
        return;
    }
    sums = {};
    for (unsigned split = thread.line; split < splits && thread.has_column; split += thread.lines) {
        const double* of_split = partials + static_cast<int64_t>(split) * Sums * plan.columns + thread.column;
        CN_UNROLL
        for (int s = 0; s < Sums; ++s) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                sums.values[s][e] += of_split[s * plan.columns + e];
            }
        }
    }
    merge_lines(sums, plan.lanes, merge);
    if (thread.line != 0 || !thread.has_column) {
        return;
    }
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        int64_t channel = thread.column + e;
        NormalizationGradient gradient(static_cast<double>(thread.rows), sums.values[0][e], sums.values[1][e], sums.values[2][e],
                                       static_cast<double>(saved[plan.columns + channel]), gamma_of(gamma, channel));
        if (dgamma != nullptr) {
            dgamma[channel] = static_cast<float>(gradient.dot);
        }
        if (dbeta != nullptr) {
            dbeta[channel] = static_cast<float>(sums.values[0][e]);
        }
        coefficients[channel] = gradient.scale;
        coefficients[plan.columns + channel] = gradient.slope;
        coefficients[2 * plan.columns + channel] = gradient.shift;
    }
}

// `coefficients`: what the sums have left; null: the statistics are constants.
template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_gradient_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, Gradients from,
                                        const float* gamma, const float* saved, const float* coefficients, bool accumulate, float* dx,
                                        bool accumulate_addend, float* daddend) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows() || !thread.has_column) {
        return;
    }
    float centers[Width] = {}, scales[Width], slopes[Width] = {}, shifts[Width] = {};
    CN_UNROLL
    for (int e = 0; e < Width; ++e) {
        int64_t channel = thread.column + e;
        if (coefficients != nullptr) {
            centers[e] = saved[channel];
            scales[e] = coefficients[channel];
            slopes[e] = coefficients[plan.columns + channel];
            shifts[e] = coefficients[2 * plan.columns + channel];
        } else {
            scales[e] = saved[plan.columns + channel] * gamma_of(gamma, channel);
        }
    }
    for (int64_t row = thread.first_row(); row < thread.last_row(); row += thread.lines) {
        int64_t i = row * plan.columns + thread.column;
        auto gradients = from.load<Width>(activation, i);
        if (daddend != nullptr) {
            auto sums = accumulate_addend ? Pack<Width>::load(daddend + i) : Pack<Width>{};
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += gradients.values[e];
            }
            sums.store(daddend + i);
        }
        if (dx != nullptr) {
            auto sums = accumulate ? Pack<Width>::load(dx + i) : Pack<Width>{};
            auto inputs = coefficients != nullptr ? Pack<Width>::load(from.x + i) : Pack<Width>{};
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                float value = gradients.values[e] * scales[e];
                if (coefficients != nullptr) {
                    value += (inputs.values[e] - centers[e]) * slopes[e] + shifts[e];
                }
                sums.values[e] += value;
            }
            sums.store(dx + i);
        }
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Op
// -----------------------------------------------------------------------------------------------------------------------------------

// How the kernels of one width are launched.
struct Plans {
    ColumnPlan sum, apply;

    Plans(const Context& context, const cn_batch_normalization_desc& d, int width)
        : sum(d.batch, d.positions, d.channels, width, BatchRows, MostBlocks),
          apply(d.batch, d.positions, d.channels, width, 4, int64_t{16} * context.multiprocessors()) {}
};

class BatchNormalizationKernel final : public BatchNormalizationOp {
public:
    BatchNormalizationKernel(Context& context, const cn_batch_normalization_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation)), _of_one(context, desc, 1), _of_four(context, desc, 4),
          _tickets(_of_one.sum.groups * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
        _partials = std::max(_of_one.sum.splits(desc.batch), _of_four.sum.splits(desc.batch)) * Sums * desc.channels;
        context.reserve_scratch(_partials * static_cast<int64_t>(sizeof(double)) +
                                Coefficients * desc.channels * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                 const float* addend, float* y, float* saved) override {
        if (_desc.frozen != 0) {
            normalize(state, {gamma, beta, moving_mean, moving_variance, saved}, nullptr, x, addend, y);
            return;
        }
        Statistics statistics{gamma, beta, nullptr, nullptr, saved};
        int width = pack_width(_desc.channels, x);
        auto* kernel = width == 4 ? batch_normalization_moments_kernel<4> : batch_normalization_moments_kernel<1>;
        const ColumnPlan& plan = plans(width).sum;
        _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _desc.epsilon, _desc.momentum, x, statistics,
                        moving_mean, moving_variance, _context.scratch<double>(), coefficients(), tickets());
        normalize(state, statistics, coefficients(), x, addend, y);
    }

    void predict(const cn_state* state, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, const float* addend, float* y) override {
        normalize(state, {gamma, beta, moving_mean, moving_variance, nullptr}, nullptr, x, addend, y);
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* y, const float* dy, float* dx,
                  float* daddend, float* dgamma, float* dbeta) override {
        Gradients from{x, y, dy};
        bool live = _desc.frozen == 0;
        if (live && (dx != nullptr || dgamma != nullptr || dbeta != nullptr)) {
            int width = pack_width(_desc.channels, x, y, dy);
            auto* kernel = width == 4 ? batch_normalization_sums_kernel<4> : batch_normalization_sums_kernel<1>;
            const ColumnPlan& plan = plans(width).sum;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _rule, from, gamma, saved, dgamma, dbeta,
                            _context.scratch<double>(), coefficients(), tickets());
        }
        if (dx != nullptr || daddend != nullptr) {
            int width = pack_width(_desc.channels, x, y, dy, dx, daddend);
            auto* kernel = width == 4 ? batch_normalization_gradient_kernel<4> : batch_normalization_gradient_kernel<1>;
            const ColumnPlan& plan = plans(width).apply;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _rule, from, gamma, saved,
                            live && dx != nullptr ? coefficients() : nullptr, _desc.input_gradient == CN_GRADIENT_ACCUMULATE, dx,
                            _desc.addend_gradient == CN_GRADIENT_ACCUMULATE, daddend);
        }
    }

private:
    void normalize(const cn_state* state, const Statistics& statistics, const float* coefficients, const float* x, const float* addend,
                   float* y) {
        int width = pack_width(_desc.channels, x, addend, y);
        auto* kernel = width == 4 ? batch_normalization_apply_kernel<4> : batch_normalization_apply_kernel<1>;
        const ColumnPlan& plan = plans(width).apply;
        _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _rule, _desc.epsilon, coefficients, statistics, x,
                        addend, y);
    }

    const Plans& plans(int width) const { return width == 4 ? _of_four : _of_one; }
    float* coefficients() const { return reinterpret_cast<float*>(_context.scratch<double>() + _partials); }
    unsigned* tickets() const { return static_cast<unsigned*>(_tickets.data()); }

    Context& _context;
    cn_batch_normalization_desc _desc;
    ActivationRule _rule;
    Plans _of_one, _of_four;
    DeviceMemory _tickets;
    int64_t _partials; // doubles in scratch
};

} // namespace

std::unique_ptr<BatchNormalizationOp> make_batch_normalization(Context& context, const cn_batch_normalization_desc& desc) {
    return std::make_unique<BatchNormalizationKernel>(context, desc);
}

} // namespace compiled::cuda
