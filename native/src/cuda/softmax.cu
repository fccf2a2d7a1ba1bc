#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<SoftmaxOp> make_softmax(Context&, const cn_softmax_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no softmax yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
