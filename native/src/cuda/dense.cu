#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<DenseOp> make_dense(Context&, const cn_dense_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no dense yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
