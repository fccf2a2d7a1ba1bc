// Optimizer: one pass over the parameters, whatever tensors they belong to; with a norm to clip by, one over the gradients before it.
//
// Shapes   parameters, gradients, slots, ema: [count].
// Writes   updates parameters, slots and ema in place; the last block counts in state, which all have read by then.
// Scratch  with norms: one sum of squares per chunk of gradients. The factors of the groups belong to the op.
// Blocks   packs of elements; every element is read and written once, so memory sets the pace. The last block of the first pass adds the
//          sums of a group's chunks in an order that depends on their number alone.
#include "clipping.h"
#include "elementwise.h"
#include "ops.h"
#include "optimizer_arrays.h"
#include "ticket.h"

namespace compiled::cuda {

namespace {

template <class Rule>
struct Coefficients {
    AroundCoefficients around;
    typename Rule::Coefficients rule;
};

// The elements of one pack in all arrays; they are of one group.
template <class Rule, int Width>
class Elements {
public:
    __device__ void load(const OptimizerArrays& arrays, const ClippingFactors& factors, int64_t i) {
        _parameters = Pack<Width>::load(arrays.parameters + i);
        _gradients = Pack<Width>::load(arrays.gradients + i);
        CN_UNROLL
        for (int s = 0; s < Rule::Slots; ++s) {
            if (arrays.slots[s] != nullptr) {
                _slots[s] = Pack<Width>::load(arrays.slots[s] + i);
            }
        }
        if (arrays.ema != nullptr) {
            _ema = Pack<Width>::load(arrays.ema + i);
        }
        _factor = factors.of(i);
    }

    __device__ void update(const Coefficients<Rule>& coefficients) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            float slots[OptimizerSlots] = {};
            CN_UNROLL
            for (int s = 0; s < Rule::Slots; ++s) {
                slots[s] = _slots[s].values[e];
            }
            optimizer_update<Rule, FloatMaths>(coefficients.around, coefficients.rule, _factor, _parameters.values[e], _gradients.values[e],
                                               slots);
            CN_UNROLL
            for (int s = 0; s < Rule::Slots; ++s) {
                _results[s].values[e] = slots[s];
            }
            average_update(coefficients.around, _parameters.values[e], _ema.values[e]);
        }
    }

    __device__ void store(const OptimizerArrays& arrays, int64_t i) const {
        _parameters.store(arrays.parameters + i);
        CN_UNROLL
        for (int s = 0; s < Rule::Slots; ++s) {
            if (arrays.slots[s] != nullptr) {
                _results[s].store(arrays.slots[s] + i);
            }
        }
        if (arrays.ema != nullptr) {
            _ema.store(arrays.ema + i);
        }
    }

private:
    static constexpr int SlotArrays = Rule::Slots == 0 ? 1 : Rule::Slots;

    Pack<Width> _parameters{}, _gradients{}, _slots[SlotArrays]{}, _results[SlotArrays]{}, _ema{};
    float _factor = 1.0f;
};

// Packs of four up to `packed`, a multiple of 4; single elements up to `count`.
template <class Rule>
__global__ void __launch_bounds__(ElementThreads)
    optimizer_kernel(cn_state* state, cn_optimizer_desc desc, int64_t packed, OptimizerArrays arrays, ClippingFactors factors,
                     uint64_t steps, unsigned* ticket) {
    int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    int64_t threads = static_cast<int64_t>(gridDim.x) * blockDim.x;

    // The first pack is on its way while one thread raises the betas to their powers.
    int64_t i = thread * 4;
    Elements<Rule, 4> pack;
    if (i < packed) {
        pack.load(arrays, factors, i);
    }
    CN_SHARED(coefficients, Coefficients<Rule>);
    if (threadIdx.x == 0) {
        coefficients.around = around_coefficients(desc, *state);
        coefficients.rule = Rule::coefficients(desc, *state);
    }
    __syncthreads();

    while (i < packed) {
        pack.update(coefficients);
        pack.store(arrays, i);
        i += threads * 4;
        if (i < packed) {
            pack.load(arrays, factors, i);
        }
    }
    for (int64_t single = packed + thread; single < desc.count; single += threads) {
        Elements<Rule, 1> element;
        element.load(arrays, factors, single);
        element.update(coefficients);
        element.store(arrays, single);
    }
    if (is_last_block(ticket, gridDim.x) && threadIdx.x == 0) {
        state->updates += 1;
        state->step += steps;
    }
}

template <class Rule>
class OptimizerKernel final : public OptimizerOp {
public:
    OptimizerKernel(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets)
        : _context(context), _desc(desc), _clipping(context, ClippingPlan(desc, offsets)), _ticket(sizeof(unsigned), context.stream()) {}

    void step(cn_state* state, float* parameters, const float* gradients, float* const (&slots)[OptimizerSlots], float* ema,
              int64_t steps) override {
        _clipping.find_factors(gradients);
        int width = _clipping.packs() ? pack_width(4, parameters, gradients, slots[0], slots[1], slots[2], ema) : 1;
        int64_t packed = width == 4 ? _desc.count / 4 * 4 : 0;
        OptimizerArrays arrays{parameters, gradients, {slots[0], slots[1], slots[2]}, ema};
        _context.launch(optimizer_kernel<Rule>, element_grid(_context, _desc.count, width, OptimizerBlocksPerMultiprocessor),
                        ElementThreads, 0, state, _desc, packed, arrays, _clipping.factors(), static_cast<uint64_t>(steps),
                        static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    cn_optimizer_desc _desc;
    Clipping _clipping;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets,
                                            const cn_matrix* matrices) {
    if (desc.optimizer == CN_OPTIMIZER_MUON) {
        return make_muon(context, desc, offsets, matrices);
    }
    return with_optimizer_rule(desc, [&](auto rule) -> std::unique_ptr<OptimizerOp> {
        return std::make_unique<OptimizerKernel<decltype(rule)>>(context, desc, offsets);
    });
}

} // namespace compiled::cuda
