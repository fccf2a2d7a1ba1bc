// Layer normalization: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, over the features of each position.
//
// Shapes   x, y, dy, dx: [rows, positions, features]; gamma, beta, dgamma, dbeta: [features]; saved: [2, batch * positions].
// Writes   forward overwrites y and, unless null, saved; backward overwrites dgamma and dbeta, and dx or adds to it.
// Scratch  backward: the sums of each range of positions, double; what each position's saved mean lacks, times -1 / deviation, float.
// Blocks   forward and for dx several positions, or one if it is long. For dgamma and dbeta, in a second launch, features and a range of
//          positions; of those that share features the last to finish adds their sums.
#include "common/normalization.h"

#include "columns.h"
#include "ops.h"
#include "row_group.h"

namespace compiled::cuda {

namespace {

constexpr int64_t MostBlocks = 1024; // that sum over positions
constexpr int BatchRows = 8;         // that a thread takes together
constexpr int Sums = 2;              // of dy * xhat, of dy

__device__ __forceinline__ float gamma_of(const float* gamma, int64_t feature) {
    return gamma == nullptr ? 1.0f : gamma[feature];
}

// The row of a thread's group, or -1 if there is none.
template <bool Whole>
__device__ int64_t own_row(const RowGroup<Whole>& group, int groups, int64_t rows) {
    int64_t row = static_cast<int64_t>(blockIdx.x) * groups + group.index();
    return row < rows ? row : -1;
}

template <bool Whole>
__global__ void __launch_bounds__(RowThreads)
    layer_normalization_forward_kernel(const cn_state* state, cn_layer_normalization_desc d, int size, const float* x, const float* gamma,
                                       const float* beta, float* y, float* saved) {
    RowGroup<Whole> group(size);
    int64_t row = own_row(group, RowThreads / size, state->rows * d.positions);
    if (row < 0) {
        return;
    }
    const float* inputs = x + row * d.features;
    float* outputs = y + row * d.features;
    auto count = static_cast<double>(d.features);
    // A pivot near the mean; distances from it tell what it lacks.
    float sum = 0.0f, distances = 0.0f, squares = 0.0f;
    group.for_own(d.features, [&](int64_t i) { sum += inputs[i]; });
    auto pivot = static_cast<float>(group.sum(static_cast<double>(sum)) / count);
    group.for_own(d.features, [&](int64_t i) {
        float distance = inputs[i] - pivot;
        distances += distance;
        squares += distance * distance;
    });
    double lacking = group.sum(static_cast<double>(distances)) / count;
    double variance = variance_of(group.sum(static_cast<double>(squares)) - lacking * lacking * count, count);
    double mean = static_cast<double>(pivot) + lacking, inverse = inverse_deviation(variance, d.epsilon);
    if (saved != nullptr && group.rank() == 0) {
        saved[row] = static_cast<float>(mean);
        saved[d.batch * d.positions + row] = static_cast<float>(inverse);
    }
    Normalization normalization(mean, inverse, 1.0f, 0.0f);
    group.for_own(d.features, [&](int64_t i) {
        float value = (inputs[i] - normalization.center) * normalization.scale + normalization.shift;
        outputs[i] = value * gamma_of(gamma, i) + (beta == nullptr ? 0.0f : beta[i]);
    });
}

// dx unless null; `shifts`, unless null: what makes xhat of (x - mean) / deviation.
template <bool Whole>
__global__ void __launch_bounds__(RowThreads)
    layer_normalization_input_gradient_kernel(const cn_state* state, cn_layer_normalization_desc d, int size, const float* x,
                                              const float* gamma, const float* saved, const float* dy, float* dx, float* shifts) {
    RowGroup<Whole> group(size);
    int64_t row = own_row(group, RowThreads / size, state->rows * d.positions);
    if (row < 0) {
        return;
    }
    const float* inputs = x + row * d.features;
    const float* gradients = dy + row * d.features;
    float center = saved[row];
    auto inverse = static_cast<double>(saved[d.batch * d.positions + row]);
    auto count = static_cast<double>(d.features);
    float sum = 0.0f, products = 0.0f, distances = 0.0f;
    group.for_own(d.features, [&](int64_t i) {
        float gradient = gradients[i] * gamma_of(gamma, i), distance = inputs[i] - center;
        sum += gradient;
        products += gradient * distance;
        distances += distance;
    });
    double distance_sum = group.sum(static_cast<double>(distances));
    if (shifts != nullptr && group.rank() == 0) {
        shifts[row] = static_cast<float>(-distance_sum / count * inverse);
    }
    if (dx == nullptr) {
        return;
    }
    NormalizationGradient of(count, group.sum(static_cast<double>(sum)), group.sum(static_cast<double>(products)), distance_sum, inverse,
                             1.0f);
    float* target = dx + row * d.features;
    bool accumulate = d.input_gradient == CN_GRADIENT_ACCUMULATE;
    group.for_own(d.features, [&](int64_t i) {
        float value = gradients[i] * gamma_of(gamma, i) * of.scale + ((inputs[i] - center) * of.slope + of.shift);
        target[i] = accumulate ? target[i] + value : value;
    });
}

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

// Of a thread's rows: batch by batch, in float32. `shifts` are of the input's gradient.
template <int Width>
__device__ __forceinline__ ColumnSums<Width> own_sums(const ColumnThread<Width>& thread, int64_t features, const float* x,
                                                      const float* means, const float* inverses, const float* shifts, const float* dy) {
    ColumnSums<Width> result{};
    for (int64_t row = thread.first_row(); row < thread.last_row() && thread.has_column; row += BatchRows * thread.lines) {
        float batch[Sums][Width] = {};
        CN_UNROLL_BY(4)
        for (int k = 0; k < BatchRows; ++k) {
            int64_t at = row + static_cast<int64_t>(k) * thread.lines;
            if (at < thread.last_row()) {
                float mean = means[at], inverse = inverses[at], shift = shifts[at];
                auto gradients = Pack<Width>::load(dy + at * features + thread.column);
                auto inputs = Pack<Width>::load(x + at * features + thread.column);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    batch[0][e] += gradients.values[e] * ((inputs.values[e] - mean) * inverse + shift);
                    batch[1][e] += gradients.values[e];
                }
            }
        }
        CN_UNROLL
        for (int s = 0; s < Sums; ++s) {
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                result.values[s][e] += static_cast<double>(batch[s][e]);
            }
        }
    }
    return result;
}

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    layer_normalization_sums_kernel(const cn_state* state, ColumnPlan plan, const float* x, const float* means, const float* inverses,
                                    const float* shifts, const float* dy, float* dgamma, float* dbeta, double* partials,
                                    unsigned* tickets) {
    ColumnThread<Width> thread(plan, state);
    if (!thread.has_rows()) {
        return;
    }
    auto merge = [](ColumnSums<Width>& own, const ColumnSums<Width>& other) { own.add(other); };
    ColumnSums<Width> sums = own_sums<Width>(thread, plan.columns, x, means, inverses, shifts, dy);
    merge_lines(sums, plan.lanes, merge);
    if (thread.line == 0 && thread.has_column) {
        double* own = partials + static_cast<int64_t>(thread.split) * Sums * plan.columns + thread.column;
        CN_UNROLL
        for (int s = 0; s < Sums; ++s) {
            CN_UNROLL
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
        if (dgamma != nullptr) {
            dgamma[thread.column + e] = static_cast<float>(sums.values[0][e]);
        }
        if (dbeta != nullptr) {
            dbeta[thread.column + e] = static_cast<float>(sums.values[1][e]);
        }
    }
}

class LayerNormalizationKernel final : public LayerNormalizationOp {
public:
    LayerNormalizationKernel(Context& context, const cn_layer_normalization_desc& desc)
        : _context(context), _desc(desc), _size(row_group_size(desc.features)), _of_one(plan(1)), _of_four(plan(4)),
          _tickets(_of_one.groups * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
        _partials = std::max(_of_one.splits(desc.batch), _of_four.splits(desc.batch)) * Sums * desc.features;
        context.reserve_scratch(_partials * static_cast<int64_t>(sizeof(double)) +
                                desc.batch * desc.positions * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* y, float* saved) override {
        auto* kernel = whole() ? layer_normalization_forward_kernel<true> : layer_normalization_forward_kernel<false>;
        _context.launch(kernel, row_blocks(), RowThreads, 0, state, _desc, _size, x, gamma, beta, y, saved);
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* dy, float* dx, float* dgamma,
                  float* dbeta) override {
        bool sums = dgamma != nullptr || dbeta != nullptr;
        if (!sums && dx == nullptr) {
            return;
        }
        auto* shifts = sums ? reinterpret_cast<float*>(_context.scratch<double>() + _partials) : nullptr;
        auto* rows_kernel = whole() ? layer_normalization_input_gradient_kernel<true> : layer_normalization_input_gradient_kernel<false>;
        _context.launch(rows_kernel, row_blocks(), RowThreads, 0, state, _desc, _size, x, gamma, saved, dy, dx, shifts);
        if (sums) {
            int width = pack_width(_desc.features, x, dy);
            auto* kernel = width == 4 ? layer_normalization_sums_kernel<4> : layer_normalization_sums_kernel<1>;
            const ColumnPlan& columns = width == 4 ? _of_four : _of_one;
            _context.launch(kernel, columns.grid(_desc.batch), ColumnThreads, 0, state, columns, x, saved,
                            saved + _desc.batch * _desc.positions, shifts, dy, dgamma, dbeta, _context.scratch<double>(),
                            static_cast<unsigned*>(_tickets.data()));
        }
    }

private:
    bool whole() const { return _size == RowThreads; }

    unsigned row_blocks() const {
        int64_t groups = RowThreads / _size;
        return static_cast<unsigned>((_desc.batch * _desc.positions + groups - 1) / groups);
    }

    ColumnPlan plan(int width) const { return {_desc.batch, _desc.positions, _desc.features, width, BatchRows, MostBlocks}; }

    Context& _context;
    cn_layer_normalization_desc _desc;
    int _size;
    ColumnPlan _of_one, _of_four;
    DeviceMemory _tickets;
    int64_t _partials; // doubles in scratch
};

} // namespace

std::unique_ptr<LayerNormalizationOp> make_layer_normalization(Context& context, const cn_layer_normalization_desc& desc) {
    return std::make_unique<LayerNormalizationKernel>(context, desc);
}

} // namespace compiled::cuda
