// Loss: its value, its gradient and the accuracy of every position in one pass (compiled.h, cn_loss_desc).
//
// Shapes   predictions, gradient and float targets: [rows, positions, classes]; sparse targets: [rows, positions].
// Writes   overwrites gradient (which may be predictions) unless null; adds to *metrics.
// Scratch  one partial sum per block.
// Blocks   several positions, or one after the other if they are long; how many depends on the shape alone. The last block to finish adds
//          the partial sums in the order of the blocks.
#include "common/loss.h"

#include "ops.h"
#include "row_group.h"
#include "ticket.h"

#include <algorithm>
#include <climits>

namespace compiled::cuda {

namespace {

constexpr int64_t MostBlocks = 1024; // more positions than they hold at a time come round by round

struct PositionResult {
    double loss;
    double correct;
};

// What the kernel needs to know of the op.
struct LossPlan {
    int32_t loss;
    int32_t accuracy;
    bool from_logits;
    int group_size;
    int64_t positions; // of a sample
    int64_t classes;
    int64_t rounds;
};

// One position, and the threads that work on it. Each function returns the same value to all of them; gradients are written last, when
// everything has been read.
template <class Group>
class Position {
public:
    __device__ Position(const LossPlan& plan, const Group& group, const float* predictions, float* gradient, double weight)
        : _plan(plan), _group(group), _p(predictions), _dp(gradient), _weight(weight) {}

    __device__ PositionResult sparse(int32_t target) const {
        if (target < 0 || target >= _plan.classes) {
            // A target that is no class: its row is NaN, so that it is seen.
            _group.for_own(_plan.classes, [&](int64_t i) { write(i, NAN); });
            return {NAN, 0.0};
        }
        double correct = _plan.accuracy == CN_ACCURACY_SPARSE && first_maximum(_p) == target ? 1.0 : 0.0;
        return {_plan.from_logits ? sparse_from_logits(target) : sparse_from_probabilities(target), correct};
    }

    __device__ PositionResult dense(const float* t) const {
        double correct = accuracy(t);
        if (_plan.loss == CN_LOSS_MEAN_SQUARED_ERROR) {
            return {squared_error(t), correct};
        }
        return {_plan.from_logits ? from_logits(t) : from_probabilities(t), correct};
    }

private:
    __device__ void write(int64_t i, float value) const {
        if (_dp != nullptr) {
            _dp[i] = value;
        }
    }

    // Nothing is greater than a NaN in front; others are passed over.
    __device__ int64_t first_maximum(const float* values) const {
        float largest = values[0];
        int64_t at = 0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            if (values[i] > largest) {
                largest = values[i];
                at = i;
            }
        });
        float overall = _group.maximum(largest);
        int64_t candidate = largest == overall ? at : INT64_MAX;
        candidate = _group.reduce(candidate, [](int64_t a, int64_t b) { return a < b ? a : b; });
        _group.synchronize(); // all have read the first
        return candidate == INT64_MAX ? 0 : candidate;
    }

    __device__ double accuracy(const float* t) const {
        if (_plan.accuracy == CN_ACCURACY_CATEGORICAL) {
            return first_maximum(_p) == first_maximum(t) ? 1.0 : 0.0;
        }
        if (_plan.accuracy != CN_ACCURACY_BINARY) {
            return 0.0;
        }
        // The threshold is one of probabilities: of the softmax when the predictions are logits.
        SoftmaxSum softmax{0.0f, 1.0};
        if (_plan.from_logits) {
            softmax = softmax_sum(_group, _p, _plan.classes);
        }
        double hits = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            float value = _plan.from_logits ? expf(_p[i] - softmax.maximum) : _p[i];
            hits += (static_cast<double>(value) > 0.5 * softmax.sum) == (t[i] > 0.5f) ? 1.0 : 0.0;
        });
        return _group.sum(hits) / static_cast<double>(_plan.classes);
    }

    __device__ double squared_error(const float* t) const {
        auto classes = static_cast<double>(_plan.classes);
        auto factor = static_cast<float>(2.0 / classes * _weight);
        double sum = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            double difference = static_cast<double>(_p[i] - t[i]);
            sum += difference * difference;
        });
        sum = _group.sum(sum);
        _group.for_own(_plan.classes, [&](int64_t i) { write(i, (_p[i] - t[i]) * factor); });
        return sum / classes;
    }

    // loss = log(sum exp z) sum t - sum t z;  dz = (softmax(z) sum t - t) weight.
    __device__ double from_logits(const float* t) const {
        SoftmaxSum softmax = softmax_sum(_group, _p, _plan.classes);
        double targets = 0.0, products = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            auto target = static_cast<double>(t[i]);
            targets += target;
            // A class without target adds nothing, even where its logit is infinite.
            products += t[i] != 0.0f ? target * static_cast<double>(_p[i] - softmax.maximum) : 0.0;
        });
        targets = _group.sum(targets);
        products = _group.sum(products);
        auto factor = static_cast<float>(targets * _weight / softmax.sum);
        auto scale = static_cast<float>(_weight);
        _group.for_own(_plan.classes, [&](int64_t i) { write(i, expf(_p[i] - softmax.maximum) * factor - t[i] * scale); });
        return log(softmax.sum) * targets - products;
    }

    __device__ double sparse_from_logits(int32_t target) const {
        float logit = _p[target];
        SoftmaxSum softmax = softmax_sum(_group, _p, _plan.classes);
        _group.synchronize(); // all have read the target's
        auto factor = static_cast<float>(_weight / softmax.sum);
        auto scale = static_cast<float>(_weight);
        _group.for_own(_plan.classes, [&](int64_t i) { write(i, expf(_p[i] - softmax.maximum) * factor - (i == target ? scale : 0.0f)); });
        return log(softmax.sum) - (static_cast<double>(logit) - static_cast<double>(softmax.maximum));
    }

    // q = p / sum p, clipped: loss = -sum t log q;  dp = (dq - sum(dq q)) / sum p, with dq = -t / q where the clip lets it through.
    __device__ double from_probabilities(const float* t) const {
        double sum = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) { sum += static_cast<double>(_p[i]); });
        sum = _group.sum(sum);
        double loss = 0.0, dot = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            if (t[i] != 0.0f) {
                double q = static_cast<double>(_p[i]) / sum;
                auto target = static_cast<double>(t[i]);
                loss -= target * log(clip_probability(q));
                dot -= is_unclipped(q) ? target : 0.0;
            }
        });
        loss = _group.sum(loss);
        dot = _group.sum(dot);
        _group.for_own(_plan.classes, [&](int64_t i) {
            double q = static_cast<double>(_p[i]) / sum;
            double dq = is_unclipped(q) ? -static_cast<double>(t[i]) / q : 0.0;
            write(i, static_cast<float>((dq - dot) / sum * _weight));
        });
        return loss;
    }

    // q = p clipped, then normalised: loss = log(sum q) - log q[target];  dp = 1 / sum q, less 1 / q at the target, inside the clip.
    __device__ double sparse_from_probabilities(int32_t target) const {
        double clipped = clip_probability(static_cast<double>(_p[target]));
        double sum = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) { sum += clip_probability(static_cast<double>(_p[i])); });
        sum = _group.sum(sum);
        _group.synchronize(); // all have read the target's
        _group.for_own(_plan.classes, [&](int64_t i) {
            auto q = static_cast<double>(_p[i]);
            double dq = 1.0 / sum - (i == target ? 1.0 / clipped : 0.0);
            write(i, is_unclipped(q) ? static_cast<float>(dq * _weight) : 0.0f);
        });
        return log(sum) - log(clipped);
    }

    const LossPlan& _plan;
    const Group& _group;
    const float* _p;
    float* _dp;
    double _weight;
};

// The same value to all threads.
__device__ PositionResult sum_of_block(PositionResult one) {
    return {block_sum<RowThreads>(one.loss), block_sum<RowThreads>(one.correct)};
}

template <bool Whole>
__global__ void __launch_bounds__(RowThreads)
    loss_kernel(const cn_state* state, LossPlan plan, const float* predictions, const void* targets, float* gradient, cn_metrics* metrics,
                PositionResult* partial, unsigned* ticket) {
    int64_t positions = state->rows * plan.positions;
    int64_t groups = RowThreads / plan.group_size;
    int64_t of_block = groups * plan.rounds;
    int64_t blocks = (positions + of_block - 1) / of_block;
    if (blockIdx.x >= blocks) {
        return;
    }
    RowGroup<Whole> group(plan.group_size);
    double weight = 1.0 / static_cast<double>(positions);
    PositionResult sum{};
    for (int64_t round = 0; round < plan.rounds; ++round) {
        int64_t position = blockIdx.x * of_block + round * groups + group.index();
        if (position >= positions) {
            break;
        }
        int64_t at = position * plan.classes;
        Position<RowGroup<Whole>> one(plan, group, predictions + at, gradient == nullptr ? nullptr : gradient + at, weight);
        PositionResult result = plan.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY
                                    ? one.sparse(static_cast<const int32_t*>(targets)[position])
                                    : one.dense(static_cast<const float*>(targets) + at);
        if (group.rank() == 0) {
            sum.loss += result.loss;
            sum.correct += result.correct;
        }
    }
    sum = sum_of_block(sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
    if (!is_last_block(ticket, static_cast<unsigned>(blocks))) {
        return;
    }
    PositionResult total{};
    for (int64_t block = threadIdx.x; block < blocks; block += RowThreads) {
        total.loss += partial[block].loss;
        total.correct += partial[block].correct;
    }
    total = sum_of_block(total);
    if (threadIdx.x == 0) {
        metrics->loss += total.loss;
        metrics->correct += total.correct;
        metrics->count += static_cast<double>(positions);
    }
}

class LossKernel final : public LossOp {
public:
    LossKernel(Context& context, const cn_loss_desc& desc) : _context(context), _ticket(sizeof(unsigned), context.stream()) {
        int size = row_group_size(desc.classes);
        int64_t groups = RowThreads / size;
        int64_t blocks = (desc.batch * desc.positions + groups - 1) / groups;
        int64_t rounds = (blocks + MostBlocks - 1) / MostBlocks;
        _blocks = static_cast<unsigned>((blocks + rounds - 1) / rounds);
        _plan = {desc.loss, desc.accuracy, desc.from_logits != 0, size, desc.positions, desc.classes, rounds};
        context.reserve_scratch(_blocks * static_cast<int64_t>(sizeof(PositionResult)));
    }

    void forward(const cn_state* state, const float* predictions, const void* targets, float* gradient, cn_metrics* metrics) override {
        auto* kernel = _plan.group_size == RowThreads ? loss_kernel<true> : loss_kernel<false>;
        _context.launch(kernel, _blocks, RowThreads, 0, state, _plan, predictions, targets, gradient, metrics,
                        _context.scratch<PositionResult>(), static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    DeviceMemory _ticket;
    LossPlan _plan;
    unsigned _blocks;
};

} // namespace

std::unique_ptr<LossOp> make_loss(Context& context, const cn_loss_desc& desc) {
    return std::make_unique<LossKernel>(context, desc);
}

} // namespace compiled::cuda
