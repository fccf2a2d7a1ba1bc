// Gated linear unit: y = a * sigmoid(b), where a and b are the halves of a position; da = dy * sigmoid(b), db = dy * a * sigmoid'(b).
//
// Shapes   x, dx: [rows, positions, 2 * units]; y, dy: [rows, positions, units].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Blocks   packs of elements of y.
#include "activation.h"

#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    glu_forward_kernel(const cn_state* state, int64_t positions, int64_t units, const float* x, float* y) {
    for_packs<Width>(state->rows * positions * units, [=](int64_t i) {
        const float* a = x + i + i / units * units;
        auto values = Pack<Width>::load(a), gates = Pack<Width>::load(a + units);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            values.values[e] *= ActivationMaths::sigmoid(gates.values[e]);
        }
        values.store(y + i);
    });
}

template <int Width>
__device__ __forceinline__ void write_gradient(bool accumulate, const Pack<Width>& gradient, float* target) {
    Pack<Width> result = gradient;
    if (accumulate) {
        auto before = Pack<Width>::load(target);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            result.values[e] += before.values[e];
        }
    }
    result.store(target);
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads) glu_backward_kernel(const cn_state* state, int64_t positions, int64_t units,
                                                                      bool accumulate, const float* x, const float* dy, float* dx) {
    for_packs<Width>(state->rows * positions * units, [=](int64_t i) {
        int64_t a = i + i / units * units, b = a + units;
        auto values = Pack<Width>::load(x + a), gates = Pack<Width>::load(x + b), gradients = Pack<Width>::load(dy + i);
        Pack<Width> dvalues, dgates;
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            dvalues.values[e] = gradients.values[e] * ActivationMaths::sigmoid(gates.values[e]);
            // 1 - sigmoid(b), of which nothing is cancelled
            dgates.values[e] = dvalues.values[e] * values.values[e] * ActivationMaths::sigmoid(-gates.values[e]);
        }
        write_gradient(accumulate, dvalues, dx + a);
        write_gradient(accumulate, dgates, dx + b);
    });
}

class GluKernel final : public GluOp {
public:
    GluKernel(Context& context, const cn_glu_desc& desc) : _context(context), _desc(desc) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        int width = pack_width(_desc.units, x, y);
        _context.launch(width == 4 ? glu_forward_kernel<4> : glu_forward_kernel<1>, grid(width), ElementThreads, 0, state, _desc.positions,
                        _desc.units, x, y);
    }

    void backward(const cn_state* state, const float* x, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        int width = pack_width(_desc.units, x, dy, dx);
        _context.launch(width == 4 ? glu_backward_kernel<4> : glu_backward_kernel<1>, grid(width), ElementThreads, 0, state,
                        _desc.positions, _desc.units, _desc.input_gradient == CN_GRADIENT_ACCUMULATE, x, dy, dx);
    }

private:
    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.positions * _desc.units, width); }

    Context& _context;
    cn_glu_desc _desc;
};

} // namespace

std::unique_ptr<GluOp> make_glu(Context& context, const cn_glu_desc& desc) {
    return std::make_unique<GluKernel>(context, desc);
}

} // namespace compiled::cuda
