// Loss: its value, its gradient and the accuracy of every position in one pass (compiled.h, cn_loss_desc).
//
// Shapes   predictions, gradient and float targets: [rows, positions, classes]; sparse targets: [rows, positions].
// Writes   overwrites gradient unless null; adds to *metrics.
// Scratch  shared: one partial sum per block of positions; per thread: the exponentials of one position when there is no gradient to
//          hold them.
// Threads  blocks of positions, whose size depends on the shape alone; their sums are added in the order of the blocks.
#include "common/loss.h"
#include "ops.h"
#include "softmax_simd.h"

#include <cmath>
#include <limits>

namespace compiled::cpu::CN_ISA {

namespace {

struct PositionResult {
    double loss;
    double correct;
};

int64_t first_maximum(const float* values, int64_t count) {
    int64_t best = 0;
    for (int64_t i = 1; i < count; ++i) {
        if (values[i] > values[best]) {
            best = i;
        }
    }
    return best;
}

class LossKernel final : public LossOp {
public:
    LossKernel(Context& context, const cn_loss_desc& desc) : _context(context), _desc(desc), _block(positions_per_block(desc.classes)) {
        int64_t positions = desc.batch * desc.positions;
        _context.reserve_shared_scratch((positions + _block - 1) / _block * static_cast<int64_t>(sizeof(PositionResult)));
        _context.reserve_thread_scratch(desc.classes * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* predictions, const void* targets, float* gradient, cn_metrics* metrics) override {
        int64_t positions = state->rows * _desc.positions;
        int64_t classes = _desc.classes;
        int64_t block = _block;
        int64_t blocks = (positions + block - 1) / block;
        auto* partial = _context.shared_scratch<PositionResult>();
        double weight = 1.0 / static_cast<double>(positions);
        _context.parallel_for(blocks, [=](int64_t item, int thread) {
            PositionResult sum{};
            int64_t end = positions - item * block < block ? positions : (item + 1) * block;
            for (int64_t position = item * block; position < end; ++position) {
                float* dp = gradient == nullptr ? nullptr : gradient + position * classes;
                PositionResult result = one(predictions + position * classes, targets, position, dp, weight, thread);
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
        metrics->loss += total.loss;
        metrics->correct += total.correct;
        metrics->count += static_cast<double>(positions);
    }

private:
    PositionResult one(const float* p, const void* targets, int64_t position, float* dp, double weight, int thread) const {
        int64_t classes = _desc.classes;
        if (_desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY) {
            int32_t target = static_cast<const int32_t*>(targets)[position];
            double correct = _desc.accuracy == CN_ACCURACY_SPARSE && first_maximum(p, classes) == target ? 1.0 : 0.0;
            if (target < 0 || target >= classes) {
                return {poison(dp), 0.0};
            }
            return {_desc.from_logits != 0 ? sparse_from_logits(p, target, dp, weight, thread)
                                           : sparse_from_probabilities(p, target, dp, weight),
                    correct};
        }
        const float* t = static_cast<const float*>(targets) + position * classes;
        double correct = accuracy(p, t, thread);
        if (_desc.loss == CN_LOSS_MEAN_SQUARED_ERROR) {
            return {squared_error(p, t, dp, weight), correct};
        }
        return {_desc.from_logits != 0 ? from_logits(p, t, dp, weight, thread) : from_probabilities(p, t, dp, weight), correct};
    }

    // A target that is no class: its row is NaN, so that it is seen.
    double poison(float* dp) const {
        for (int64_t i = 0; dp != nullptr && i < _desc.classes; ++i) {
            dp[i] = std::numeric_limits<float>::quiet_NaN();
        }
        return std::numeric_limits<double>::quiet_NaN();
    }

    double accuracy(const float* p, const float* t, int thread) const {
        int64_t classes = _desc.classes;
        if (_desc.accuracy == CN_ACCURACY_CATEGORICAL) {
            return first_maximum(p, classes) == first_maximum(t, classes) ? 1.0 : 0.0;
        }
        if (_desc.accuracy != CN_ACCURACY_BINARY) {
            return 0.0;
        }
        // The threshold is one of probabilities: of the softmax when the predictions are logits.
        double threshold = 0.5;
        if (_desc.from_logits != 0) {
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
        DoubleVec targets{}, products{};
        for_vectors(0, classes, [&](int64_t i, auto vector) {
            DoubleVec target = to_double(vector.load(t + i));
            targets += target;
            // A class without target adds nothing, even where its logit is infinite.
            Vec distance = vector.load(z + i) - shift;
            products += target * to_double(select(vector.load(t + i) != 0.0f, distance, zero()));
        });
        double target_sum = reduce_sum(targets);
        float* values = dz != nullptr ? dz : _context.thread_scratch<float>(thread);
        SoftmaxSum softmax = exponentials(z, classes, values);
        if (dz != nullptr) {
            auto factor = static_cast<float>(target_sum * weight / softmax.sum);
            auto scale = static_cast<float>(weight);
            for_vectors(0, classes,
                        [=](int64_t i, auto vector) { vector.store(dz + i, vector.load(dz + i) * factor - vector.load(t + i) * scale); });
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
            if (t[i] == 0.0f) {
                continue;
            }
            double q = static_cast<double>(p[i]) / sum;
            double target = static_cast<double>(t[i]);
            loss -= target * std::log(clip_probability(q));
            dot -= is_unclipped(q) ? target : 0.0;
        }
        for (int64_t i = 0; dp != nullptr && i < classes; ++i) {
            double q = static_cast<double>(p[i]) / sum;
            double dq = is_unclipped(q) ? -static_cast<double>(t[i]) / q : 0.0;
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
};

} // namespace

std::unique_ptr<LossOp> make_loss(Context& context, const cn_loss_desc& desc) {
    return std::make_unique<LossKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
