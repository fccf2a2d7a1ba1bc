// Optimizer: one pass over the parameters, whatever tensors they belong to; with a norm to clip by, one over the gradients before it.
//
// Shapes   parameters, gradients, slots, ema: [count].
// Writes   updates parameters, slots and ema in place; the last block counts in state, which all have read by then.
// Scratch  with norms: one sum of squares per chunk of gradients. The factors of the groups belong to the op.
// Blocks   packs of elements; every element is read and written once, so memory sets the pace. The last block of the first pass adds the
//          sums of a group's chunks in an order that depends on their number alone.
#include "common/optimizer.h"

#include "common/clipping.h"
#include "elementwise.h"
#include "ops.h"
#include "reduce.h"
#include "ticket.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

struct FloatMaths {
    __device__ static float square_root(float x) { return sqrtf(x); }
    // b when either is NaN.
    __device__ static float larger(float a, float b) { return a > b ? a : b; }
    // 0 of 0, NaN of NaN.
    __device__ static float sign(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); }
    __device__ static float clamp(float x, float limit) { return x > limit ? limit : (x < -limit ? -limit : x); }
};

struct Arrays {
    float* parameters;
    const float* gradients;
    float* slots[OptimizerSlots];
    float* ema;
};

// Where the factors of gradients are; no groups: all are 1.
struct Factors {
    const float* values;
    const int64_t* begins;
    int64_t groups;

    __device__ float of(int64_t i) const { return groups == 0 ? 1.0f : values[find_group(begins, groups, i)]; }
};

template <class Rule>
struct Coefficients {
    AroundCoefficients around;
    typename Rule::Coefficients rule;
};

// The elements of one pack in all arrays; they are of one group.
template <class Rule, int Width>
class Elements {
public:
    __device__ void load(const Arrays& arrays, const Factors& factors, int64_t i) {
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

    __device__ void store(const Arrays& arrays, int64_t i) const {
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

// As many as fit at a time: whoever comes later would wait for the powers of the betas once more.
constexpr int64_t BlocksPerMultiprocessor = 4;

// Packs of four up to `packed`, a multiple of 4; single elements up to `count`.
template <class Rule>
__global__ void __launch_bounds__(ElementThreads) optimizer_kernel(cn_state* state, cn_optimizer_desc desc, int64_t packed, Arrays arrays,
                                                                   Factors factors, uint64_t steps, unsigned* ticket) {
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

// The groups of a ClippingPlan on the device.
struct Groups {
    const int64_t* chunks;
    const int64_t* chunk_begins;
    int64_t chunk_count, groups;
    double limit;
};

// Chunk after chunk for a block; the last block takes the groups, one for a warp.
__global__ void __launch_bounds__(ElementThreads)
    clipping_kernel(const float* gradients, Groups groups, double* sums, float* factors, unsigned* ticket) {
    for (int64_t chunk = blockIdx.x; chunk < groups.chunk_count; chunk += gridDim.x) {
        double squares = 0.0;
        for (int64_t i = groups.chunks[chunk] + threadIdx.x; i < groups.chunks[chunk + 1]; i += ElementThreads) {
            double gradient = gradients[i];
            squares += gradient * gradient;
        }
        squares = block_sum<static_cast<int>(ElementThreads)>(squares);
        if (threadIdx.x == 0) {
            sums[chunk] = squares;
        }
    }
    if (!is_last_block(ticket, gridDim.x)) {
        return;
    }
    int lane = static_cast<int>(threadIdx.x) % WarpLanes;
    for (int64_t group = threadIdx.x / WarpLanes; group < groups.groups; group += ElementThreads / WarpLanes) {
        double squares = 0.0;
        for (int64_t chunk = groups.chunk_begins[group] + lane; chunk < groups.chunk_begins[group + 1]; chunk += WarpLanes) {
            squares += sums[chunk];
        }
        squares = warp_sum(squares);
        if (lane == 0) {
            factors[group] = clipping_factor(squares, groups.limit);
        }
    }
}

// The norms of gradients, and the factors that come of them.
class Clipping {
public:
    Clipping(Context& context, const ClippingPlan& plan)
        : _context(context), _limit(plan.limit), _groups(plan.groups()), _chunk_count(plan.chunk_count()),
          _memory((_groups * 3 + _chunk_count + 4) * static_cast<int64_t>(sizeof(int64_t)), context.stream()) {
        _context.reserve_scratch(_chunk_count * static_cast<int64_t>(sizeof(double)));
        if (_groups == 0) {
            return;
        }
        write(plan.begins, begins());
        write(plan.chunk_begins, chunk_begins());
        write(plan.chunks, chunks());
        for (int64_t group = 0; group < _groups; ++group) {
            _packs = _packs && plan.begins[static_cast<size_t>(group)] % 4 == 0;
        }
    }

    // Whether four elements, from a multiple of four on, are of one group. The last group may end anywhere.
    bool packs() const { return _packs; }

    Factors factors() const { return {values(), begins(), _groups}; }

    void find_factors(const float* gradients) {
        if (_groups == 0) {
            return;
        }
        Groups groups{chunks(), chunk_begins(), _chunk_count, _groups, _limit};
        Grid grid(static_cast<unsigned>(std::min<int64_t>(_chunk_count, _context.multiprocessors() * BlocksPerMultiprocessor)));
        _context.launch(clipping_kernel, grid, ElementThreads, 0, gradients, groups, _context.scratch<double>(), values(), ticket());
    }

private:
    // Begins, chunk begins, chunks, the ticket, and the factors.
    int64_t* begins() const { return static_cast<int64_t*>(_memory.data()); }
    int64_t* chunk_begins() const { return begins() + _groups + 1; }
    int64_t* chunks() const { return chunk_begins() + _groups + 1; }
    unsigned* ticket() const { return reinterpret_cast<unsigned*>(chunks() + _chunk_count + 1); }
    float* values() const { return reinterpret_cast<float*>(ticket() + 2); }

    void write(const std::vector<int64_t>& values, int64_t* target) {
        _context.write(target, values.data(), static_cast<int64_t>(values.size() * sizeof(int64_t)));
    }

    Context& _context;
    double _limit;
    int64_t _groups, _chunk_count;
    bool _packs = true;
    DeviceMemory _memory;
};

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
        Arrays arrays{parameters, gradients, {slots[0], slots[1], slots[2]}, ema};
        _context.launch(optimizer_kernel<Rule>, element_grid(_context, _desc.count, width, BlocksPerMultiprocessor), ElementThreads, 0,
                        state, _desc, packed, arrays, _clipping.factors(), static_cast<uint64_t>(steps),
                        static_cast<unsigned*>(_ticket.data()));
    }

private:
    Context& _context;
    cn_optimizer_desc _desc;
    Clipping _clipping;
    DeviceMemory _ticket;
};

} // namespace

std::unique_ptr<OptimizerOp> make_optimizer(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets) {
    return with_optimizer_rule(desc, [&](auto rule) -> std::unique_ptr<OptimizerOp> {
        return std::make_unique<OptimizerKernel<decltype(rule)>>(context, desc, offsets);
    });
}

} // namespace compiled::cuda
