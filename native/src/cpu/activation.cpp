// Activation: y = f(x), dx = f'(x) dy taken from y.
//
// Shapes   x, y, dy, dx: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Threads  chunks of elements.
#include "activation_simd.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

template <int32_t Activation>
class ActivationKernel final : public ActivationOp {
public:
    ActivationKernel(Context& context, const cn_activation_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) { vector.store(y + i, activate<Activation>(vector.load(x + i))); });
        });
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
            for_vectors(begin, end, [=](int64_t i, auto vector) {
                Vec gradient = activation_gradient<Activation>(vector.load(y + i), vector.load(dy + i));
                vector.store(dx + i, accumulate ? vector.load(dx + i) + gradient : gradient);
            });
        });
    }

private:
    Context& _context;
    cn_activation_desc _desc;
};

} // namespace

std::unique_ptr<ActivationOp> make_activation(Context& context, const cn_activation_desc& desc) {
    return with_activation(desc.activation, [&](auto activation) -> std::unique_ptr<ActivationOp> {
        return std::make_unique<ActivationKernel<activation.value>>(context, desc);
    });
}

} // namespace compiled::cpu::CN_ISA
