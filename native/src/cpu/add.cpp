// Sum of inputs: y = f(x_0 + x_1 + ...); every dx_i = f'(y) dy, f' taken from y.
//
// Shapes   x_i, y, dy, dx_i: [rows, count], in any order of elements that they share.
// Writes   forward overwrites y (which may be an x_i); backward overwrites each dx_i (which may then be dy) or adds to it, in their order,
//          vector by vector: two of them may be one array.
// Threads  chunks of elements.
#include "activation_simd.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cpu::CN_ISA {

namespace {

struct Sources {
    const float* at[4];
};
struct Targets {
    float* at[4];
};

class AddKernel final : public AddOp {
public:
    AddKernel(Context& context, const cn_add_desc& desc)
        : _context(context), _desc(desc),
          _rule(activation_rule(desc.activation, desc.activation_alpha)), _modes{desc.gradient_0, desc.gradient_1, desc.gradient_2,
                                                                                 desc.gradient_3} {}

    void forward(const cn_state* state, const float* const (&x)[4], float* y) override {
        Sources sources{{x[0], x[1], x[2], x[3]}};
        with_activation(_rule, [&](auto activation) {
            for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
                for_vectors(begin, end, [=](int64_t i, auto vector) {
                    Vec sum = vector.load(sources.at[0] + i) + vector.load(sources.at[1] + i);
                    for (int input = 2; input < _desc.inputs; ++input) {
                        sum = sum + vector.load(sources.at[input] + i);
                    }
                    vector.store(y + i, activate<activation.value>(_rule, sum));
                });
            });
        });
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* const (&dx)[4]) override {
        Targets targets{{dx[0], dx[1], dx[2], dx[3]}};
        with_activation(_rule, [&](auto activation) {
            for_chunks(_context, state->rows * _desc.count, [=](int64_t begin, int64_t end) {
                for_vectors(begin, end, [=](int64_t i, auto vector) {
                    Vec gradient = vector.load(dy + i);
                    if (activation.value != CN_ACTIVATION_LINEAR) { // else y may be null
                        gradient = activation_gradient<activation.value>(_rule, vector.load(y + i), gradient);
                    }
                    for (int input = 0; input < _desc.inputs; ++input) {
                        float* target = targets.at[input] + i;
                        if (_modes[input] == CN_GRADIENT_OVERWRITE) {
                            vector.store(target, gradient);
                        } else if (_modes[input] == CN_GRADIENT_ACCUMULATE) {
                            vector.store(target, vector.load(target) + gradient);
                        }
                    }
                });
            });
        });
    }

private:
    Context& _context;
    cn_add_desc _desc;
    ActivationRule _rule;
    int32_t _modes[4];
};

} // namespace

std::unique_ptr<AddOp> make_add(Context& context, const cn_add_desc& desc) {
    return std::make_unique<AddKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
