// Activation: y = f(x), dx = f'(.) dy, taken from y or, for those that have it there (activation_keeps_input), from x.
//
// Shapes   x, y, dy, dx: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Threads  chunks of elements.
#include "activation_simd.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

class ActivationKernel final : public ActivationOp {
public:
    ActivationKernel(Context& context, const cn_activation_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.alpha, desc.upper, desc.threshold, desc.value)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        with_activation(_rule, [&](auto activation) {
            for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
                for_vectors(begin, end,
                            [=](int64_t i, auto vector) { vector.store(y + i, activate<activation.value>(_rule, vector.load(x + i))); });
            });
        });
    }

    void backward(const cn_state* state, const float* x, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        if (activation_keeps_input(_desc.activation)) {
            run_backward(state->rows, x, dy, dx,
                         [this](Vec value, Vec gradient) { return gradient * activation_input_slope<ActivationMaths>(_rule, value); });
            return;
        }
        with_activation(_rule, [&](auto activation) {
            run_backward(state->rows, y, dy, dx, [this](Vec value, Vec gradient) {
                return activation_gradient<decltype(activation)::value>(_rule, value, gradient);
            });
        });
    }

private:
    template <class Gradient>
    void run_backward(int64_t rows, const float* values, const float* dy, float* dx, const Gradient& gradient_of) {
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        for_chunks(_context, rows * _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec gradient = gradient_of(vector.load(values + i), vector.load(dy + i));
                vector.store(dx + i, accumulate ? vector.load(dx + i) + gradient : gradient);
            });
        });
    }

    Context& _context;
    cn_activation_desc _desc;
    ActivationRule _rule;
};

} // namespace

std::unique_ptr<ActivationOp> make_activation(Context& context, const cn_activation_desc& desc) {
    return std::make_unique<ActivationKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
