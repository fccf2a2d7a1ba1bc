// Loss: its value, its gradient and the accuracy of every position in one pass (compiled.h, cn_loss_desc).
//
// Shapes   predictions, gradient, probabilities and float targets: [rows, positions, classes]; sparse targets and weights:
//          [rows, positions].
// Writes   overwrites gradient (which may be predictions) and probabilities unless null; adds to *metrics.
// Scratch  one partial sum per block; of overlaps one for the batch, or for each sample.
// Blocks   several positions, or one after the other if they are long; how many depends on the shape alone. The last block to finish adds
//          the partial sums in the order of the blocks.
// Launches one; of hinges another one before it, which looks whether all labels of the batch are 0 or 1; where positions may be ignored one
//          that counts them; of Dice and Tversky one that sums over the batch, or each sample, with a block for it.
#include "common/loss.h"

#include "common/metric.h"
#include "divider.h"
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
    double correct; // of a metric: the weight
};

// What a kernel is made for: the terms of the elements one by one, cross-entropies of classes, or what else needs the whole position.
enum class LossFamily { Terms, Crossentropy, Row };

// What the kernel needs to know of the op.
struct LossPlan {
    LossRule rule;
    int32_t accuracy;
    bool is_metric; // and counts weights in place of hits
    int group_size;
    int64_t positions; // of a sample
    int64_t classes;
    int64_t rounds;
    bool ignores_class;
    int32_t ignored_class;
};

// Of a batch; those that may be null are.
struct LossArrays {
    const float* predictions;
    const void* targets;
    const float* weights;
    float* gradient;
    float* probabilities;
    const Overlap* overlaps = nullptr; // one of all positions, or with per_sample of each sample
    bool per_sample = false;
};

// What the sums are added to.
struct LossSums {
    double* loss;
    double* correct;
    double* count; // null for metrics
};

// One position, and the threads that work on it. Each function returns the same value to all of them; gradients are written last, when
// everything has been read.
template <class Group, LossFamily Family>
class Position {
public:
    __device__ Position(const LossPlan& plan, const LossRule& rule, const Group& group, const LossArrays& arrays, int64_t position,
                        double share)
        : _plan(plan), _rule(rule), _group(group), _p(arrays.predictions + position * plan.classes),
          _dp(arrays.gradient == nullptr ? nullptr : arrays.gradient + position * plan.classes),
          _overlap(arrays.overlaps == nullptr ? nullptr : arrays.overlaps + (arrays.per_sample ? position / plan.positions : 0)),
          _own(arrays.weights == nullptr ? 1.0 : static_cast<double>(arrays.weights[position])), _weight(_own * share) {}

    __device__ PositionResult sparse(int32_t target) const {
        double correct = _plan.is_metric                                                                              ? _own
                         : _plan.accuracy == CN_ACCURACY_SPARSE && first_maximum(_group, _p, _plan.classes) == target ? 1.0
                                                                                                                      : 0.0;
        if (_own == 0.0 || (_plan.ignores_class && target == _plan.ignored_class)) {
            return {nothing(), correct};
        }
        if (target < 0 || target >= _plan.classes) {
            // A target that is no class: its row is NaN, so that it is seen.
            _group.for_own(_plan.classes, [&](int64_t i) { write(i, NAN); });
            return {NAN, correct};
        }
        return {_own * (_rule.from_logits ? sparse_from_logits(target) : sparse_from_probabilities(target)), correct};
    }

    __device__ PositionResult dense(const float* t) const {
        double correct = _plan.is_metric ? _own : accuracy(t);
        return {_own == 0.0 ? nothing() : _own * value(t), correct};
    }

    // Before the gradient, which may take the place of the logits.
    __device__ void write_probabilities(float* probabilities) const {
        if (is_binary(_rule)) {
            _group.for_own(_plan.classes,
                           [&](int64_t i) { probabilities[i] = static_cast<float>(probability_of(static_cast<double>(_p[i]))); });
            return;
        }
        SoftmaxSum softmax = softmax_sum(_group, _p, _plan.classes);
        auto inverse = static_cast<float>(1.0 / softmax.sum);
        _group.for_own(_plan.classes, [&](int64_t i) { probabilities[i] = expf(_p[i] - softmax.maximum) * inverse; });
    }

private:
    __device__ double value(const float* t) const {
        if constexpr (Family == LossFamily::Terms) {
            return terms(t);
        } else if constexpr (Family == LossFamily::Crossentropy) {
            return _rule.from_logits ? from_logits(t) : from_probabilities(t);
        } else if (_rule.loss == CN_LOSS_COSINE_SIMILARITY) {
            return cosine(t);
        } else if (_overlap != nullptr) {
            return overlap(t);
        } else {
            return _rule.loss == CN_LOSS_CATEGORICAL_HINGE ? categorical_hinge(t) : categorical_focal(t);
        }
    }

    __device__ double target(float t) const { return _rule.keep * static_cast<double>(t) + _rule.add; }

    __device__ double nothing() const {
        _group.for_own(_plan.classes, [&](int64_t i) { write(i, 0.0f); });
        return 0.0;
    }

    __device__ void write(int64_t i, float value) const {
        if (_dp != nullptr) {
            _dp[i] = value;
        }
    }

    __device__ double accuracy(const float* t) const {
        if (_plan.accuracy == CN_ACCURACY_CATEGORICAL) {
            return first_maximum(_group, _p, _plan.classes) == first_maximum(_group, t, _plan.classes) ? 1.0 : 0.0;
        }
        if (_plan.accuracy != CN_ACCURACY_BINARY) {
            return 0.0;
        }
        // The threshold is one of probabilities: of the sigmoid or the softmax when the predictions are logits.
        bool has_softmax = _rule.from_logits && !is_binary(_rule);
        SoftmaxSum softmax{0.0f, 1.0};
        if (has_softmax) {
            softmax = softmax_sum(_group, _p, _plan.classes);
        }
        double threshold = _rule.from_logits && !has_softmax ? 0.0 : 0.5 * softmax.sum;
        double hits = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            float value = has_softmax ? expf(_p[i] - softmax.maximum) : _p[i];
            hits += (static_cast<double>(value) > threshold) == (t[i] > 0.5f) ? 1.0 : 0.0;
        });
        return _group.sum(hits) / static_cast<double>(_plan.classes);
    }

    __device__ double terms(const float* t) const {
        double share = term_share(_rule.loss, _plan.classes);
        double sum = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            LossTerm term = loss_term(_rule, t[i], _p[i]);
            sum += term.value;
            write(i, static_cast<float>(term.slope * share * _weight));
        });
        return _group.sum(sum) * share;
    }

    __device__ double cosine(const float* t) const {
        CosineSums sums{};
        _group.for_own(_plan.classes, [&](int64_t i) {
            auto target = static_cast<double>(t[i]), prediction = static_cast<double>(_p[i]);
            sums.targets += target * target;
            sums.predictions += prediction * prediction;
            sums.products += target * prediction;
        });
        CosineLoss loss = cosine_loss({_group.sum(sums.targets), _group.sum(sums.predictions), _group.sum(sums.products)});
        _group.for_own(_plan.classes, [&](int64_t i) {
            double slope = loss.target_factor * static_cast<double>(t[i]) + loss.prediction_factor * static_cast<double>(_p[i]);
            write(i, static_cast<float>(slope * _weight));
        });
        return loss.value;
    }

    __device__ double overlap(const float* t) const {
        _group.for_own(_plan.classes, [&](int64_t i) {
            auto target = static_cast<double>(t[i]);
            write(i, static_cast<float>((_overlap->of_target * target + _overlap->of_rest * (1.0 - target)) * _weight));
        });
        return _overlap->value;
    }

    // The best of the wrong classes, the first of equal ones, and the right one should be 1 apart.
    __device__ double categorical_hinge(const float* t) const {
        double largest = -INFINITY, right = 0.0;
        int64_t at = INT64_MAX;
        _group.for_own(_plan.classes, [&](int64_t i) {
            double wrong = (1.0 - static_cast<double>(t[i])) * static_cast<double>(_p[i]);
            right += static_cast<double>(t[i]) * static_cast<double>(_p[i]);
            if (wrong > largest) {
                largest = wrong;
                at = i;
            }
        });
        right = _group.sum(right);
        double overall = _group.reduce(largest, [](double a, double b) { return a > b ? a : b; });
        int64_t best = _group.reduce(largest == overall ? at : INT64_MAX, [](int64_t a, int64_t b) { return a < b ? a : b; });
        double lack = at_least(0.0, overall - right + 1.0);
        _group.for_own(_plan.classes, [&](int64_t i) {
            auto target = static_cast<double>(t[i]);
            double slope = (i == best ? 1.0 - target : 0.0) - target;
            write(i, static_cast<float>((lack > 0.0 ? slope : 0.0 * lack) * _weight));
        });
        return lack;
    }

    // Of the classes' shares q: dp = (dq - sum(dq q)) / sum p, or of logits dz = q (dq - sum(dq q)).
    __device__ double categorical_focal(const float* t) const {
        float largest = -INFINITY;
        _group.for_own(_plan.classes, [&](int64_t i) { largest = fmaxf(largest, _p[i]); });
        double shift = static_cast<double>(_group.maximum(largest));
        auto part = [&](int64_t i) { return _rule.from_logits ? exp(static_cast<double>(_p[i]) - shift) : static_cast<double>(_p[i]); };
        double sum = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) { sum += part(i); });
        sum = _group.sum(sum);
        double value = 0.0, dot = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            double share = part(i) / sum;
            LossTerm term = focal_share(_rule, t[i], share);
            value += term.value;
            dot += term.slope * share;
        });
        value = _group.sum(value);
        dot = _group.sum(dot);
        _group.for_own(_plan.classes, [&](int64_t i) {
            double share = part(i) / sum;
            double slope = focal_share(_rule, t[i], share).slope - dot;
            write(i, static_cast<float>(slope * (_rule.from_logits ? share : 1.0 / sum) * _weight));
        });
        return value;
    }

    // loss = log(sum exp z) sum t - sum t z;  dz = (softmax(z) sum t - t) weight.
    __device__ double from_logits(const float* t) const {
        SoftmaxSum softmax = softmax_sum(_group, _p, _plan.classes);
        double targets = 0.0, products = 0.0;
        _group.for_own(_plan.classes, [&](int64_t i) {
            double smooth = target(t[i]);
            targets += smooth;
            // A class without target adds nothing, even where its logit is infinite.
            products += smooth != 0.0 ? smooth * static_cast<double>(_p[i] - softmax.maximum) : 0.0;
        });
        targets = _group.sum(targets);
        products = _group.sum(products);
        auto factor = static_cast<float>(targets * _weight / softmax.sum);
        auto keep = static_cast<float>(_rule.keep * _weight), add = static_cast<float>(_rule.add * _weight);
        _group.for_own(_plan.classes, [&](int64_t i) { write(i, expf(_p[i] - softmax.maximum) * factor - (t[i] * keep + add)); });
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
            double smooth = target(t[i]);
            if (smooth != 0.0) {
                double q = static_cast<double>(_p[i]) / sum;
                loss -= smooth * log(clip_probability(q));
                dot -= is_unclipped(q) ? smooth : 0.0;
            }
        });
        loss = _group.sum(loss);
        dot = _group.sum(dot);
        _group.for_own(_plan.classes, [&](int64_t i) {
            double q = static_cast<double>(_p[i]) / sum;
            double dq = is_unclipped(q) ? -target(t[i]) / q : 0.0;
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
    const LossRule& _rule;
    const Group& _group;
    const float* _p;
    float* _dp;
    const Overlap* _overlap;
    double _own;    // weight
    double _weight; // of the gradient
};

// The same value to all threads.
__device__ PositionResult sum_of_block(PositionResult one) {
    return {block_sum<RowThreads>(one.loss), block_sum<RowThreads>(one.correct)};
}

// Of hinges: labels that are neither 0 nor 1.
struct OtherLabels {
    const float* labels;

    __device__ __forceinline__ bool counts(int64_t i) const { return labels[i] != 0.0f && labels[i] != 1.0f; }
};

// Positions that are not ignored.
struct HeededPositions {
    const int32_t* targets;
    int32_t ignored_class;

    __device__ __forceinline__ bool counts(int64_t i) const { return targets[i] != ignored_class; }
};

// Overwrites *count with how many of the batch there are.
template <class Elements>
__global__ void __launch_bounds__(RowThreads)
    count_kernel(const cn_state* state, int64_t of_sample, Elements elements, int64_t* partial, unsigned* ticket, int64_t* count) {
    int64_t all = state->rows * of_sample;
    int64_t found = 0;
    for (int64_t i = blockIdx.x * int64_t{RowThreads} + threadIdx.x; i < all; i += gridDim.x * int64_t{RowThreads}) {
        found += elements.counts(i) ? 1 : 0;
    }
    found = block_sum<RowThreads>(found);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = found;
    }
    if (!is_last_block(ticket, gridDim.x)) {
        return;
    }
    int64_t total = 0;
    for (unsigned block = threadIdx.x; block < gridDim.x; block += RowThreads) {
        total += partial[block];
    }
    total = block_sum<RowThreads>(total);
    if (threadIdx.x == 0) {
        *count = total;
    }
}

// A block for the whole batch, or for each sample.
__global__ void __launch_bounds__(RowThreads) overlap_kernel(const cn_state* state, LossRule rule, bool per_sample, int64_t positions,
                                                             Divider classes, LossArrays arrays, Overlap* overlaps) {
    if (blockIdx.x >= state->rows) {
        return;
    }
    int64_t of_class = classes.divisor(), count = positions * (per_sample ? 1 : state->rows);
    int64_t origin = blockIdx.x * positions;
    const float* t = static_cast<const float*>(arrays.targets) + origin * of_class;
    const float* p = arrays.predictions + origin * of_class;
    OverlapSums sums{};
    for (int64_t i = threadIdx.x; i < count * of_class; i += RowThreads) {
        int64_t position = i;
        bool is_first = classes.take(position) == 0;
        double own = arrays.weights == nullptr ? 1.0 : static_cast<double>(arrays.weights[origin + position]);
        if (own != 0.0) {
            auto target = static_cast<double>(t[i]), prediction = static_cast<double>(p[i]);
            sums.products += own * (target * prediction);
            sums.targets += own * target;
            sums.predictions += own * prediction;
            sums.weight += is_first ? own : 0.0;
        }
    }
    sums = {block_sum<RowThreads>(sums.products), block_sum<RowThreads>(sums.targets), block_sum<RowThreads>(sums.predictions),
            block_sum<RowThreads>(sums.weight)};
    if (threadIdx.x == 0) {
        overlaps[blockIdx.x] = overlap_of(rule, sums);
    }
}

template <bool Whole, LossFamily Family>
__global__ void __launch_bounds__(RowThreads) loss_kernel(const cn_state* state, LossPlan plan, LossArrays arrays, const int64_t* counted,
                                                          LossSums sums, PositionResult* partial, unsigned* ticket) {
    int64_t positions = state->rows * plan.positions;
    int64_t groups = RowThreads / plan.group_size;
    int64_t of_block = groups * plan.rounds;
    int64_t blocks = (positions + of_block - 1) / of_block;
    if (blockIdx.x >= blocks) {
        return;
    }
    LossRule rule = plan.rule;
    if (Family == LossFamily::Terms && counted != nullptr && *counted == 0) {
        rule = with_signs(rule);
    }
    RowGroup<Whole> group(plan.group_size);
    double share = 1.0 / static_cast<double>(positions);
    if constexpr (Family == LossFamily::Crossentropy) {
        if (counted != nullptr) {
            share = *counted == 0 ? 0.0 : 1.0 / static_cast<double>(*counted);
        }
    }
    PositionResult sum{};
    for (int64_t round = 0; round < plan.rounds; ++round) {
        int64_t position = blockIdx.x * of_block + round * groups + group.index();
        if (position >= positions) {
            break;
        }
        int64_t at = position * plan.classes;
        Position<RowGroup<Whole>, Family> one(plan, rule, group, arrays, position, share);
        if (arrays.probabilities != nullptr) {
            one.write_probabilities(arrays.probabilities + at);
        }
        PositionResult result{};
        if (Family == LossFamily::Crossentropy && plan.rule.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            result = one.sparse(static_cast<const int32_t*>(arrays.targets)[position]);
        } else {
            result = one.dense(static_cast<const float*>(arrays.targets) + at);
        }
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
        auto count = static_cast<double>(positions);
        if constexpr (Family == LossFamily::Crossentropy) {
            if (counted != nullptr && *counted != positions) {
                total.loss *= share * count;
            }
        }
        *sums.loss += total.loss;
        *sums.correct += total.correct;
        if (sums.count != nullptr) {
            *sums.count += count;
        }
    }
}

using Kernel = void (*)(const cn_state*, LossPlan, LossArrays, const int64_t*, LossSums, PositionResult*, unsigned*);

template <bool Whole>
Kernel kernel_for(int32_t loss) {
    if (has_terms(loss)) {
        return loss_kernel<Whole, LossFamily::Terms>;
    }
    bool crossentropy = loss == CN_LOSS_CATEGORICAL_CROSSENTROPY || loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    return crossentropy ? loss_kernel<Whole, LossFamily::Crossentropy> : loss_kernel<Whole, LossFamily::Row>;
}

class LossLauncher {
public:
    LossLauncher(Context& context, const cn_loss_desc& desc, bool is_metric)
        : _context(context), _memory(sizeof(Words), context.stream()), _signs(takes_signs(desc.loss)) {
        int size = row_group_size(desc.classes);
        int64_t groups = RowThreads / size;
        int64_t blocks = (desc.batch * desc.positions + groups - 1) / groups;
        int64_t rounds = (blocks + MostBlocks - 1) / MostBlocks;
        _blocks = static_cast<unsigned>((blocks + rounds - 1) / rounds);
        _plan = {loss_rule(desc), desc.accuracy,           is_metric,         size, desc.positions, desc.classes,
                 rounds,          desc.ignores_class != 0, desc.ignored_class};
        if (is_overlap(desc.loss)) {
            _overlaps = desc.per_sample != 0 ? static_cast<unsigned>(desc.batch) : 1u;
        }
        _kernel = size == RowThreads ? kernel_for<true>(desc.loss) : kernel_for<false>(desc.loss);
        context.reserve_scratch(_blocks * static_cast<int64_t>(sizeof(PositionResult)) + _overlaps * static_cast<int64_t>(sizeof(Overlap)));
    }

    void run(const cn_state* state, LossArrays arrays, const LossSums& sums) {
        auto* words = static_cast<Words*>(_memory.data());
        const int64_t* counted = nullptr;
        if (_signs) {
            counted = count(state, _plan.positions * _plan.classes, OtherLabels{static_cast<const float*>(arrays.targets)}, words);
        } else if (_plan.ignores_class) {
            HeededPositions heeded{static_cast<const int32_t*>(arrays.targets), _plan.ignored_class};
            counted = count(state, _plan.positions, heeded, words);
        }
        if (_overlaps > 0) {
            auto* overlaps = reinterpret_cast<Overlap*>(_context.scratch<PositionResult>() + _blocks);
            arrays.per_sample = _overlaps > 1;
            _context.launch(overlap_kernel, _overlaps, RowThreads, 0, state, _plan.rule, arrays.per_sample, _plan.positions,
                            Divider(_plan.classes), arrays, overlaps);
            arrays.overlaps = overlaps;
        }
        _context.launch(_kernel, _blocks, RowThreads, 0, state, _plan, arrays, counted, sums, _context.scratch<PositionResult>(),
                        &words->ticket);
    }

private:
    // In device memory.
    struct Words {
        int64_t counted;
        unsigned ticket;
    };

    // Returns where the count will be.
    template <class Elements>
    const int64_t* count(const cn_state* state, int64_t of_sample, Elements elements, Words* words) {
        _context.launch(count_kernel<Elements>, _blocks, RowThreads, 0, state, of_sample, elements, _context.scratch<int64_t>(),
                        &words->ticket, &words->counted);
        return &words->counted;
    }

    Context& _context;
    DeviceMemory _memory;
    LossPlan _plan;
    Kernel _kernel;
    unsigned _blocks;
    unsigned _overlaps = 0;
    bool _signs;
};

class LossKernel final : public LossOp {
public:
    LossKernel(Context& context, const cn_loss_desc& desc) : _launcher(context, desc, false) {}

    void forward(const cn_state* state, const float* predictions, const void* targets, const float* weights, float* gradient,
                 float* probabilities, cn_metrics* metrics) override {
        _launcher.run(state, {predictions, targets, weights, gradient, probabilities},
                      {&metrics->loss, &metrics->correct, &metrics->count});
    }

private:
    LossLauncher _launcher;
};

class LossMetricKernel final : public MetricOp {
public:
    LossMetricKernel(Context& context, const cn_metric_desc& desc) : _launcher(context, loss_of(desc), true) {}

    void add(const cn_state* state, const float* predictions, const void* targets, const float* weights, double* sums) override {
        _launcher.run(state, {predictions, targets, weights, nullptr, nullptr}, {sums, sums + 1, nullptr});
    }

private:
    LossLauncher _launcher;
};

} // namespace

std::unique_ptr<LossOp> make_loss(Context& context, const cn_loss_desc& desc) {
    return std::make_unique<LossKernel>(context, desc);
}

std::unique_ptr<MetricOp> make_loss_metric(Context& context, const cn_metric_desc& desc) {
    return std::make_unique<LossMetricKernel>(context, desc);
}

} // namespace compiled::cuda
