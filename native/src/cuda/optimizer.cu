// Optimizer: one pass over the parameters, whatever tensors they belong to.
//
// Shapes   parameters, gradients, slot_0, slot_1: [count].
// Writes   updates parameters and slots in place; the last block counts in state, which all have read by then.
// Blocks   packs of elements; every element is read and written once, so memory sets the pace.
#include "common/optimizer.h"

#include "elementwise.h"
#include "ops.h"
#include "ticket.h"

namespace compiled::cuda {

namespace {

struct Sgd {
    static constexpr int Slots = 0;
    using Coefficients = SgdCoefficients;

    __device__ static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return {static_cast<float>(state.learning_rate), static_cast<float>(desc.momentum)};
    }
    __device__ static void update(const Coefficients& c, float& parameter, float gradient, float (&)[1]) {
        sgd_update(c, parameter, gradient);
    }
};

template <bool Nesterov>
struct Momentum : Sgd {
    static constexpr int Slots = 1;

    __device__ static void update(const Coefficients& c, float& parameter, float gradient, float (&slots)[1]) {
        momentum_update<Nesterov>(c, parameter, gradient, slots[0]);
    }
};

struct Adam {
    static constexpr int Slots = 2;
    using Coefficients = AdamCoefficients;

    __device__ static Coefficients coefficients(const cn_optimizer_desc& desc, const cn_state& state) {
        return adam_coefficients(desc, state);
    }
    __device__ static void update(const Coefficients& c, float& parameter, float gradient, float (&slots)[2]) {
        adam_update(c, parameter, gradient, slots[0], slots[1], [](float x) { return sqrtf(x); });
    }
};

struct Arrays {
    float* parameters;
    const float* gradients;
    float* slots[2];
};

// The elements of one pack in all arrays.
template <class Rule, int Width>
class Elements {
public:
    __device__ void load(const Arrays& arrays, int64_t i) {
        _parameters = Pack<Width>::load(arrays.parameters + i);
        _gradients = Pack<Width>::load(arrays.gradients + i);
        for (int s = 0; s < Rule::Slots; ++s) {
            _slots[s] = Pack<Width>::load(arrays.slots[s] + i);
        }
    }

    __device__ void update(const typename Rule::Coefficients& coefficients) {
        for (int e = 0; e < Width; ++e) {
            float slots[SlotArrays];
            for (int s = 0; s < Rule::Slots; ++s) {
                slots[s] = _slots[s].values[e];
            }
            Rule::update(coefficients, _parameters.values[e], _gradients.values[e], slots);
            for (int s = 0; s < Rule::Slots; ++s) {
                _slots[s].values[e] = slots[s];
            }
        }
    }

    __device__ void store(const Arrays& arrays, int64_t i) const {
        _parameters.store(arrays.parameters + i);
        for (int s = 0; s < Rule::Slots; ++s) {
            _slots[s].store(arrays.slots[s] + i);
        }
    }

private:
    static constexpr int SlotArrays = Rule::Slots == 0 ? 1 : Rule::Slots;

    Pack<Width> _parameters{}, _gradients{}, _slots[SlotArrays]{};
};

// As many as fit at a time: whoever comes later would wait for the powers of the betas once more.
constexpr int64_t BlocksPerMultiprocessor = 4;

// Packs of four up to `packed`, a multiple of 4; single elements up to `count`.
template <class Rule>
__global__ void __launch_bounds__(ElementThreads)
    optimizer_kernel(cn_state* state, cn_optimizer_desc desc, int64_t packed, Arrays arrays, uint64_t steps, unsigned* ticket) {
    int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    int64_t threads = static_cast<int64_t>(gridDim.x) * blockDim.x;

    // The first pack is on its way while one thread raises the betas to their powers.
    int64_t i = thread * 4;
    Elements<Rule, 4> pack;
    if (i < packed) {
        pack.load(arrays, i);
    }
    CN_SHARED(coefficients, typename Rule::Coefficients);
    if (threadIdx.x == 0) {
        coefficients = Rule::coefficients(desc, *state);
    }
    __syncthreads();

    while (i < packed) {
        pack.update(coefficients);
        pack.store(arrays, i);
        i += threads * 4;
        if (i < packed) {
            pack.load(arrays, i);
        }
    }
    for (int64_t single = packed + thread; single < desc.count; single += threads) {
        Elements<Rule, 1> element;
        element.load(arrays, single);
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
    OptimizerKernel(Context& context, const cn_optimizer_desc& desc)
        : _context(context), _desc(desc), _ticket(sizeof(unsigned), context.stream()) {}

    void step(cn_state* state, float* parameters, const float* gradients, float* slot_0, float* slot_1, int64_t steps) override {
        int width = pack_width(4, parameters, gradients, slot_0, slot_1);
        int64_t packed = width == 4 ? _desc.count / 4 * 4 : 0;
        Arrays arrays{parameters, gradients, {slot_0, slot_1}};
        _context.launch(optimizer_kernel<Rule>, element_grid(_context, _desc.count, width, BlocksPerMultiprocessor), ElementThreads, 0,
                        state, _desc, packed, arrays, static_cast<uint64_t>(steps), static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    cn_optimizer_desc _desc;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc) {
    if (desc.optimizer == CN_OPTIMIZER_ADAM) {
        return std::make_unique<OptimizerKernel<Adam>>(context, desc);
    }
    if (desc.momentum == 0.0) {
        return std::make_unique<OptimizerKernel<Sgd>>(context, desc);
    }
    if (desc.nesterov != 0) {
        return std::make_unique<OptimizerKernel<Momentum<true>>>(context, desc);
    }
    return std::make_unique<OptimizerKernel<Momentum<false>>>(context, desc);
}

} // namespace compiled::cuda
