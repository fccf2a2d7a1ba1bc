// Activation: y = f(x), dx = f'(x) dy taken from y.
//
// Shapes   x, y, dy, dx: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Blocks   packs of elements.
#include "activation.h"

#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

template <int32_t Activation, int Width>
__global__ void activation_forward_kernel(const cn_state* state, int64_t count, const float* x, float* y) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto pack = Pack<Width>::load(x + i);
        for (float& value : pack.values) {
            value = activate<Activation>(value);
        }
        pack.store(y + i);
    });
}

template <int32_t Activation, bool Accumulate, int Width>
__global__ void activation_backward_kernel(const cn_state* state, int64_t count, const float* y, const float* dy, float* dx) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto outputs = Pack<Width>::load(y + i), gradients = Pack<Width>::load(dy + i);
        Pack<Width> sums{};
        if constexpr (Accumulate) {
            sums = Pack<Width>::load(dx + i);
        }
        for (int e = 0; e < Width; ++e) {
            sums.values[e] += activation_gradient<Activation>(outputs.values[e], gradients.values[e]);
        }
        sums.store(dx + i);
    });
}

template <int32_t Activation>
class ActivationKernel final : public ActivationOp {
public:
    ActivationKernel(Context& context, const cn_activation_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int width = pack_width(_desc.count, x, y);
        auto* kernel = width == 4 ? activation_forward_kernel<Activation, 4> : activation_forward_kernel<Activation, 1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.count, x, y);
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
            run_backward<true>(state, y, dy, dx);
        } else if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            run_backward<false>(state, y, dy, dx);
        }
    }

private:
    template <bool Accumulate>
    void run_backward(const cn_state* state, const float* y, const float* dy, float* dx) {
        int width = pack_width(_desc.count, y, dy, dx);
        auto* kernel =
            width == 4 ? activation_backward_kernel<Activation, Accumulate, 4> : activation_backward_kernel<Activation, Accumulate, 1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.count, y, dy, dx);
    }

    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.count, width); }

    Context& _context;
    cn_activation_desc _desc;
};

} // namespace

std::unique_ptr<ActivationOp> make_activation(Context& context, const cn_activation_desc& desc) {
    return with_activation(desc.activation, [&](auto activation) -> std::unique_ptr<ActivationOp> {
        return std::make_unique<ActivationKernel<activation.value>>(context, desc);
    });
}

} // namespace compiled::cuda
