// What the optimizers share: the maths of their rules on vectors, the pass over a range of elements, and the norms of gradients.
#pragma once

#include "common/clipping.h"
#include "common/optimizer.h"
#include "elementwise.h"

namespace compiled::cpu::CN_ISA {

struct VectorMaths {
    CN_INLINE static Vec square_root(Vec x) { return sqrt(x); }
    CN_INLINE static Vec larger(Vec a, Vec b) { return max(a, b); }
    // 0 of 0, NaN of NaN.
    CN_INLINE static Vec sign(Vec x) { return select(x > 0.0f, broadcast(1.0f), select(x < 0.0f, broadcast(-1.0f), x)); }
    CN_INLINE static Vec clamp(Vec x, float limit) { return min(broadcast(limit), max(broadcast(-limit), x)); }
};

struct OptimizerArrays {
    float* parameters;
    const float* gradients;
    float* slots[OptimizerSlots];
    float* ema;
};

template <class Rule>
void update_range(const AroundCoefficients& around, const typename Rule::Coefficients& coefficients, float factor,
                  const OptimizerArrays& arrays, int64_t begin, int64_t end) {
    for_vectors(begin, end, [=](int64_t i, auto vector) {
        Vec parameter = vector.load(arrays.parameters + i);
        Vec slots[OptimizerSlots] = {};
        for (int s = 0; s < Rule::Slots; ++s) {
            if (arrays.slots[s] != nullptr) {
                slots[s] = vector.load(arrays.slots[s] + i);
            }
        }
        optimizer_update<Rule, VectorMaths>(around, coefficients, factor, parameter, vector.load(arrays.gradients + i), slots);
        for (int s = 0; s < Rule::Slots; ++s) {
            if (arrays.slots[s] != nullptr) {
                vector.store(arrays.slots[s] + i, slots[s]);
            }
        }
        if (arrays.ema != nullptr) {
            Vec ema = vector.load(arrays.ema + i);
            average_update(around, parameter, ema);
            vector.store(arrays.ema + i, ema);
        }
        vector.store(arrays.parameters + i, parameter);
    });
}

// The factors that gradients are clipped by. They and what they are made of lie at the beginning of the shared scratch memory.
class ClippingFactors {
public:
    ClippingFactors(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets)
        : _context(context), _clipping(desc, offsets) {}

    int64_t bytes() const { return (_clipping.chunk_count() + _clipping.groups()) * static_cast<int64_t>(sizeof(double)); }

    // Null where there is no norm to clip by.
    const float* find(const float* gradients) {
        if (_clipping.groups() == 0) {
            return nullptr;
        }
        auto* sums = _context.shared_scratch<double>();
        const int64_t* chunks = _clipping.chunks.data();
        _context.parallel_for(_clipping.chunk_count(), [=](int64_t chunk, int) {
            DoubleVec squares{};
            for_vectors(chunks[chunk], chunks[chunk + 1], [&](int64_t i, auto vector) {
                DoubleVec gradient = to_double(vector.load(gradients + i));
                squares += gradient * gradient;
            });
            sums[chunk] = reduce_sum(squares);
        });
        auto* factors = reinterpret_cast<float*>(sums + _clipping.chunk_count());
        const int64_t* begins = _clipping.chunk_begins.data();
        for (int64_t group = 0; group < _clipping.groups(); ++group) {
            double squares = 0.0;
            for (int64_t chunk = begins[group]; chunk < begins[group + 1]; ++chunk) {
                squares += sums[chunk];
            }
            factors[group] = clipping_factor(squares, _clipping.limit);
        }
        return factors;
    }

    // body(begin, end, factor) for what of each group lies in [begin, end).
    template <class Body>
    CN_INLINE void for_groups(const float* factors, int64_t begin, int64_t end, const Body& body) const {
        if (factors == nullptr) {
            body(begin, end, 1.0f);
            return;
        }
        const int64_t* begins = _clipping.begins.data();
        for (int64_t group = find_group(begins, _clipping.groups(), begin); begin < end; ++group) {
            int64_t to = end < begins[group + 1] ? end : begins[group + 1];
            body(begin, to, factors[group]);
            begin = to;
        }
    }

private:
    Context& _context;
    ClippingPlan _clipping;
};

} // namespace compiled::cpu::CN_ISA
