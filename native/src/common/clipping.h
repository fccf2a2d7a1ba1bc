// How gradients are clipped by norms (compiled.h, cn_optimizer_desc): the arena in groups, each with a norm of its own, cut into chunks
// whose sums of squares are added in their order.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace compiled {

// Groups are the tensors, or with a global norm the one arena; none where norms do not matter. Group g begins at element begins[g] and has
// the chunks from chunk_begins[g] on; chunk c begins at element chunks[c]. Each of the three ends with what would come next.
struct ClippingPlan {
    static constexpr int64_t ChunkElements = 8192;

    std::vector<int64_t> begins, chunk_begins, chunks;
    double limit = 0.0; // of each norm

    ClippingPlan(const cn_optimizer_desc& desc, const int64_t* offsets);
    ClippingPlan(const ClippingPlan&) = delete;
    ClippingPlan& operator=(const ClippingPlan&) = delete;
    ~ClippingPlan();

    int64_t groups() const { return _groups; }
    int64_t chunk_count() const { return _chunk_count; }

private:
    int64_t _groups = 0, _chunk_count = 0;
};

// What takes gradients with this sum of squares to the limit.
CN_HOST_DEVICE float clipping_factor(double squares, double limit) {
    double norm = std::sqrt(squares);
    return norm >= limit ? static_cast<float>(limit / norm) : 1.0f;
}

// The group of element i.
CN_HOST_DEVICE int64_t find_group(const int64_t* begins, int64_t groups, int64_t i) {
    int64_t low = 0, high = groups;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        (begins[middle] <= i ? low : high) = middle;
    }
    return low;
}

} // namespace compiled
