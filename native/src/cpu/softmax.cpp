// Softmax over the last axis, and what is made like it (compiled.h, cn_softmax_function).
//
// Shapes   x, y, dy, dx: [rows, positions, classes].
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Threads  blocks of positions. Sums are double.
#include "ops.h"
#include "softmax_simd.h"

#include <cmath>

namespace compiled::cpu::CN_ISA {

namespace {

// The lanes of a vector that exist.
CN_INLINE IntVec existing(WholeVector) {
    return broadcast_int(-1);
}
CN_INLINE IntVec existing(PartialVector vector) {
    return first_lanes(vector.count);
}

struct Softmax {
    CN_INLINE static void forward(const float* x, int64_t classes, float* y) {
        SoftmaxSum sum = exponentials(x, classes, y);
        scale(y, classes, sum.inverse());
    }

    // gradient_of(y, dy), with which dx is made.
    CN_INLINE static auto gradient(const float* y, const float* dy, int64_t classes) {
        DoubleVec sums{};
        for_vectors(0, classes, [&](int64_t i, auto vector) { sums += to_double(vector.load(y + i)) * to_double(vector.load(dy + i)); });
        Vec dot = broadcast(static_cast<float>(reduce_sum(sums)));
        return [=](Vec value, Vec gradient) { return value * (gradient - dot); };
    }
};

struct LogSoftmax {
    CN_INLINE static void forward(const float* x, int64_t classes, float* y) {
        Vec shift = broadcast(maximum(x, classes));
        DoubleVec sums{};
        for_vectors(0, classes,
                    [&](int64_t i, auto vector) { sums += to_double(select(existing(vector), exp(vector.load(x + i) - shift), zero())); });
        Vec logarithm = broadcast(static_cast<float>(std::log(reduce_sum(sums))));
        for_vectors(0, classes, [=](int64_t i, auto vector) { vector.store(y + i, (vector.load(x + i) - shift) - logarithm); });
    }

    CN_INLINE static auto gradient(const float*, const float* dy, int64_t classes) {
        DoubleVec sums{};
        for_vectors(0, classes, [&](int64_t i, auto vector) { sums += to_double(vector.load(dy + i)); });
        Vec sum = broadcast(static_cast<float>(reduce_sum(sums)));
        return [=](Vec value, Vec gradient) { return gradient - exp(value) * sum; };
    }
};

struct Sparsemax {
    CN_INLINE static void forward(const float* x, int64_t classes, float* y) {
        float largest = maximum(x, classes);
        Vec shift = broadcast(largest), tau = broadcast(static_cast<float>(find_threshold(x, classes, largest)));
        for_vectors(0, classes, [=](int64_t i, auto vector) {
            Vec rest = (vector.load(x + i) - shift) - tau;
            vector.store(y + i, select(rest <= zero(), zero(), rest)); // a NaN stays one
        });
    }

    CN_INLINE static auto gradient(const float* y, const float* dy, int64_t classes) {
        DoubleVec sums{}, counts{};
        for_vectors(0, classes, [&](int64_t i, auto vector) {
            IntVec outside = vector.load(y + i) <= zero();
            sums += to_double(select(outside, zero(), vector.load(dy + i)));
            counts += to_double(select(outside, zero(), broadcast(1.0f)));
        });
        Vec mean = broadcast(static_cast<float>(reduce_sum(sums) / reduce_sum(counts)));
        return [=](Vec value, Vec gradient) { return select(value <= zero(), zero(), gradient - mean); };
    }

private:
    // tau of x - largest (Michelot, 1986): of the candidates, those that lie below the tau that they would have together drop out, until
    // none does. What is not above -1 never is a candidate. NaN where x has one, or no finite maximum.
    CN_INLINE static double find_threshold(const float* x, int64_t classes, float largest) {
        Vec shift = broadcast(largest);
        double tau = -1.0, candidates = -1.0;
        while (true) {
            Vec bound = broadcast(static_cast<float>(tau));
            DoubleVec sums{}, counts{};
            for_vectors(0, classes, [&](int64_t i, auto vector) {
                Vec value = vector.load(x + i) - shift;
                IntVec inside = existing(vector) & ~(value <= bound);
                sums += to_double(select(inside, value, zero()));
                counts += to_double(select(inside, broadcast(1.0f), zero()));
            });
            double sum = reduce_sum(sums), count = reduce_sum(counts);
            if (!(sum <= 0.0)) {
                return NAN;
            }
            if (count == candidates) {
                return tau;
            }
            candidates = count;
            double next = (sum - 1.0) / count;
            tau = next > tau ? next : tau;
        }
    }
};

template <class Function>
class SoftmaxKernel final : public SoftmaxOp {
public:
    SoftmaxKernel(Context& context, const cn_softmax_desc& desc)
        : _context(context), _desc(desc), _block(positions_per_block(desc.classes)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int64_t classes = _desc.classes;
        for_positions(state->rows, [=](int64_t position) { Function::forward(x + position * classes, classes, y + position * classes); });
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        int64_t classes = _desc.classes;
        for_positions(state->rows, [=](int64_t position) {
            const float* values = y + position * classes;
            const float* gradients = dy + position * classes;
            float* target = dx + position * classes;
            auto gradient_of = Function::gradient(values, gradients, classes);
            for_vectors(0, classes, [=](int64_t i, auto vector) {
                Vec gradient = gradient_of(vector.load(values + i), vector.load(gradients + i));
                vector.store(target + i, accumulate ? vector.load(target + i) + gradient : gradient);
            });
        });
    }

private:
    template <class Body>
    void for_positions(int64_t rows, const Body& body) {
        int64_t positions = rows * _desc.positions;
        int64_t block = _block;
        _context.parallel_for((positions + block - 1) / block, [=, &body](int64_t item, int) {
            int64_t end = positions - item * block < block ? positions : (item + 1) * block;
            for (int64_t position = item * block; position < end; ++position) {
                body(position);
            }
        });
    }

    Context& _context;
    cn_softmax_desc _desc;
    int64_t _block;
};

} // namespace

std::unique_ptr<SoftmaxOp> make_softmax(Context& context, const cn_softmax_desc& desc) {
    switch (desc.function) {
    case CN_SOFTMAX_FUNCTION_LOG_SOFTMAX:
        return std::make_unique<SoftmaxKernel<LogSoftmax>>(context, desc);
    case CN_SOFTMAX_FUNCTION_SPARSEMAX:
        return std::make_unique<SoftmaxKernel<Sparsemax>>(context, desc);
    default:
        return std::make_unique<SoftmaxKernel<Softmax>>(context, desc);
    }
}

} // namespace compiled::cpu::CN_ISA
