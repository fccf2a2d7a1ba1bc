// How the matrices of CN_OPTIMIZER_MUON are orthogonalized: in batches whose working memory is hardly more than the largest matrix needs,
// and many matrices, as a network's small ones, in each step of a batch.
#pragma once

#include "clipping.h"

namespace compiled {

// Matrix m is matrices[m]; batch b has the matrices from batches[b] on. The squares of a matrix are summed in chunks of ChunkElements, the
// first of which is chunk_begins[m]. The lists end with what would come next.
struct MuonPlan {
    static constexpr int64_t ChunkElements = 8192;

    std::vector<cn_matrix> matrices;
    std::vector<int64_t> offsets, chunk_begins, batches;

    // `floats`: of working memory, for each matrix.
    MuonPlan(const cn_optimizer_desc& desc, const cn_matrix* host_matrices, const std::vector<int64_t>& floats);
    MuonPlan(const MuonPlan&) = delete;
    MuonPlan& operator=(const MuonPlan&) = delete;
    ~MuonPlan();

    int64_t count() const { return static_cast<int64_t>(matrices.size()); }
    int64_t chunk_count() const { return chunk_begins.back(); }
};

} // namespace compiled
