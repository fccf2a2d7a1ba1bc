#include "ops.h"

namespace compiled::cuda {

std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(Context&, const cn_max_pooling2d_desc&) {
    fail(CN_STATUS_UNSUPPORTED, "the CUDA backend has no max_pooling2d yet; use CN_DEVICE_CPU");
}

} // namespace compiled::cuda
