// Activation: y = f(x), dx = f'(.) dy, taken from y or, for those that have it there (activation_keeps_input), from x.
//
// Shapes   x, y, dy, dx: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Blocks   packs of elements.
#include "activation.h"

#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

// `Stage`: an activation that may end a stage.
template <bool Stage, int Width>
__global__ void __launch_bounds__(ElementThreads)
    activation_forward_kernel(const cn_state* state, int64_t count, ActivationRule rule, const float* x, float* y) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto pack = Pack<Width>::load(x + i);
        if constexpr (Stage) {
            activate(rule, pack.values);
        } else {
            for (float& value : pack.values) {
                value = activate_other<ActivationMaths>(rule, value);
            }
        }
        pack.store(y + i);
    });
}

// `values` are y, or x where there is no `Stage`.
template <bool Stage, int Width>
__global__ void __launch_bounds__(ElementThreads)
    activation_backward_kernel(const cn_state* state, int64_t count, ActivationRule rule, bool accumulate, const float* values,
                               const float* dy, float* dx) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto known = Pack<Width>::load(values + i), gradients = Pack<Width>::load(dy + i);
        if constexpr (Stage) {
            activation_gradient(rule, known.values, gradients.values);
        } else {
            for (int e = 0; e < Width; ++e) {
                gradients.values[e] *= activation_input_slope<ActivationMaths>(rule, known.values[e]);
            }
        }
        if (accumulate) {
            auto sums = Pack<Width>::load(dx + i);
            for (int e = 0; e < Width; ++e) {
                gradients.values[e] += sums.values[e];
            }
        }
        gradients.store(dx + i);
    });
}

class ActivationKernel final : public ActivationOp {
public:
    ActivationKernel(Context& context, const cn_activation_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.alpha, desc.upper, desc.threshold, desc.value)),
          _stage(!activation_keeps_input(desc.activation)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int width = pack_width(_desc.count, x, y);
        auto* packs = _stage ? activation_forward_kernel<true, 4> : activation_forward_kernel<false, 4>;
        auto* elements = _stage ? activation_forward_kernel<true, 1> : activation_forward_kernel<false, 1>;
        _context.launch(width == 4 ? packs : elements, grid(width), ElementThreads, 0, state, _desc.count, _rule, x, y);
    }

    void backward(const cn_state* state, const float* x, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        const float* values = _stage ? y : x;
        int width = pack_width(_desc.count, values, dy, dx);
        auto* packs = _stage ? activation_backward_kernel<true, 4> : activation_backward_kernel<false, 4>;
        auto* elements = _stage ? activation_backward_kernel<true, 1> : activation_backward_kernel<false, 1>;
        _context.launch(width == 4 ? packs : elements, grid(width), ElementThreads, 0, state, _desc.count, _rule,
                        _desc.input_gradient == CN_GRADIENT_ACCUMULATE, values, dy, dx);
    }

private:
    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.count, width); }

    Context& _context;
    cn_activation_desc _desc;
    ActivationRule _rule;
    bool _stage;
};

} // namespace

std::unique_ptr<ActivationOp> make_activation(Context& context, const cn_activation_desc& desc) {
    return std::make_unique<ActivationKernel>(context, desc);
}

} // namespace compiled::cuda
