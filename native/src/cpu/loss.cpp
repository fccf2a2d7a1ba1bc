// Loss: its value, its gradient and the accuracy of every position in one pass (compiled.h, cn_loss_desc).
//
// Shapes   predictions, gradient, probabilities and float targets: [rows, positions, classes]; sparse targets and weights:
//          [rows, positions].
// Writes   overwrites gradient and probabilities unless null; adds to *metrics.
// Ignored  Where positions may be, the others are counted first.
// Overlaps Dice and Tversky first sum over the batch, or each of its samples; then every position has the value of those sums.
// Scratch  shared: one partial sum per block of positions, of overlaps another, and one per sample; per thread: the exponentials of one
//          position when there is no gradient to hold them.
// Threads  blocks of positions, whose size depends on the shape alone; their sums are added in the order of the blocks.
#include "common/loss.h"

#include "common/metric.h"
#include "first_maximum.h"
#include "ops.h"
#include "softmax_simd.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace compiled::cpu::CN_ISA {

namespace {

struct PositionResult {
    double loss;
    double correct; // of a metric: the weight
};

// Of a batch; those that may be null are.
struct LossArrays {
    const float* predictions;
    const void* targets;
    const float* weights;
    float* gradient;
    float* probabilities;
    const Overlap* overlaps = nullptr; // of every `of_overlap` positions
    int64_t of_overlap = 1;
};

class LossValues {
public:
    LossValues(Context& context, const cn_loss_desc& desc, bool is_metric)
        : _context(context), _desc(desc), _block(positions_per_block(desc.classes)), _rule(loss_rule(desc)), _is_metric(is_metric) {
        int64_t positions = desc.batch * desc.positions;
        _partials = (positions + _block - 1) / _block;
        int64_t bytes = _partials * static_cast<int64_t>(sizeof(PositionResult));
        if (is_overlap(desc.loss)) {
            bytes += overlap_partials() * static_cast<int64_t>(sizeof(OverlapSums)) + desc.batch * static_cast<int64_t>(sizeof(Overlap));
        }
        _context.reserve_shared_scratch(bytes);
        _context.reserve_thread_scratch(desc.classes * static_cast<int64_t>(sizeof(float)));
    }

    // The sums over all positions.
    PositionResult sum(LossArrays arrays, int64_t positions) {
        if (is_overlap(_desc.loss)) {
            arrays.of_overlap = _desc.per_sample != 0 ? _desc.positions : positions;
            arrays.overlaps = find_overlaps(arrays, positions);
        }
        int64_t block = _block;
        int64_t blocks = (positions + block - 1) / block;
        LossRule rule = takes_signs(_desc.loss) && are_bits(static_cast<const float*>(arrays.targets), positions * _desc.classes)
                            ? with_signs(_rule)
                            : _rule;
        auto* partial = _context.shared_scratch<PositionResult>();
        int64_t heeded = _desc.ignores_class != 0 ? heeded_positions(static_cast<const int32_t*>(arrays.targets), positions) : positions;
        double share = heeded == 0 ? 0.0 : 1.0 / static_cast<double>(heeded);
        _context.parallel_for(blocks, [=](int64_t item, int thread) {
            PositionResult sum{};
            int64_t end = positions - item * block < block ? positions : (item + 1) * block;
            for (int64_t position = item * block; position < end; ++position) {
                PositionResult result = one(arrays, rule, position, share, thread);
                sum.loss += result.loss;
                sum.correct += result.correct;
            }
            partial[item] = sum;
        });
        PositionResult total{};
        for (int64_t item = 0; item < blocks; ++item) {
            total.loss += partial[item].loss;
            total.correct += partial[item].correct;
        }
        if (heeded != positions) {
            total.loss *= share * static_cast<double>(positions);
        }
        return total;
    }

private:
    bool is_ignored(int32_t target) const { return _desc.ignores_class != 0 && target == _desc.ignored_class; }

    int64_t heeded_positions(const int32_t* targets, int64_t positions) const {
        return positions - std::count(targets, targets + positions, _desc.ignored_class);
    }

    // At most: each sample may end with a block that is not full.
    int64_t overlap_partials() const { return _partials + _desc.batch; }

    // Of each group of positions, in the scratch memory.
    const Overlap* find_overlaps(const LossArrays& arrays, int64_t positions) {
        int64_t block = _block, of_group = arrays.of_overlap, groups = positions / of_group, blocks = (of_group + block - 1) / block;
        auto* partial = reinterpret_cast<OverlapSums*>(_context.shared_scratch<PositionResult>() + _partials);
        auto* overlaps = reinterpret_cast<Overlap*>(partial + overlap_partials());
        _context.parallel_for(groups * blocks, [=](int64_t item, int) {
            int64_t first = item % blocks * block, end = std::min(of_group, first + block), origin = item / blocks * of_group;
            OverlapSums sums{};
            for (int64_t position = origin + first; position < origin + end; ++position) {
                add_overlap(arrays, position, sums);
            }
            partial[item] = sums;
        });
        for (int64_t group = 0; group < groups; ++group) {
            OverlapSums sums{};
            for (int64_t i = group * blocks; i < (group + 1) * blocks; ++i) {
                sums.products += partial[i].products;
                sums.targets += partial[i].targets;
                sums.predictions += partial[i].predictions;
                sums.weight += partial[i].weight;
            }
            overlaps[group] = overlap_of(_rule, sums);
        }
        return overlaps;
    }

    void add_overlap(const LossArrays& arrays, int64_t position, OverlapSums& sums) const {
        double own = arrays.weights == nullptr ? 1.0 : static_cast<double>(arrays.weights[position]);
        if (own == 0.0) {
            return;
        }
        const float* p = arrays.predictions + position * _desc.classes;
        const float* t = static_cast<const float*>(arrays.targets) + position * _desc.classes;
        double products = 0.0, targets = 0.0, predictions = 0.0;
        for (int64_t i = 0; i < _desc.classes; ++i) {
            products += static_cast<double>(t[i]) * static_cast<double>(p[i]);
            targets += static_cast<double>(t[i]);
            predictions += static_cast<double>(p[i]);
        }
        sums.products += own * products;
        sums.targets += own * targets;
        sums.predictions += own * predictions;
        sums.weight += own;
    }

    static bool are_bits(const float* labels, int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
            if (labels[i] != 0.0f && labels[i] != 1.0f) {
                return false;
            }
        }
        return true;
    }

    PositionResult one(const LossArrays& arrays, const LossRule& rule, int64_t position, double share, int thread) const {
        int64_t classes = _desc.classes;
        const float* p = arrays.predictions + position * classes;
        float* dp = arrays.gradient == nullptr ? nullptr : arrays.gradient + position * classes;
        // All that reads the predictions comes before the gradient, which may take their place.
        if (arrays.probabilities != nullptr) {
            write_probabilities(p, arrays.probabilities + position * classes);
        }
        double own = arrays.weights == nullptr ? 1.0 : static_cast<double>(arrays.weights[position]);
        double correct = _is_metric ? own : hits(arrays, p, position, thread);
        if (own == 0.0) {
            std::fill_n(dp, dp == nullptr ? 0 : classes, 0.0f);
            return {0.0, correct};
        }
        return {own * value(arrays, rule, p, position, dp, own * share, thread), correct};
    }

    double value(const LossArrays& arrays, const LossRule& rule, const float* p, int64_t position, float* dp, double weight,
                 int thread) const {
        int64_t classes = _desc.classes;
        if (_desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            int32_t target = static_cast<const int32_t*>(arrays.targets)[position];
            if (is_ignored(target)) {
                std::fill_n(dp, dp == nullptr ? 0 : classes, 0.0f);
                return 0.0;
            }
            if (target < 0 || target >= classes) {
                return poison(dp);
            }
            return _desc.from_logits != 0 ? sparse_from_logits(p, target, dp, weight, thread)
                                          : sparse_from_probabilities(p, target, dp, weight);
        }
        const float* t = static_cast<const float*>(arrays.targets) + position * classes;
        switch (_desc.loss) {
        case CN_LOSS_MEAN_SQUARED_ERROR:
            return squared_error(p, t, dp, weight);
        case CN_LOSS_CATEGORICAL_CROSSENTROPY:
            return _desc.from_logits != 0 ? from_logits(p, t, dp, weight, thread) : from_probabilities(p, t, dp, weight);
        case CN_LOSS_COSINE_SIMILARITY:
            return cosine(p, t, dp, weight);
        case CN_LOSS_CATEGORICAL_HINGE:
            return categorical_hinge(p, t, dp, weight);
        case CN_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY:
            return categorical_focal(p, t, dp, weight);
        case CN_LOSS_DICE:
        case CN_LOSS_TVERSKY:
            return overlap(arrays.overlaps[position / arrays.of_overlap], t, dp, weight);
        default:
            return terms(rule, p, t, dp, weight);
        }
    }

    double target(float t) const { return _rule.keep * static_cast<double>(t) + _rule.add; }

    void write_probabilities(const float* z, float* probabilities) const {
        int64_t classes = _desc.classes;
        if (!is_binary(_rule)) {
            scale(probabilities, classes, exponentials(z, classes, probabilities).inverse());
            return;
        }
        for (int64_t i = 0; i < classes; ++i) {
            probabilities[i] = static_cast<float>(probability_of(static_cast<double>(z[i])));
        }
    }

    double terms(const LossRule& rule, const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        double share = term_share(_desc.loss, classes);
        double sum = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            LossTerm term = loss_term(rule, t[i], p[i]);
            sum += term.value;
            if (dp != nullptr) {
                dp[i] = static_cast<float>(term.slope * share * weight);
            }
        }
        return sum * share;
    }

    double cosine(const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        CosineSums sums{};
        for (int64_t i = 0; i < classes; ++i) {
            auto target = static_cast<double>(t[i]), prediction = static_cast<double>(p[i]);
            sums.targets += target * target;
            sums.predictions += prediction * prediction;
            sums.products += target * prediction;
        }
        CosineLoss loss = cosine_loss(sums);
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            double slope = loss.target_factor * static_cast<double>(t[i]) + loss.prediction_factor * static_cast<double>(p[i]);
            dp[i] = static_cast<float>(slope * weight);
        }
        return loss.value;
    }

    double overlap(const Overlap& whole, const float* t, float* dp, double weight) const {
        for (int64_t i = 0; dp != nullptr && i < _desc.classes; ++i) {
            auto target = static_cast<double>(t[i]);
            dp[i] = static_cast<float>((whole.of_target * target + whole.of_rest * (1.0 - target)) * weight);
        }
        return whole.value;
    }

    // The best of the wrong classes and the right one should be 1 apart.
    double categorical_hinge(const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        int64_t best = 0;
        double largest = 0.0, right = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            double wrong = (1.0 - static_cast<double>(t[i])) * static_cast<double>(p[i]);
            right += static_cast<double>(t[i]) * static_cast<double>(p[i]);
            if (i == 0 || wrong > largest) {
                largest = wrong;
                best = i;
            }
        }
        double lack = at_least(0.0, largest - right + 1.0);
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            auto target = static_cast<double>(t[i]);
            double slope = (i == best ? 1.0 - target : 0.0) - target;
            dp[i] = static_cast<float>((lack > 0.0 ? slope : 0.0 * lack) * weight);
        }
        return lack;
    }

    // Of the classes' shares q: dp = (dq - sum(dq q)) / sum p, or of logits dz = q (dq - sum(dq q)).
    double categorical_focal(const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        bool logits = _desc.from_logits != 0;
        double shift = logits ? static_cast<double>(maximum(p, classes)) : 0.0;
        auto part = [=](int64_t i) { return logits ? std::exp(static_cast<double>(p[i]) - shift) : static_cast<double>(p[i]); };
        double sum = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            sum += part(i);
        }
        double value = 0.0, dot = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            double share = part(i) / sum;
            LossTerm term = focal_share(_rule, t[i], share);
            value += term.value;
            dot += term.slope * share;
        }
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            double share = part(i) / sum;
            double slope = focal_share(_rule, t[i], share).slope - dot;
            dp[i] = static_cast<float>(slope * (logits ? share : 1.0 / sum) * weight);
        }
        return value;
    }

    // A target that is no class: its row is NaN, so that it is seen.
    double poison(float* dp) const {
        for (int64_t i = 0; dp != nullptr && i < _desc.classes; ++i) {
            dp[i] = std::numeric_limits<float>::quiet_NaN();
        }
        return std::numeric_limits<double>::quiet_NaN();
    }

    double hits(const LossArrays& arrays, const float* p, int64_t position, int thread) const {
        int64_t classes = _desc.classes;
        if (_desc.accuracy == CN_ACCURACY_SPARSE) {
            return first_maximum(p, classes) == static_cast<const int32_t*>(arrays.targets)[position] ? 1.0 : 0.0;
        }
        const float* t = static_cast<const float*>(arrays.targets) + position * classes;
        if (_desc.accuracy == CN_ACCURACY_CATEGORICAL) {
            return first_maximum(p, classes) == first_maximum(t, classes) ? 1.0 : 0.0;
        }
        if (_desc.accuracy != CN_ACCURACY_BINARY) {
            return 0.0;
        }
        // The threshold is one of probabilities: of the sigmoid or the softmax when the predictions are logits.
        double threshold = _desc.from_logits != 0 ? 0.0 : 0.5;
        if (_desc.from_logits != 0 && !is_binary(_rule)) {
            auto* scratch = _context.thread_scratch<float>(thread);
            threshold = 0.5 * exponentials(p, classes, scratch).sum;
            p = scratch;
        }
        int64_t hits = 0;
        for (int64_t i = 0; i < classes; ++i) {
            hits += (p[i] > threshold) == (t[i] > 0.5f) ? 1 : 0;
        }
        return static_cast<double>(hits) / static_cast<double>(classes);
    }

    double squared_error(const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        auto factor = static_cast<float>(2.0 / static_cast<double>(classes) * weight);
        DoubleVec sums{};
        for_vectors(0, classes, [&](int64_t i, auto vector) {
            Vec difference = vector.load(p + i) - vector.load(t + i);
            DoubleVec exact = to_double(difference);
            sums += exact * exact;
            if (dp != nullptr) {
                vector.store(dp + i, difference * factor);
            }
        });
        return reduce_sum(sums) / static_cast<double>(classes);
    }

    // loss = log(sum exp z) sum t - sum t z;  dz = (softmax(z) sum t - t) weight.
    double from_logits(const float* z, const float* t, float* dz, double weight, int thread) const {
        int64_t classes = _desc.classes;
        // The two sums come before dz is written: it may be the array of the logits.
        float shift = maximum(z, classes);
        auto keep = static_cast<float>(_rule.keep), add = static_cast<float>(_rule.add);
        DoubleVec targets{}, products{};
        for_vectors(0, classes, [&](int64_t i, auto vector) {
            Vec smooth = vector.load(t + i) * keep + add;
            if constexpr (std::is_same_v<decltype(vector), PartialVector>) {
                smooth = select(first_lanes(vector.count), smooth, zero());
            }
            DoubleVec target = to_double(smooth);
            targets += target;
            // A class without target adds nothing, even where its logit is infinite.
            Vec distance = vector.load(z + i) - shift;
            products += target * to_double(select(smooth != 0.0f, distance, zero()));
        });
        double target_sum = reduce_sum(targets);
        float* values = dz != nullptr ? dz : _context.thread_scratch<float>(thread);
        SoftmaxSum softmax = exponentials(z, classes, values);
        if (dz != nullptr) {
            auto factor = static_cast<float>(target_sum * weight / softmax.sum);
            auto scale = static_cast<float>(weight);
            for_vectors(0, classes, [=](int64_t i, auto vector) {
                vector.store(dz + i, vector.load(dz + i) * factor - (vector.load(t + i) * keep + add) * scale);
            });
        }
        return std::log(softmax.sum) * target_sum - reduce_sum(products);
    }

    double sparse_from_logits(const float* z, int32_t target, float* dz, double weight, int thread) const {
        int64_t classes = _desc.classes;
        float logit = z[target];
        float* values = dz != nullptr ? dz : _context.thread_scratch<float>(thread);
        SoftmaxSum softmax = exponentials(z, classes, values);
        if (dz != nullptr) {
            scale(dz, classes, static_cast<float>(weight / softmax.sum));
            dz[target] -= static_cast<float>(weight);
        }
        return std::log(softmax.sum) - (static_cast<double>(logit) - static_cast<double>(softmax.maximum));
    }

    // q = p / sum p, clipped: loss = -sum t log q;  dp = (dq - sum(dq q)) / sum p, with dq = -t / q where the clip lets it through.
    double from_probabilities(const float* p, const float* t, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        double sum = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            sum += static_cast<double>(p[i]);
        }
        double loss = 0.0, dot = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            double smooth = target(t[i]);
            if (smooth == 0.0) {
                continue;
            }
            double q = static_cast<double>(p[i]) / sum;
            loss -= smooth * std::log(clip_probability(q));
            dot -= is_unclipped(q) ? smooth : 0.0;
        }
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            double q = static_cast<double>(p[i]) / sum;
            double dq = is_unclipped(q) ? -target(t[i]) / q : 0.0;
            dp[i] = static_cast<float>((dq - dot) / sum * weight);
        }
        return loss;
    }

    // q = p clipped, then normalised: loss = log(sum q) - log q[target];  dp = 1 / sum q, less 1 / q at the target, inside the clip.
    double sparse_from_probabilities(const float* p, int32_t target, float* dp, double weight) const {
        int64_t classes = _desc.classes;
        double sum = 0.0;
        for (int64_t i = 0; i < classes; ++i) {
            sum += clip_probability(static_cast<double>(p[i]));
        }
        double loss = std::log(sum) - std::log(clip_probability(static_cast<double>(p[target])));
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            double q = static_cast<double>(p[i]);
            double dq = 1.0 / sum - (i == target ? 1.0 / clip_probability(q) : 0.0);
            dp[i] = is_unclipped(q) ? static_cast<float>(dq * weight) : 0.0f;
        }
        return loss;
    }

    Context& _context;
    cn_loss_desc _desc;
    int64_t _block;
    int64_t _partials; // blocks of a whole batch
    LossRule _rule;
    bool _is_metric;
};

class LossKernel final : public LossOp {
public:
    LossKernel(Context& context, const cn_loss_desc& desc) : _positions(desc.positions), _values(context, desc, false) {}

    void forward(const cn_state* state, const float* predictions, const void* targets, const float* weights, float* gradient,
                 float* probabilities, cn_metrics* metrics) override {
        int64_t positions = state->rows * _positions;
        PositionResult total = _values.sum({predictions, targets, weights, gradient, probabilities}, positions);
        metrics->loss += total.loss;
        metrics->correct += total.correct;
        metrics->count += static_cast<double>(positions);
    }

private:
    int64_t _positions;
    LossValues _values;
};

class LossMetricKernel final : public MetricOp {
public:
    LossMetricKernel(Context& context, const cn_metric_desc& desc) : _positions(desc.positions), _values(context, loss_of(desc), true) {}

    void add(const cn_state* state, const float* predictions, const void* targets, const float* weights, double* sums) override {
        PositionResult total = _values.sum({predictions, targets, weights, nullptr, nullptr}, state->rows * _positions);
        sums[0] += total.loss;
        sums[1] += total.correct;
    }

private:
    int64_t _positions;
    LossValues _values;
};

} // namespace

std::unique_ptr<LossOp> make_loss(Context& context, const cn_loss_desc& desc) {
    return std::make_unique<LossKernel>(context, desc);
}

std::unique_ptr<MetricOp> make_loss_metric(Context& context, const cn_metric_desc& desc) {
    return std::make_unique<LossMetricKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
