// Metrics: what each sums over the positions of a batch (compiled.h, cn_metric_kind). Means of losses are computed by the loss (loss.cu).
//
// Shapes   predictions and float targets: [rows, positions, classes]; sparse targets and weights: [rows, positions].
// Writes   adds to sums.
// Scratch  partial sums of each block.
// Blocks   several positions; how many depends on the shape alone. Sums are added in the order of the blocks by the last one to finish,
//          counts by integer atomics: in counters of the op, which the last block adds to the sums and clears.
#include "common/metric.h"

#include "ops.h"
#include "row_group.h"
#include "ticket.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

using Counter = unsigned long long;

constexpr int64_t MostBlocks = 1024;        // more positions than they hold at a time come round by round
constexpr int MostBuckets = 2 * (1024 + 1); // of CN_METRIC_COUNTS

struct MetricPlan {
    cn_metric_desc desc;
    int group_size;
    int64_t rounds;
};

struct MetricArrays {
    const float* predictions;
    const void* targets;
    const float* weights; // or null
};

// The class of a float or sparse target; -1 for what is none. The same to all threads of the group.
template <class Group>
__device__ int64_t target_class(const cn_metric_desc& desc, const Group& group, const void* targets, int64_t position) {
    if (desc.sparse != 0) {
        int32_t id = static_cast<const int32_t*>(targets)[position];
        return id >= 0 && id < (has_two_classes(desc) ? 2 : desc.classes) ? id : -1;
    }
    const float* t = static_cast<const float*>(targets) + position * desc.classes;
    return has_two_classes(desc) ? (is_positive(*t) ? 1 : 0) : first_maximum(group, t, desc.classes);
}

template <class Group>
__device__ double correlation_of(const Group& group, const float* p, const float* t, int64_t classes) {
    double of_t = 0.0, of_p = 0.0;
    group.for_own(classes, [&](int64_t i) {
        of_t += static_cast<double>(t[i]);
        of_p += static_cast<double>(p[i]);
    });
    of_t = group.sum(of_t) / static_cast<double>(classes);
    of_p = group.sum(of_p) / static_cast<double>(classes);
    double products = 0.0, targets = 0.0, predictions = 0.0;
    group.for_own(classes, [&](int64_t i) {
        double target = static_cast<double>(t[i]) - of_t, prediction = static_cast<double>(p[i]) - of_p;
        products += target * prediction;
        targets += target * target;
        predictions += prediction * prediction;
    });
    return correlation(group.sum(products), group.sum(targets), group.sum(predictions));
}

// The value of a position.
template <class Group>
__device__ double value_of(const cn_metric_desc& desc, const Group& group, const MetricArrays& arrays, int64_t position) {
    const float* p = arrays.predictions + position * desc.classes;
    if (desc.metric == CN_METRIC_PEARSON) {
        return correlation_of(group, p, static_cast<const float*>(arrays.targets) + position * desc.classes, desc.classes);
    }
    if (desc.metric == CN_METRIC_TOP_K) {
        int64_t id = target_class(desc, group, arrays.targets, position);
        if (id < 0) {
            return 0.0;
        }
        float own = p[id];
        double greater = 0.0;
        group.for_own(desc.classes, [&](int64_t i) { greater += p[i] > own ? 1.0 : 0.0; });
        greater = group.sum(greater);
        bool is_finite = own - own == 0.0f;
        return is_finite && greater < static_cast<double>(desc.k) ? 1.0 : 0.0;
    }
    if (desc.accuracy != CN_ACCURACY_BINARY) {
        return first_maximum(group, p, desc.classes) == target_class(desc, group, arrays.targets, position) ? 1.0 : 0.0;
    }
    const float* t = static_cast<const float*>(arrays.targets) + position * desc.classes;
    double hits = 0.0;
    group.for_own(desc.classes, [&](int64_t i) { hits += (p[i] > desc.threshold) == is_positive(t[i]) ? 1.0 : 0.0; });
    return group.sum(hits) / static_cast<double>(desc.classes);
}

// Calls body(position) for the positions of this group; true for blocks that have any.
template <class Group, class Body>
__device__ bool for_positions(const cn_state* state, const MetricPlan& plan, const Group& group, int64_t& blocks, const Body& body) {
    int64_t positions = state->rows * plan.desc.positions;
    int64_t groups = RowThreads / plan.group_size;
    int64_t of_block = groups * plan.rounds;
    blocks = (positions + of_block - 1) / of_block;
    if (blockIdx.x >= blocks) {
        return false;
    }
    for (int64_t round = 0; round < plan.rounds; ++round) {
        int64_t position = blockIdx.x * of_block + round * groups + group.index();
        if (position >= positions) {
            break;
        }
        body(position);
    }
    return true;
}

struct ValueSums {
    double values;
    double weights;
};

__device__ ValueSums sum_of_block(ValueSums one) {
    return {block_sum<RowThreads>(one.values), block_sum<RowThreads>(one.weights)};
}

template <bool Whole>
__global__ void __launch_bounds__(RowThreads)
    values_kernel(const cn_state* state, MetricPlan plan, MetricArrays arrays, ValueSums* partial, unsigned* ticket, double* sums) {
    RowGroup<Whole> group(plan.group_size);
    ValueSums sum{};
    int64_t blocks = 0;
    bool is_used = for_positions(state, plan, group, blocks, [&](int64_t position) {
        double own = arrays.weights == nullptr ? 1.0 : static_cast<double>(arrays.weights[position]);
        double value = value_of(plan.desc, group, arrays, position);
        if (group.rank() == 0) {
            sum.values += own * value;
            sum.weights += own;
        }
    });
    if (!is_used) {
        return;
    }
    sum = sum_of_block(sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
    if (!is_last_block(ticket, static_cast<unsigned>(blocks))) {
        return;
    }
    ValueSums total{};
    for (int64_t block = threadIdx.x; block < blocks; block += RowThreads) {
        total.values += partial[block].values;
        total.weights += partial[block].weights;
    }
    total = sum_of_block(total);
    if (threadIdx.x == 0) {
        sums[0] += total.values;
        sums[1] += total.weights;
    }
}

// What the last block does with the counters.
__device__ void move_counters(Counter* counters, int64_t count, double* sums) {
    for (int64_t i = threadIdx.x; i < count; i += RowThreads) {
        sums[i] += static_cast<double>(counters[i]);
        counters[i] = 0;
    }
}

// Elements by the thresholds that they are above: first in the block, as there are few counters for many elements.
__global__ void __launch_bounds__(RowThreads)
    buckets_kernel(const cn_state* state, MetricPlan plan, MetricArrays arrays, Counter* counters, unsigned* ticket, double* sums) {
    CN_SHARED(buckets, unsigned[MostBuckets]);
    int64_t elements = state->rows * plan.desc.positions * plan.desc.classes;
    int64_t of_block = RowThreads * plan.rounds;
    int64_t blocks = (elements + of_block - 1) / of_block;
    if (blockIdx.x >= blocks) {
        return;
    }
    int half = plan.desc.thresholds + 1;
    for (int i = threadIdx.x; i < 2 * half; i += RowThreads) {
        buckets[i] = 0;
    }
    __syncthreads();
    const auto* t = static_cast<const float*>(arrays.targets);
    for (int64_t round = 0; round < plan.rounds; ++round) {
        int64_t i = blockIdx.x * of_block + round * RowThreads + threadIdx.x;
        if (i < elements) {
            atomicAdd(&buckets[(is_positive(t[i]) ? half : 0) + thresholds_below(plan.desc, arrays.predictions[i])], 1u);
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < 2 * half; i += RowThreads) {
        if (buckets[i] != 0) {
            atomicAdd(&counters[i], Counter{buckets[i]});
        }
    }
    if (is_last_block(ticket, static_cast<unsigned>(blocks))) {
        move_counters(counters, 2 * half, sums);
    }
}

// Positions by the classes of target and prediction, or of each class what is true and false of it.
template <bool Whole>
__global__ void __launch_bounds__(RowThreads) classes_kernel(const cn_state* state, MetricPlan plan, MetricArrays arrays, Counter* counters,
                                                             int64_t counter_count, unsigned* ticket, double* sums) {
    RowGroup<Whole> group(plan.group_size);
    const cn_metric_desc& desc = plan.desc;
    bool are_scores = desc.metric == CN_METRIC_SCORES, has_threshold = desc.threshold >= 0.0f;
    int64_t classes = are_scores || desc.classes > 1 ? desc.classes : 2;
    int64_t blocks = 0;
    bool is_used = for_positions(state, plan, group, blocks, [&](int64_t position) {
        const float* p = arrays.predictions + position * desc.classes;
        if (!are_scores) {
            int64_t predicted = desc.classes == 1 ? (*p > desc.threshold ? 1 : 0) : first_maximum(group, p, classes);
            int64_t actual = target_class(desc, group, arrays.targets, position);
            if (actual >= 0 && group.rank() == 0) {
                atomicAdd(&counters[actual * classes + predicted], Counter{1});
            }
            return;
        }
        int64_t largest = has_threshold ? -1 : first_maximum(group, p, classes);
        int64_t id = desc.sparse != 0 ? target_class(desc, group, arrays.targets, position) : -1;
        group.for_own(classes, [&](int64_t i) {
            bool predicted = has_threshold ? p[i] > desc.threshold : i == largest;
            bool actual = desc.sparse != 0 ? i == id : is_positive(static_cast<const float*>(arrays.targets)[position * classes + i]);
            if (predicted || actual) {
                atomicAdd(&counters[(predicted && actual ? 0 : (predicted ? 1 : 2)) * classes + i], Counter{1});
            }
        });
    });
    if (is_used && is_last_block(ticket, static_cast<unsigned>(blocks))) {
        move_counters(counters, counter_count, sums);
    }
}

// One output after the other, as there are few: the sums of a block over its positions.
__global__ void __launch_bounds__(RowThreads)
    r2_kernel(const cn_state* state, MetricPlan plan, MetricArrays arrays, double* partial, unsigned* ticket, double* sums) {
    int64_t positions = state->rows * plan.desc.positions, classes = plan.desc.classes;
    int64_t of_block = RowThreads * plan.rounds;
    int64_t blocks = (positions + of_block - 1) / of_block;
    if (blockIdx.x >= blocks) {
        return;
    }
    const auto* targets = static_cast<const float*>(arrays.targets);
    double* own = partial + blockIdx.x * 3 * classes;
    for (int64_t output = 0; output < classes; ++output) {
        double sum = 0.0, squares = 0.0, residuals = 0.0;
        for (int64_t round = 0; round < plan.rounds; ++round) {
            int64_t position = blockIdx.x * of_block + round * RowThreads + threadIdx.x;
            if (position < positions) {
                auto t = static_cast<double>(targets[position * classes + output]);
                double difference = t - static_cast<double>(arrays.predictions[position * classes + output]);
                sum += t;
                squares += t * t;
                residuals += difference * difference;
            }
        }
        sum = block_sum<RowThreads>(sum);
        squares = block_sum<RowThreads>(squares);
        residuals = block_sum<RowThreads>(residuals);
        if (threadIdx.x == 0) {
            own[output] = sum;
            own[classes + output] = squares;
            own[2 * classes + output] = residuals;
        }
    }
    if (!is_last_block(ticket, static_cast<unsigned>(blocks))) {
        return;
    }
    for (int64_t i = threadIdx.x; i < 3 * classes; i += RowThreads) {
        double total = 0.0;
        for (int64_t block = 0; block < blocks; ++block) {
            total += partial[block * 3 * classes + i];
        }
        sums[i] += total;
    }
    if (threadIdx.x == 0) {
        sums[3 * classes] += static_cast<double>(positions);
    }
}

class MetricKernel final : public MetricOp {
public:
    MetricKernel(Context& context, const cn_metric_desc& desc)
        : _context(context), _ticket(sizeof(unsigned), context.stream()), _counter_count(metric_counters(desc)) {
        if (_counter_count > 0) {
            _counters = std::make_unique<DeviceMemory>(_counter_count * static_cast<int64_t>(sizeof(Counter)), context.stream());
        }
        bool by_element = desc.metric == CN_METRIC_COUNTS || desc.metric == CN_METRIC_R2;
        int size = by_element ? 1 : row_group_size(desc.classes);
        int64_t items = desc.batch * desc.positions * (desc.metric == CN_METRIC_COUNTS ? desc.classes : 1);
        int64_t groups = RowThreads / size;
        int64_t blocks = (items + groups - 1) / groups;
        int64_t rounds = (blocks + MostBlocks - 1) / MostBlocks;
        _blocks = static_cast<unsigned>((blocks + rounds - 1) / rounds);
        _plan = {desc, size, rounds};
        int64_t of_block =
            desc.metric == CN_METRIC_R2 ? 3 * desc.classes * static_cast<int64_t>(sizeof(double)) : static_cast<int64_t>(sizeof(ValueSums));
        context.reserve_scratch(_blocks * of_block);
    }

    void add(const cn_state* state, const float* predictions, const void* targets, const float* weights, double* sums) override {
        MetricArrays arrays{predictions, targets, weights};
        auto* ticket = static_cast<unsigned*>(_ticket.data());
        auto* counters = static_cast<Counter*>(_counters == nullptr ? nullptr : _counters->data());
        bool whole = _plan.group_size == RowThreads;
        switch (_plan.desc.metric) {
        case CN_METRIC_COUNTS:
            return _context.launch(buckets_kernel, _blocks, RowThreads, 0, state, _plan, arrays, counters, ticket, sums);
        case CN_METRIC_CLASSES:
        case CN_METRIC_SCORES:
            return _context.launch(whole ? classes_kernel<true> : classes_kernel<false>, _blocks, RowThreads, 0, state, _plan, arrays,
                                   counters, _counter_count, ticket, sums);
        case CN_METRIC_R2:
            return _context.launch(r2_kernel, _blocks, RowThreads, 0, state, _plan, arrays, _context.scratch<double>(), ticket, sums);
        default:
            return _context.launch(whole ? values_kernel<true> : values_kernel<false>, _blocks, RowThreads, 0, state, _plan, arrays,
                                   _context.scratch<ValueSums>(), ticket, sums);
        }
    }

private:
    Context& _context;
    DeviceMemory _ticket;
    std::unique_ptr<DeviceMemory> _counters;
    int64_t _counter_count;
    MetricPlan _plan;
    unsigned _blocks;
};

} // namespace

std::unique_ptr<MetricOp> make_metric(Context& context, const cn_metric_desc& desc) {
    if (desc.metric == CN_METRIC_LOSS) {
        return make_loss_metric(context, desc);
    }
    return std::make_unique<MetricKernel>(context, desc);
}

} // namespace compiled::cuda
