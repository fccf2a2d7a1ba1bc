#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<OptimizerOp> make_optimizer(Context&, const cn_optimizer_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no optimizer yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
