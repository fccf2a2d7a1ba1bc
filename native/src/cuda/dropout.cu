#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<DropoutOp> make_dropout(Context&, const cn_dropout_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no dropout yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
