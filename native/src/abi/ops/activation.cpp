#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_activation_desc& desc) {
    require_activation(desc.activation);
    require_gradient_mode(desc.input_gradient);
    require_reserved(desc.reserved);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
}

} // namespace

cn_status cn_activation_create(cn_context* context, const cn_activation_desc* desc, cn_op** op) {
    return create(
        "cn_activation_create", HandleKind::Activation, context, desc, op, validate,
        [](Backend& backend, const cn_activation_desc& checked) { return backend.make_activation(checked); },
        note_batch<cn_activation_desc>);
}

cn_status cn_activation_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<ActivationOp>("cn_activation_forward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_activation_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx) {
    return run<ActivationOp>("cn_activation_backward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry& entry) {
        require_floats("y", y);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, y, dy, dx);
    });
}
