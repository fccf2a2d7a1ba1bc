// Batch normalization stage (compiled.h, cn_batch_normalization_desc), over a matrix of rows * positions rows, a column per channel.
//
// Forward    The moments of the columns, where a convolution has not found them, then y = activation((x - center) * scale + shift +
//            addend), pooled and dropped, or averaged, where that is wanted before anything is written: two launches, or the second alone
//            with the moving statistics.
// Backward   The sums over the columns, then dx and daddend: two launches, or one of the two where the other has nothing to do. The
//            gradient of what was pooled is gathered from the windows that cover a place.
// Writes     y, saved, codes, dgamma and dbeta are overwritten; dx and daddend by the descriptor; the moving statistics are moved.
// Codes      The winning cell of the window, row-major, or 0 of what is averaged; 255 where no gradient passes: what is dropped, or dead
//            under ReLU.
// Scratch    the sums of each range of rows, double, then an array of floats per coefficient.
// Blocks     columns and a range of rows, which depends on the shape alone; of those that share columns the last to finish merges their
//            sums and makes the coefficients. Those that average: columns of one sample.
#include "common/max_pooling.h"
#include "common/normalization.h"
#include "common/pooling_window.h"

#include "activation.h"
#include "column_moments.h"
#include "divider.h"
#include "dropout_mask.h"
#include "ops.h"
#include "pooling_codes.h"
#include "pooling_place.h"
#include "position_means.h"

namespace compiled::cuda {

namespace {

constexpr int Sums = 3; // of g, of g * (x - center), of x - center
constexpr int Coefficients = 3;
constexpr int NoGradient = 255; // the code of an element that passes none on

// Arrays with an element per channel; null where they do not exist.
struct Statistics {
    const float *gamma, *beta;
    const float *mean, *variance; // the moving ones, where they are used
    float* saved;
};

// What follows the activation. Without codes, as in prediction, nothing is dropped.
struct Pooling {
    cn_window window;
    int64_t height, width, output_height, output_width;
    DropoutPlan dropout;
    bool drops;
    bool is_relu; // the activation
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

// What the forward pass makes of the moments of a channel.
struct MomentsUse {
    float epsilon, momentum;
    Statistics statistics;
    float *moving_mean, *moving_variance;
    float* coefficients;

    __device__ __forceinline__ void use(int64_t channel, int64_t channels, double count, double mean, double squares) const {
        double variance = variance_of(squares, count);
        double inverse = inverse_deviation(variance, epsilon);
        moving_mean[channel] = moved(moving_mean[channel], mean, momentum);
        moving_variance[channel] = moved(moving_variance[channel], variance, momentum);
        statistics.saved[channel] = static_cast<float>(mean);
        statistics.saved[channels + channel] = static_cast<float>(inverse);
        Normalization normalization(mean, inverse, gamma_of(statistics.gamma, channel), beta_of(statistics.beta, channel));
        coefficients[channel] = normalization.center;
        coefficients[channels + channel] = normalization.scale;
        coefficients[2 * channels + channel] = normalization.shift;
    }
};

template <int Width>
__global__ void __launch_bounds__(ColumnThreads) batch_normalization_moments_kernel(const cn_state* state, ColumnPlan plan, MomentsUse use,
                                                                                    const float* x, double* partials, unsigned* tickets) {
    ColumnThread<Width> thread(plan, state);
    ColumnMoments<Width> moments;
    if (find_moments(thread, plan, x, partials, tickets, moments)) {
        for (int e = 0; e < Width; ++e) {
            use.use(thread.column + e, plan.columns, moments.count, moments.means[e], moments.squares[e]);
        }
    }
}

// Of moments that are there.
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_given_kernel(const cn_state* state, int64_t positions, int64_t channels, MomentsUse use, const double* moments) {
    int64_t channel = static_cast<int64_t>(blockIdx.x) * ColumnThreads + threadIdx.x;
    if (channel < channels) {
        use.use(channel, channels, static_cast<double>(state->rows * positions), moments[channel], moments[channels + channel]);
    }
}

// What a thread needs of its columns, if it has any.
template <int Width>
struct ColumnCoefficients {
    float centers[Width] = {}, scales[Width] = {}, shifts[Width] = {};

    // `coefficients`: what the moments have left; null: the moving statistics are used, and saved where that is wanted.
    template <class Thread>
    __device__ __forceinline__ ColumnCoefficients(const Thread& thread, int64_t columns, float epsilon, const float* coefficients,
                                                  const Statistics& statistics) {
        if (!thread.has_column) {
            return;
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            int64_t channel = thread.column + e;
            if (coefficients != nullptr) {
                centers[e] = coefficients[channel];
                scales[e] = coefficients[columns + channel];
                shifts[e] = coefficients[2 * columns + channel];
            } else {
                float inverse = 1.0f / sqrtf(statistics.variance[channel] + epsilon);
                centers[e] = statistics.mean[channel];
                scales[e] = inverse * gamma_of(statistics.gamma, channel);
                shifts[e] = beta_of(statistics.beta, channel);
                if (statistics.saved != nullptr && thread.is_first()) {
                    statistics.saved[channel] = centers[e];
                    statistics.saved[columns + channel] = inverse;
                }
            }
        }
    }

    __device__ __forceinline__ Pack<Width> normalize(const float* x) const {
        auto values = Pack<Width>::load(x);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            values.values[e] = (values.values[e] - centers[e]) * scales[e] + shifts[e];
        }
        return values;
    }

    // With an addend, unless that is null.
    __device__ __forceinline__ Pack<Width> normalize(const float* x, const float* addend, int64_t i) const {
        Pack<Width> values = normalize(x + i);
        if (addend != nullptr) {
            auto addends = Pack<Width>::load(addend + i);
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                values.values[e] += addends.values[e];
            }
        }
        return values;
    }
};

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_apply_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, float epsilon,
                                     const float* coefficients, Statistics statistics, const float* x, const float* addend, float* y) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows() || !thread.has_column) {
        return;
    }
    ColumnCoefficients<Width> known(thread, plan.columns, epsilon, coefficients, statistics);
    for (int64_t row = thread.first_row(); row < thread.last_row(); row += thread.lines) {
        int64_t i = row * plan.columns + thread.column;
        Pack<Width> values = known.normalize(x, addend, i);
        activate(activation, values.values);
        values.store(y + i);
    }
}

// The mean over the positions of a sample.
template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_average_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, float epsilon,
                                       const float* coefficients, Statistics statistics, const float* x, const float* addend, float* y,
                                       uint8_t* codes) {
    SampleThread<Width> thread(plan, 1);
    if (thread.sample >= state->rows) {
        return;
    }
    ColumnCoefficients<Width> known(thread, plan.columns, epsilon, coefficients, statistics);
    int64_t origin = thread.sample * plan.positions * plan.columns + thread.column;
    auto value = [&](int64_t position) {
        int64_t i = origin + position * plan.columns;
        Pack<Width> values = known.normalize(x, addend, i);
        activate(activation, values.values);
        if (codes != nullptr) {
            int passes[Width];
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                passes[e] = values.values[e] <= 0.0f ? NoGradient : 0;
            }
            store_codes<Width>(codes + i, passes);
        }
        return values;
    };
    write_position_means(thread, plan, value, y);
}

// The rows of the plan are those of the output.
template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_pool_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, Pooling pooling, float epsilon,
                                    const float* coefficients, Statistics statistics, const float* x, float* y, uint8_t* codes) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows() || !thread.has_column) {
        return;
    }
    ColumnCoefficients<Width> known(thread, plan.columns, epsilon, coefficients, statistics);
    const cn_window& w = pooling.window;
    DropoutMask mask(pooling.dropout, state);
    for (int64_t row = thread.first_row(); row < thread.last_row(); row += thread.lines) {
        PoolingPlace place(row, pooling.output_height, pooling.output_width, 1);
        PoolingCells rows(place.row, w.stride_height, w.pad_top, w.height, pooling.height);
        PoolingCells columns(place.column, w.stride_width, w.pad_left, w.width, pooling.width);
        int64_t corner = (place.sample * pooling.height + rows.origin) * pooling.width + columns.origin;
        auto value = [&](int64_t ky, int64_t kx) {
            Pack<Width> values = known.normalize(x + (corner + ky * pooling.width + kx) * plan.columns + thread.column);
            activate(activation, values.values);
            return values;
        };
        Pack<Width> best = value(rows.first, columns.first);
        int winners[Width];
        CN_UNROLL
        for (int& winner : winners) {
            winner = static_cast<int>(rows.first * w.width + columns.first);
        }
        for (int64_t ky = rows.first; ky < rows.last; ++ky) {
            for (int64_t kx = columns.first; kx < columns.last; ++kx) {
                Pack<Width> candidate = value(ky, kx);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    if (max_pooling_takes(candidate.values[e], best.values[e])) {
                        best.values[e] = candidate.values[e];
                        winners[e] = static_cast<int>(ky * w.width + kx);
                    }
                }
            }
        }
        int64_t i = row * plan.columns + thread.column;
        if (codes != nullptr) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                winners[e] = pooling.is_relu && best.values[e] <= 0.0f ? NoGradient : winners[e];
            }
            if (pooling.drops) {
                mask.apply(i, best.values, winners, NoGradient);
            }
            store_codes<Width>(codes + i, winners);
        }
        best.store(y + i);
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Backward
// -----------------------------------------------------------------------------------------------------------------------------------

struct Gradients {
    const float *x, *y, *dy;

    // Before the activation, in row `row` from column `column` on. A linear one needs no y.
    template <int Width>
    __device__ __forceinline__ Pack<Width> load(ActivationRule activation, int64_t row, int64_t column, int64_t columns) const {
        int64_t i = row * columns + column;
        auto gradients = Pack<Width>::load(dy + i);
        if (activation.form != ActivationForm::Linear) {
            auto outputs = Pack<Width>::load(y + i);
            activation_gradient(activation, outputs.values, gradients.values);
        }
        return gradients;
    }
};

// The same of what was pooled: from the windows that cover a place, in row-major order. Behind a dead ReLU, and where a dropout dropped,
// the code lets nothing through: the activation is linear behind a ReLU, too.
struct PooledGradients {
    const float *x, *y, *dy;
    const uint8_t* codes;
    Pooling pooling;

    template <int Width>
    __device__ __forceinline__ Pack<Width> load(ActivationRule activation, int64_t row, int64_t column, int64_t columns) const {
        const cn_window& w = pooling.window;
        PoolingPlace place(row, pooling.height, pooling.width, 1);
        int64_t top = place.row + w.pad_top, left = place.column + w.pad_left;
        PoolingWindows covering_rows(top, w.stride_height, w.height, pooling.output_height);
        PoolingWindows covering_columns(left, w.stride_width, w.width, pooling.output_width);
        float scale = pooling.drops ? pooling.dropout.rule.scale : 1.0f;
        Pack<Width> sums{};
        for (int64_t oy = covering_rows.first; oy <= covering_rows.last; ++oy) {
            for (int64_t ox = covering_columns.first; ox <= covering_columns.last; ++ox) {
                int64_t i = ((place.sample * pooling.output_height + oy) * pooling.output_width + ox) * columns + column;
                auto cell = static_cast<int>((top - oy * w.stride_height) * w.width + left - ox * w.stride_width);
                int winners[Width];
                load_codes<Width>(codes + i, winners);
                auto gradients = Pack<Width>::load(dy + i);
                CN_UNROLL
                for (float& gradient : gradients.values) {
                    gradient *= scale;
                }
                if (activation.form != ActivationForm::Linear) {
                    auto outputs = Pack<Width>::load(y + i);
                    CN_UNROLL
                    for (float& output : outputs.values) {
                        output *= 1.0f / scale;
                    }
                    activation_gradient(activation, outputs.values, gradients.values);
                }
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    sums.values[e] += winners[e] == cell ? gradients.values[e] : 0.0f;
                }
            }
        }
        return sums;
    }
};

// The same of what was averaged: a share for every position. The activation is linear: the codes, null behind a linear one, know where a
// ReLU is dead.
struct AveragedGradients {
    const float *x, *dy;
    const uint8_t* codes;
    Divider positions;

    template <int Width>
    __device__ __forceinline__ Pack<Width> load(ActivationRule, int64_t row, int64_t column, int64_t columns) const {
        int64_t sample = row;
        positions.take(sample);
        auto gradients = Pack<Width>::load(dy + sample * columns + column);
        int passes[Width] = {};
        if (codes != nullptr) {
            load_codes<Width>(codes + row * columns + column, passes);
        }
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            gradients.values[e] = passes[e] == NoGradient ? 0.0f : gradients.values[e] / static_cast<float>(positions.divisor());
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
template <int Width, class From>
__device__ __forceinline__ ColumnSums<Width> own_sums(const ColumnThread<Width>& thread, ActivationRule activation, const From& from,
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
                auto gradients = from.template load<Width>(activation, at, thread.column, columns);
                auto inputs = Pack<Width>::load(from.x + at * columns + thread.column);
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

template <int Width, class From>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_sums_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, From from, const float* gamma,
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
template <int Width, class From>
__global__ void __launch_bounds__(ColumnThreads)
    batch_normalization_gradient_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, From from, const float* gamma,
                                        const float* saved, const float* coefficients, bool accumulate, float* dx, bool accumulate_addend,
                                        float* daddend) {
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
        auto gradients = from.template load<Width>(activation, row, thread.column, plan.columns);
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
    ColumnPlan sum, apply, pool, mean;

    Plans(const Context& context, const cn_batch_normalization_desc& d, int width)
        : sum(d.batch, d.positions, d.channels, width, BatchRows, MostBlocks),
          apply(d.batch, d.positions, d.channels, width, 4, int64_t{16} * context.multiprocessors()),
          pool(d.batch, d.pool.height == 0 ? 1 : d.output_height * d.output_width, d.channels, width, 2,
               int64_t{16} * context.multiprocessors()),
          mean(mean_plan(d.positions, d.channels, width)) {}
};

Pooling pooling_of(const cn_batch_normalization_desc& d) {
    return {d.pool,
            d.height,
            d.width,
            d.output_height,
            d.output_width,
            dropout_plan(d.dropout_rate, d.dropout_stream),
            d.dropout_rate > 0,
            d.activation == CN_ACTIVATION_RELU};
}

class BatchNormalizationKernel final : public BatchNormalizationOp {
public:
    BatchNormalizationKernel(Context& context, const cn_batch_normalization_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.activation_alpha)), _of_one(context, desc, 1),
          _of_four(context, desc, 4), _tickets(_of_one.sum.groups * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
        _partials = std::max(_of_one.sum.splits(desc.batch), _of_four.sum.splits(desc.batch)) * Sums * desc.channels;
        context.reserve_scratch(_partials * static_cast<int64_t>(sizeof(double)) +
                                Coefficients * desc.channels * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                 const float* addend, const double* moments, float* y, float* saved, uint8_t* codes) override {
        if (_desc.frozen != 0) {
            normalize(state, {gamma, beta, moving_mean, moving_variance, saved}, nullptr, x, addend, y, codes);
            return;
        }
        Statistics statistics{gamma, beta, nullptr, nullptr, saved};
        MomentsUse use{_desc.epsilon, _desc.momentum, statistics, moving_mean, moving_variance, coefficients()};
        if (moments != nullptr) {
            Grid grid(static_cast<unsigned>((_desc.channels + ColumnThreads - 1) / ColumnThreads));
            _context.launch(batch_normalization_given_kernel, grid, ColumnThreads, 0, state, _desc.positions, _desc.channels, use, moments);
        } else {
            int width = pack_width(_desc.channels, x);
            auto* kernel = width == 4 ? batch_normalization_moments_kernel<4> : batch_normalization_moments_kernel<1>;
            const ColumnPlan& plan = plans(width).sum;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, use, x, _context.scratch<double>(), tickets());
        }
        normalize(state, statistics, coefficients(), x, addend, y, codes);
    }

    void predict(const cn_state* state, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, const float* addend, float* y) override {
        normalize(state, {gamma, beta, moving_mean, moving_variance, nullptr}, nullptr, x, addend, y, nullptr);
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* y, const uint8_t* codes,
                  const float* dy, float* dx, float* daddend, float* dgamma, float* dbeta) override {
        if (is_pooled()) {
            ActivationRule rule = _desc.activation == CN_ACTIVATION_RELU ? activation_rule(CN_ACTIVATION_LINEAR) : _rule;
            PooledGradients from{x, y, dy, codes, pooling_of(_desc)};
            run_backward(state, rule, from, gamma, saved, dx, daddend, dgamma, dbeta);
        } else if (is_averaged()) {
            AveragedGradients from{x, dy, codes, Divider(_desc.positions)};
            run_backward(state, activation_rule(CN_ACTIVATION_LINEAR), from, gamma, saved, dx, daddend, dgamma, dbeta);
        } else {
            run_backward(state, _rule, Gradients{x, y, dy}, gamma, saved, dx, daddend, dgamma, dbeta);
        }
    }

private:
    bool is_pooled() const { return _desc.pool.height != 0; }
    bool is_averaged() const { return _desc.global_average != 0; }

    template <class From>
    void run_backward(const cn_state* state, const ActivationRule& rule, const From& from, const float* gamma, const float* saved,
                      float* dx, float* daddend, float* dgamma, float* dbeta) {
        bool live = _desc.frozen == 0;
        if (live && (dx != nullptr || dgamma != nullptr || dbeta != nullptr)) {
            int width = width_of(from);
            auto* kernel = width == 4 ? batch_normalization_sums_kernel<4, From> : batch_normalization_sums_kernel<1, From>;
            const ColumnPlan& plan = plans(width).sum;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, rule, from, gamma, saved, dgamma, dbeta,
                            _context.scratch<double>(), coefficients(), tickets());
        }
        if (dx != nullptr || daddend != nullptr) {
            int width = width_of(from, dx, daddend);
            auto* kernel = width == 4 ? batch_normalization_gradient_kernel<4, From> : batch_normalization_gradient_kernel<1, From>;
            const ColumnPlan& plan = plans(width).apply;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, rule, from, gamma, saved,
                            live && dx != nullptr ? coefficients() : nullptr, _desc.input_gradient == CN_GRADIENT_ACCUMULATE, dx,
                            _desc.addend_gradient == CN_GRADIENT_ACCUMULATE, daddend);
        }
    }

    template <class... Arrays>
    int width_of(const Gradients& from, Arrays... others) const {
        return pack_width(_desc.channels, from.x, from.y, from.dy, others...);
    }
    template <class... Arrays>
    int width_of(const PooledGradients& from, Arrays... others) const {
        return pack_width(_desc.channels, from.x, from.y, from.codes, from.dy, others...);
    }
    template <class... Arrays>
    int width_of(const AveragedGradients& from, Arrays... others) const {
        return pack_width(_desc.channels, from.x, from.codes, from.dy, others...);
    }

    void normalize(const cn_state* state, const Statistics& statistics, const float* coefficients, const float* x, const float* addend,
                   float* y, uint8_t* codes) {
        if (is_pooled()) {
            int width = pack_width(_desc.channels, x, y, codes);
            auto* kernel = width == 4 ? batch_normalization_pool_kernel<4> : batch_normalization_pool_kernel<1>;
            const ColumnPlan& plan = plans(width).pool;
            _context.launch(kernel, plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _rule, pooling_of(_desc), _desc.epsilon,
                            coefficients, statistics, x, y, codes);
            return;
        }
        if (is_averaged()) {
            int width = pack_width(_desc.channels, x, addend, y, codes);
            auto* kernel = width == 4 ? batch_normalization_average_kernel<4> : batch_normalization_average_kernel<1>;
            const ColumnPlan& plan = plans(width).mean;
            Grid grid(static_cast<unsigned>(_desc.batch * plan.groups));
            _context.launch(kernel, grid, ColumnThreads, 0, state, plan, _rule, _desc.epsilon, coefficients, statistics, x, addend, y,
                            codes);
            return;
        }
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
