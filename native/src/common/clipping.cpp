// Compiled for the plainest processor: see the remark on inline functions in host_device.h.
#include "clipping.h"

namespace compiled {

ClippingPlan::ClippingPlan(const cn_optimizer_desc& desc, const int64_t* offsets) {
    if (desc.clip_norm != 0.0) {
        limit = desc.clip_norm;
        begins.assign(offsets, offsets + desc.tensors + 1);
    } else if (desc.global_clip_norm != 0.0) {
        limit = desc.global_clip_norm;
        begins = {0, desc.count};
    } else {
        return;
    }
    for (size_t group = 0; group + 1 < begins.size(); ++group) {
        chunk_begins.push_back(static_cast<int64_t>(chunks.size()));
        for (int64_t i = begins[group]; i < begins[group + 1]; i += ChunkElements) {
            chunks.push_back(i);
        }
    }
    _groups = static_cast<int64_t>(chunk_begins.size());
    _chunk_count = static_cast<int64_t>(chunks.size());
    chunk_begins.push_back(_chunk_count);
    chunks.push_back(desc.count);
}

ClippingPlan::~ClippingPlan() = default;

} // namespace compiled
