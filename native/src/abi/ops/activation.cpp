#include "common/activation.h"
#include "op.h"

#include <cmath>

using namespace compiled;
using namespace compiled::abi;

namespace {

void require_bounds(const cn_activation_desc& desc) {
    bool clipped = desc.activation == CN_ACTIVATION_CLIPPED_RELU, thresholded = desc.activation == CN_ACTIVATION_THRESHOLD;
    if (clipped ? std::isnan(desc.upper) : desc.upper != 0.0f) {
        fail(CN_STATUS_INVALID_ARGUMENT, "upper is %g: it must be %s", static_cast<double>(desc.upper),
             clipped ? "a number or infinity" : "0, but for CN_ACTIVATION_CLIPPED_RELU");
    }
    if (clipped || thresholded ? !std::isfinite(desc.threshold) : desc.threshold != 0.0f) {
        fail(CN_STATUS_INVALID_ARGUMENT, "threshold is %g: it must be %s", static_cast<double>(desc.threshold),
             clipped || thresholded ? "finite" : "0, but for CN_ACTIVATION_CLIPPED_RELU and CN_ACTIVATION_THRESHOLD");
    }
    if (thresholded ? !std::isfinite(desc.value) : desc.value != 0.0f) {
        fail(CN_STATUS_INVALID_ARGUMENT, "value is %g: it must be %s", static_cast<double>(desc.value),
             thresholded ? "finite" : "0, but for CN_ACTIVATION_THRESHOLD");
    }
    require_reserved(desc.reserved);
}

void validate(const cn_activation_desc& desc) {
    require_activation(desc.activation, "alpha", desc.alpha);
    require_bounds(desc);
    require_gradient_mode(desc.input_gradient);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
}

} // namespace

cn_status cn_activation_create(cn_context* context, const cn_activation_desc* desc, cn_op** op) {
    return create(
        "cn_activation_create", HandleKind::Activation, context, desc, op, validate,
        [](Backend& backend, const cn_activation_desc& checked) { return backend.make_activation(checked); },
        [](OpEntry& entry, const cn_activation_desc& checked) {
            note_batch(entry, checked);
            entry.takes_output = !activation_keeps_input(checked.activation);
        });
}

cn_status cn_activation_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<ActivationOp>("cn_activation_forward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_activation_backward(cn_op* op, const cn_state* state, const float* x, const float* y, const float* dy, float* dx) {
    return run<ActivationOp>("cn_activation_backward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry& entry) {
        if (entry.takes_output) {
            require_null("x", x, "the derivative of this activation is taken from y");
            require_floats("y", y);
        } else {
            require_floats("x", x);
            require_null("y", y, "the derivative of this activation is taken from x");
        }
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, x, y, dy, dx);
    });
}
