// The penalties of a regularizer (compiled.h, cn_penalty), cut into chunks whose shares are added in their order.
#pragma once

#include "compiled.h"
#include "host_device.h"

#include <cstdint>
#include <vector>

namespace compiled {

// The weights from `begin` up to `end`, which are of one tensor.
struct PenaltyChunk {
    int64_t begin, end;
    float l1, l2;
};

struct RegularizerPlan {
    static constexpr int64_t ChunkElements = 8192;

    std::vector<PenaltyChunk> chunks;

    RegularizerPlan(const cn_regularizer_desc& desc, const cn_penalty* penalties);
    RegularizerPlan(const RegularizerPlan&) = delete;
    RegularizerPlan& operator=(const RegularizerPlan&) = delete;
    ~RegularizerPlan();

    int64_t chunk_count() const { return _chunk_count; }

private:
    int64_t _chunk_count = 0;
};

// What values with these sums of |x| and x^2 add to a loss.
CN_HOST_DEVICE double penalty_of(float l1, float l2, double magnitudes, double squares) {
    return static_cast<double>(l1) * magnitudes + static_cast<double>(l2) * squares;
}

} // namespace compiled
