#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<Conv2DOp> make_conv2d(Context&, const cn_conv2d_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no conv2d yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
