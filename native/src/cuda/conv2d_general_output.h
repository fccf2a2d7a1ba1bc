// The end of a convolution stage's forward pass: from the sums to y and codes.
#pragma once

#include "common/max_pooling.h"
#include "conv2d_general_shape.h"
#include "conv2d_general_tile.h"

namespace compiled::cuda::general {

constexpr uint32_t NoGradient = 255; // the code of an output that passes nothing on

struct ForwardPointers {
    const float *x, *kernel, *bias;
    const float* addend; // like y, and may be it; null: none, as with pooling
    float* y;
    uint8_t* codes;
    bool channel_vectors; // channels come in fours, and x is aligned to them
    bool filter_vectors;  // so do filters, and kernel, addend, y and codes are
    int64_t first_filter; // of all, where these are of a group
};

// From the sums to y and codes. `column` is a filter.
class ForwardOutput {
public:
    __device__ ForwardOutput(const Conv2DShape& shape, const cn_state* state, const ForwardPointers& pointers)
        : _shape(shape), _mask(shape.dropout, state), _p(pointers) {}

    // Adds the addend of some neighbouring filters, of which `count` exist; `element` is the first of them in y.
    template <int Count>
    __device__ __forceinline__ void add_addend(int64_t element, int64_t count, float (&values)[Count]) const {
        if (_p.addend != nullptr) {
            add_values(_p.filter_vectors, _p.addend + element, count, values);
        }
    }

    template <int Count>
    __device__ __forceinline__ void activate_sums(int64_t column, float (&values)[Count]) const {
        if (_p.bias != nullptr) {
            CN_UNROLL
            for (int e = 0; e < Count; ++e) {
                values[e] += column + e < _shape.filters ? _p.bias[column + e] : 0.0f;
            }
        }
        activate(_shape.activation, values);
    }

    template <int Count>
    __device__ __forceinline__ void write(int64_t output, int64_t column, float (&values)[Count], uint32_t (&codes)[Count]) const {
        int64_t element = output * _shape.all_filters + column, count = _shape.filters - column;
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            bool dead = _shape.activation.form == ActivationForm::Relu && values[e] <= 0.0f;
            codes[e] = dead ? NoGradient : codes[e];
        }
        if (_shape.drops) {
            drop(_p.first_filter + element, values, codes);
        }
        store_values(_p.filter_vectors, _p.y + element, count, values);
        if (_p.codes != nullptr) {
            store_codes(_p.codes + element, count, codes);
        }
    }

private:
    template <int Count>
    __device__ __forceinline__ void drop(int64_t element, float (&values)[Count], uint32_t (&codes)[Count]) const {
        float multipliers[Count];
        CN_UNROLL
        for (float& multiplier : multipliers) {
            multiplier = 1.0f;
        }
        _mask.apply(element, multipliers);
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            values[e] = multipliers[e] != 0.0f ? values[e] * multipliers[e] : 0.0f;
            codes[e] = multipliers[e] != 0.0f ? codes[e] : NoGradient;
        }
    }

    template <int Count>
    __device__ __forceinline__ void store_codes(uint8_t* target, int64_t count, const uint32_t (&codes)[Count]) const {
        if (Count == 4 && _p.filter_vectors && count >= Count) {
            store_vector(target, codes[0] | codes[1 % Count] << 8 | codes[2 % Count] << 16 | codes[3 % Count] << 24);
            return;
        }
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            if (e < count) {
                target[e] = static_cast<uint8_t>(codes[e]);
            }
        }
    }

    const Conv2DShape& _shape;
    DropoutMask _mask;
    const ForwardPointers& _p;
};

// The best of the cells so far, for the values of a product in the order of their packs.
template <int Count>
struct BestCells {
    float values[Count];
    uint32_t codes[(Count + 3) / 4]; // four to a word; NoGradient: no cell yet

    __device__ BestCells() {
        CN_UNROLL
        for (float& value : values) {
            value = 0.0f;
        }
        CN_UNROLL
        for (uint32_t& four : codes) {
            four = 0xFFFFFFFFu;
        }
    }

    __device__ __forceinline__ uint32_t code(int i) const { return codes[i / 4] >> (i % 4 * 8) & 0xFFu; }

    __device__ __forceinline__ void offer(int i, float value, uint32_t cell) {
        if (code(i) == NoGradient || max_pooling_takes(value, values[i])) {
            values[i] = value;
            codes[i / 4] = (codes[i / 4] & ~(0xFFu << (i % 4 * 8))) | cell << (i % 4 * 8);
        }
    }
};

} // namespace compiled::cuda::general
