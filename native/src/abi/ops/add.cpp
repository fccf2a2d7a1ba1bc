#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_add_desc& desc) {
    require_stage_activation(desc.activation, "activation_alpha", desc.activation_alpha);
    require_join(desc);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("y", {{"batch", desc.batch}, {"count", desc.count}});
}

} // namespace

cn_status cn_add_create(cn_context* context, const cn_add_desc* desc, cn_op** op) {
    return create(
        "cn_add_create", HandleKind::Add, context, desc, op, validate,
        [](Backend& backend, const cn_add_desc& checked) { return backend.make_add(checked); },
        [](OpEntry& entry, const cn_add_desc& checked) {
            note_join(entry, checked);
            entry.takes_output = checked.activation != CN_ACTIVATION_LINEAR;
        });
}

cn_status cn_add_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2, const float* x_3,
                         float* y) {
    return run<AddOp>("cn_add_forward", HandleKind::Add, op, state, [=](AddOp& kernel, const OpEntry& entry) {
        const float* const x[] = {x_0, x_1, x_2, x_3};
        require_join_inputs(entry, x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_add_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx_0, float* dx_1, float* dx_2,
                          float* dx_3) {
    return run<AddOp>("cn_add_backward", HandleKind::Add, op, state, [=](AddOp& kernel, const OpEntry& entry) {
        float* const dx[] = {dx_0, dx_1, dx_2, dx_3};
        if (entry.takes_output) {
            require_floats("y", y);
        }
        require_floats("dy", dy);
        require_join_gradients(entry, dx);
        kernel.backward(state, y, dy, dx);
    });
}
