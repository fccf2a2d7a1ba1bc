#include "op.h"

#include <cmath>

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_gaussian_noise_desc& desc) {
    if (!(desc.stddev >= 0.0f && std::isfinite(desc.stddev))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "stddev is %g: it must be finite and at least 0", static_cast<double>(desc.stddev));
    }
    require_range({"stream", desc.stream}, 0, 0xFFFF);
    require_gradient_mode(desc.input_gradient);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
}

} // namespace

cn_status cn_gaussian_noise_create(cn_context* context, const cn_gaussian_noise_desc* desc, cn_op** op) {
    return create(
        "cn_gaussian_noise_create", HandleKind::GaussianNoise, context, desc, op, validate,
        [](Backend& backend, const cn_gaussian_noise_desc& checked) { return backend.make_gaussian_noise(checked); },
        note_batch<cn_gaussian_noise_desc>);
}

cn_status cn_gaussian_noise_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<GaussianNoiseOp>("cn_gaussian_noise_forward", HandleKind::GaussianNoise, op, state,
                                [=](GaussianNoiseOp& kernel, const OpEntry&) {
                                    require_floats("x", x);
                                    require_floats("y", y);
                                    kernel.forward(state, x, y);
                                });
}

cn_status cn_gaussian_noise_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<GaussianNoiseOp>("cn_gaussian_noise_backward", HandleKind::GaussianNoise, op, state,
                                [=](GaussianNoiseOp& kernel, const OpEntry& entry) {
                                    require_floats("dy", dy);
                                    require_input_gradient(entry, dx);
                                    kernel.backward(state, dy, dx);
                                });
}
