// The norms that gradients are clipped by, on the device.
#pragma once

#include "common/clipping.h"
#include "context.h"
#include "memory.h"

namespace compiled::cuda {

// Where the factors of gradients are; no groups: all are 1.
struct ClippingFactors {
    const float* values;
    const int64_t* begins;
    int64_t groups;

    __device__ float of(int64_t i) const { return groups == 0 ? 1.0f : values[find_group(begins, groups, i)]; }
};

// The norms of gradients, and the factors that come of them.
class Clipping {
public:
    Clipping(Context& context, const ClippingPlan& plan);

    // Whether four elements, from a multiple of four on, are of one group. The last group may end anywhere.
    bool packs() const { return _packs; }

    ClippingFactors factors() const { return {values(), begins(), _groups}; }

    void find_factors(const float* gradients);

private:
    // Begins, chunk begins, chunks, the ticket, and the factors.
    int64_t* begins() const { return static_cast<int64_t*>(_memory.data()); }
    int64_t* chunk_begins() const { return begins() + _groups + 1; }
    int64_t* chunks() const { return chunk_begins() + _groups + 1; }
    unsigned* ticket() const { return reinterpret_cast<unsigned*>(chunks() + _chunk_count + 1); }
    float* values() const { return reinterpret_cast<float*>(ticket() + 2); }

    void write(const std::vector<int64_t>& values, int64_t* target);

    Context& _context;
    double _limit;
    int64_t _groups, _chunk_count;
    bool _packs = true;
    DeviceMemory _memory;
};

} // namespace compiled::cuda
