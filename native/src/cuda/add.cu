// Sum of inputs: y = f(x_0 + x_1 + ...); every dx_i = f'(y) dy, f' taken from y.
//
// Shapes   x_i, y, dy, dx_i: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be an x_i); backward overwrites each dx_i (which may then be dy) or adds to it, in their order,
//          pack by pack: two of them may be one array.
// Blocks   packs of elements.
#include "activation.h"

#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

struct AddSources {
    const float* at[4]; // null: none
};

struct AddTargets {
    float* at[4];
    int32_t modes[4];
};

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    add_forward_kernel(const cn_state* state, int64_t count, ActivationRule activation, AddSources x, float* y) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        Pack<Width> packs[4] = {};
        CN_UNROLL
        for (int input = 0; input < 4; ++input) {
            if (x.at[input] != nullptr) {
                packs[input] = Pack<Width>::load(x.at[input] + i);
            }
        }
        CN_UNROLL
        for (int input = 1; input < 4; ++input) {
            if (x.at[input] != nullptr) { // the sum of what is -0 stays that
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    packs[0].values[e] += packs[input].values[e];
                }
            }
        }
        activate(activation, packs[0].values);
        packs[0].store(y + i);
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    add_backward_kernel(const cn_state* state, int64_t count, ActivationRule activation, const float* y, const float* dy, AddTargets dx) {
    for_packs<Width>(state->rows * count, [=](int64_t i) {
        auto gradients = Pack<Width>::load(dy + i);
        if (activation.form != ActivationForm::Linear) { // else y may be null
            auto outputs = Pack<Width>::load(y + i);
            activation_gradient(activation, outputs.values, gradients.values);
        }
        CN_UNROLL
        for (int input = 0; input < 4; ++input) {
            auto sums = gradients;
            if (dx.modes[input] == CN_GRADIENT_ACCUMULATE) {
                auto old = Pack<Width>::load(dx.at[input] + i);
                CN_UNROLL
                for (int e = 0; e < Width; ++e) {
                    sums.values[e] += old.values[e];
                }
            }
            if (dx.modes[input] != CN_GRADIENT_NONE) {
                sums.store(dx.at[input] + i);
            }
        }
    });
}

class AddKernel final : public AddOp {
public:
    AddKernel(Context& context, const cn_add_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.activation_alpha)) {}

    void forward(const cn_state* state, const float* const (&x)[4], float* y) override {
        int width = pack_width(_desc.count, x[0], x[1], x[2], x[3], y);
        auto* kernel = width == 4 ? add_forward_kernel<4> : add_forward_kernel<1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.count, _rule, AddSources{{x[0], x[1], x[2], x[3]}}, y);
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* const (&dx)[4]) override {
        AddTargets targets{{dx[0], dx[1], dx[2], dx[3]}, {_desc.gradient_0, _desc.gradient_1, _desc.gradient_2, _desc.gradient_3}};
        if (dx[0] == nullptr && dx[1] == nullptr && dx[2] == nullptr && dx[3] == nullptr) {
            return;
        }
        int width = pack_width(_desc.count, y, dy, dx[0], dx[1], dx[2], dx[3]);
        auto* kernel = width == 4 ? add_backward_kernel<4> : add_backward_kernel<1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.count, _rule, y, dy, targets);
    }

private:
    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.count, width); }

    Context& _context;
    cn_add_desc _desc;
    ActivationRule _rule;
};

} // namespace

std::unique_ptr<AddOp> make_add(Context& context, const cn_add_desc& desc) {
    return std::make_unique<AddKernel>(context, desc);
}

} // namespace compiled::cuda
