#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_glu_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}, {"units", desc.units}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"units", desc.units}, {"halves", 2}});
}

} // namespace

cn_status cn_glu_create(cn_context* context, const cn_glu_desc* desc, cn_op** op) {
    return create(
        "cn_glu_create", HandleKind::Glu, context, desc, op, validate,
        [](Backend& backend, const cn_glu_desc& checked) { return backend.make_glu(checked); }, note_batch<cn_glu_desc>);
}

cn_status cn_glu_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<GluOp>("cn_glu_forward", HandleKind::Glu, op, state, [=](GluOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_glu_backward(cn_op* op, const cn_state* state, const float* x, const float* dy, float* dx) {
    return run<GluOp>("cn_glu_backward", HandleKind::Glu, op, state, [=](GluOp& kernel, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, x, dy, dx);
    });
}
