// Metrics: what each sums over the positions of a batch (compiled.h, cn_metric_kind). Means of losses are computed by the loss (loss.cpp).
//
// Shapes   predictions and float targets: [rows, positions, classes]; sparse targets and weights: [rows, positions].
// Writes   adds to sums.
// Scratch  shared: partial sums of each block of positions, or its predictions and targets as one number each; per thread: counters.
// Threads  blocks of positions, whose size depends on the shape alone; sums are added in the order of the blocks, counts are whole numbers.
#include "common/metric.h"

#include "common/loss.h"
#include "first_maximum.h"
#include "ops.h"
#include "softmax_simd.h"

#include <algorithm>
#include <cmath>

namespace compiled::cpu::CN_ISA {

namespace {

class MetricKernel : public MetricOp {
public:
    MetricKernel(Context& context, const cn_metric_desc& desc)
        : _context(context), _desc(desc), _block(positions_per_block(desc.classes)),
          _most_blocks((desc.batch * desc.positions + _block - 1) / _block) {}

    void add(const cn_state* state, const float* predictions, const void* targets, const float* weights, double* sums) final {
        _predictions = predictions;
        _targets = targets;
        _weights = weights;
        _count = state->rows * _desc.positions;
        sum(sums);
    }

protected:
    virtual void sum(double* sums) = 0;

    int64_t blocks() const { return (_count + _block - 1) / _block; }

    // body(block, position, thread) for all positions, those of a block in rising order.
    template <class Body>
    void for_positions(const Body& body) {
        _context.parallel_for(blocks(), [&](int64_t item, int thread) {
            int64_t end = std::min(_count, (item + 1) * _block);
            for (int64_t position = item * _block; position < end; ++position) {
                body(item, position, thread);
            }
        });
    }

    const float* prediction(int64_t position) const { return _predictions + position * _desc.classes; }
    const float* target(int64_t position) const { return static_cast<const float*>(_targets) + position * _desc.classes; }
    double weight(int64_t position) const { return _weights == nullptr ? 1.0 : static_cast<double>(_weights[position]); }

    // What is no class gives -1.
    int64_t target_class(int64_t position) const {
        if (_desc.sparse != 0) {
            int32_t id = static_cast<const int32_t*>(_targets)[position];
            return id >= 0 && id < (has_two_classes(_desc) ? 2 : _desc.classes) ? id : -1;
        }
        return has_two_classes(_desc) ? is_positive(*target(position)) : first_maximum(target(position), _desc.classes);
    }

    Context& _context;
    cn_metric_desc _desc;
    int64_t _block;
    int64_t _most_blocks;

    // Of the run.
    const float* _predictions = nullptr;
    const void* _targets = nullptr;
    const float* _weights = nullptr;
    int64_t _count = 0;
};

// A value of each position: their sum and that of the weights.
class ValuesKernel final : public MetricKernel {
public:
    ValuesKernel(Context& context, const cn_metric_desc& desc) : MetricKernel(context, desc) {
        _context.reserve_shared_scratch(_most_blocks * static_cast<int64_t>(sizeof(Sums)));
    }

protected:
    void sum(double* sums) override {
        auto* partial = _context.shared_scratch<Sums>();
        std::fill_n(partial, blocks(), Sums{});
        for_positions([=](int64_t block, int64_t position, int) {
            double own = weight(position);
            partial[block].values += own * value(position);
            partial[block].weights += own;
        });
        for (int64_t block = 0; block < blocks(); ++block) {
            sums[0] += partial[block].values;
            sums[1] += partial[block].weights;
        }
    }

private:
    struct Sums {
        double values;
        double weights;
    };

    double value(int64_t position) const {
        const float* p = prediction(position);
        if (_desc.metric == CN_METRIC_PEARSON) {
            return correlation_of(p, target(position));
        }
        if (_desc.metric == CN_METRIC_TOP_K) {
            return is_among_first(p, target_class(position)) ? 1.0 : 0.0;
        }
        if (_desc.accuracy != CN_ACCURACY_BINARY) {
            return first_maximum(p, _desc.classes) == target_class(position) ? 1.0 : 0.0;
        }
        int64_t hits = 0;
        for (int64_t i = 0; i < _desc.classes; ++i) {
            hits += (p[i] > _desc.threshold) == is_positive(target(position)[i]) ? 1 : 0;
        }
        return static_cast<double>(hits) / static_cast<double>(_desc.classes);
    }

    double correlation_of(const float* p, const float* t) const {
        double of_t = 0.0, of_p = 0.0;
        for (int64_t i = 0; i < _desc.classes; ++i) {
            of_t += static_cast<double>(t[i]);
            of_p += static_cast<double>(p[i]);
        }
        of_t /= static_cast<double>(_desc.classes);
        of_p /= static_cast<double>(_desc.classes);
        double products = 0.0, targets = 0.0, predictions = 0.0;
        for (int64_t i = 0; i < _desc.classes; ++i) {
            double target = static_cast<double>(t[i]) - of_t, prediction = static_cast<double>(p[i]) - of_p;
            products += target * prediction;
            targets += target * target;
            predictions += prediction * prediction;
        }
        return correlation(products, targets, predictions);
    }

    bool is_among_first(const float* p, int64_t id) const {
        if (id < 0 || !std::isfinite(p[id])) {
            return false;
        }
        int64_t greater = std::count_if(p, p + _desc.classes, [=](float value) { return value > p[id]; });
        return greater < _desc.k;
    }
};

// Counters of each thread.
class CountersKernel : public MetricKernel {
public:
    CountersKernel(Context& context, const cn_metric_desc& desc) : MetricKernel(context, desc), _counters(metric_counters(desc)) {
        _context.reserve_thread_scratch(_counters * static_cast<int64_t>(sizeof(int64_t)));
    }

protected:
    virtual void count(int64_t position, int64_t* counters) const = 0;

    void sum(double* sums) override {
        for (int thread = 0; thread < _context.threads(); ++thread) {
            std::fill_n(_context.thread_scratch<int64_t>(thread), _counters, 0);
        }
        for_positions([this](int64_t, int64_t position, int thread) { count(position, _context.thread_scratch<int64_t>(thread)); });
        for (int thread = 0; thread < _context.threads(); ++thread) {
            const int64_t* counters = _context.thread_scratch<int64_t>(thread);
            for (int64_t i = 0; i < _counters; ++i) {
                sums[i] += static_cast<double>(counters[i]);
            }
        }
    }

private:
    int64_t _counters;
};

class CountsKernel final : public CountersKernel {
public:
    using CountersKernel::CountersKernel;

protected:
    void count(int64_t position, int64_t* counters) const override {
        const float *p = prediction(position), *t = target(position);
        for (int64_t i = 0; i < _desc.classes; ++i) {
            ++counters[(is_positive(t[i]) ? _desc.thresholds + 1 : 0) + thresholds_below(_desc, p[i])];
        }
    }
};

class ScoresKernel final : public CountersKernel {
public:
    using CountersKernel::CountersKernel;

protected:
    void count(int64_t position, int64_t* counters) const override {
        const float* p = prediction(position);
        int64_t classes = _desc.classes;
        bool has_threshold = _desc.threshold >= 0.0f;
        int64_t largest = has_threshold ? -1 : first_maximum(p, classes);
        int64_t id = _desc.sparse != 0 ? target_class(position) : -1;
        for (int64_t i = 0; i < classes; ++i) {
            bool predicted = has_threshold ? p[i] > _desc.threshold : i == largest;
            bool actual = _desc.sparse != 0 ? i == id : is_positive(target(position)[i]);
            if (predicted || actual) {
                ++counters[(predicted && actual ? 0 : (predicted ? 1 : 2)) * classes + i];
            }
        }
    }
};

// Classes against each other: which ones each position has is found by all threads, and counted by one, as there may be many counters.
class ClassesKernel final : public MetricKernel {
public:
    ClassesKernel(Context& context, const cn_metric_desc& desc) : MetricKernel(context, desc) {
        _context.reserve_shared_scratch(desc.batch * desc.positions * static_cast<int64_t>(sizeof(int64_t)));
    }

protected:
    void sum(double* sums) override {
        auto* places = _context.shared_scratch<int64_t>();
        int64_t classes = std::max<int64_t>(_desc.classes, 2);
        for_positions([=](int64_t, int64_t position, int) {
            const float* p = prediction(position);
            int64_t predicted = _desc.classes == 1 ? *p > _desc.threshold : first_maximum(p, classes);
            int64_t actual = target_class(position);
            places[position] = actual < 0 ? -1 : actual * classes + predicted;
        });
        for (int64_t position = 0; position < _count; ++position) {
            if (places[position] >= 0) {
                sums[places[position]] += 1.0;
            }
        }
    }
};

// For the coefficient of determination.
class R2Kernel final : public MetricKernel {
public:
    R2Kernel(Context& context, const cn_metric_desc& desc) : MetricKernel(context, desc) {
        _context.reserve_shared_scratch(_most_blocks * Parts * desc.classes * static_cast<int64_t>(sizeof(double)));
    }

protected:
    void sum(double* sums) override {
        int64_t classes = _desc.classes;
        auto* partial = _context.shared_scratch<double>();
        std::fill_n(partial, blocks() * Parts * classes, 0.0);
        for_positions([=](int64_t block, int64_t position, int) {
            double* own = partial + block * Parts * classes;
            for (int64_t i = 0; i < classes; ++i) {
                auto t = static_cast<double>(target(position)[i]);
                double difference = t - static_cast<double>(prediction(position)[i]);
                own[i] += t;
                own[classes + i] += t * t;
                own[2 * classes + i] += difference * difference;
            }
        });
        for (int64_t block = 0; block < blocks(); ++block) {
            for (int64_t i = 0; i < Parts * classes; ++i) {
                sums[i] += partial[block * Parts * classes + i];
            }
        }
        sums[Parts * classes] += static_cast<double>(_count);
    }

private:
    static constexpr int64_t Parts = 3;
};

} // namespace

std::unique_ptr<MetricOp> make_metric(Context& context, const cn_metric_desc& desc) {
    switch (desc.metric) {
    case CN_METRIC_LOSS:
        return make_loss_metric(context, desc);
    case CN_METRIC_COUNTS:
        return std::make_unique<CountsKernel>(context, desc);
    case CN_METRIC_CLASSES:
        return std::make_unique<ClassesKernel>(context, desc);
    case CN_METRIC_SCORES:
        return std::make_unique<ScoresKernel>(context, desc);
    case CN_METRIC_R2:
        return std::make_unique<R2Kernel>(context, desc);
    default:
        return std::make_unique<ValuesKernel>(context, desc);
    }
}

} // namespace compiled::cpu::CN_ISA
