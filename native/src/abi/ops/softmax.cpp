#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_softmax_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
    require_enumerator("function", desc.function, CN_SOFTMAX_FUNCTION_SPARSEMAX, "cn_softmax_function");
    require_reserved(desc.reserved);
}

} // namespace

cn_status cn_softmax_create(cn_context* context, const cn_softmax_desc* desc, cn_op** op) {
    return create(
        "cn_softmax_create", HandleKind::Softmax, context, desc, op, validate,
        [](Backend& backend, const cn_softmax_desc& checked) { return backend.make_softmax(checked); }, note_batch<cn_softmax_desc>);
}

cn_status cn_softmax_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<SoftmaxOp>("cn_softmax_forward", HandleKind::Softmax, op, state, [=](SoftmaxOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_softmax_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx) {
    return run<SoftmaxOp>("cn_softmax_backward", HandleKind::Softmax, op, state, [=](SoftmaxOp& kernel, const OpEntry& entry) {
        require_floats("y", y);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, y, dy, dx);
    });
}
