// Compiled for the plainest processor: see the remark on inline functions in host_device.h.
#include "muon.h"

#include <algorithm>

namespace compiled {

MuonPlan::MuonPlan(const cn_optimizer_desc& desc, const cn_matrix* host_matrices, const std::vector<int64_t>& floats)
    : matrices(host_matrices, host_matrices + desc.matrices), chunk_begins{0} {
    int64_t largest = floats.empty() ? 0 : *std::max_element(floats.begin(), floats.end());
    int64_t taken = largest + 1; // so that the first matrix begins a batch
    for (size_t m = 0; m < matrices.size(); ++m) {
        offsets.push_back(matrices[m].offset);
        chunk_begins.push_back(chunk_begins.back() + (matrices[m].rows * matrices[m].columns + ChunkElements - 1) / ChunkElements);
        if (taken + floats[m] > largest) {
            batches.push_back(static_cast<int64_t>(m));
            taken = 0;
        }
        taken += floats[m];
    }
    batches.push_back(count());
}

MuonPlan::~MuonPlan() = default;

} // namespace compiled
