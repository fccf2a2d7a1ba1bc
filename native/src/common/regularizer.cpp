// Compiled for the plainest processor: see the remark on inline functions in host_device.h.
#include "regularizer.h"

#include <algorithm>

namespace compiled {

RegularizerPlan::RegularizerPlan(const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    for (int64_t tensor = 0; tensor < desc.tensors; ++tensor) {
        const cn_penalty& penalty = penalties[tensor];
        int64_t end = penalty.offset + penalty.count;
        for (int64_t begin = penalty.offset; begin < end; begin += ChunkElements) {
            chunks.push_back({begin, std::min(end, begin + ChunkElements), static_cast<float>(penalty.l1), static_cast<float>(penalty.l2)});
        }
    }
    _chunk_count = static_cast<int64_t>(chunks.size());
}

RegularizerPlan::~RegularizerPlan() = default;

} // namespace compiled
