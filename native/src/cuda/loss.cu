#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<LossOp> make_loss(Context&, const cn_loss_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no loss yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
