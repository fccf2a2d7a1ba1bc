// Softmax over the last axis: y = exp(x - max x) / sum; dx = y * (dy - sum(dy * y)).
//
// Shapes   x, y, dy, dx: [rows, positions, classes].
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Threads  blocks of positions. Sums are double.
#include "ops.h"
#include "softmax_simd.h"

namespace compiled::cpu::CN_ISA {

namespace {

class SoftmaxKernel final : public SoftmaxOp {
public:
    SoftmaxKernel(Context& context, const cn_softmax_desc& desc)
        : _context(context), _desc(desc), _block(positions_per_block(desc.classes)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int64_t classes = _desc.classes;
        for_positions(state->rows, [=](int64_t position) {
            const float* logits = x + position * classes;
            float* probabilities = y + position * classes;
            SoftmaxSum sum = exponentials(logits, classes, probabilities);
            scale(probabilities, classes, sum.inverse());
        });
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
            DoubleVec sums{};
            for_vectors(0, classes, [&](int64_t i, auto vector) {
                sums += to_double(vector.load(values + i)) * to_double(vector.load(gradients + i));
            });
            Vec dot = broadcast(static_cast<float>(reduce_sum(sums)));
            for_vectors(0, classes, [=](int64_t i, auto vector) {
                Vec gradient = vector.load(values + i) * (vector.load(gradients + i) - dot);
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
    return std::make_unique<SoftmaxKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
