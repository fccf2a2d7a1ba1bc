#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_dropout_desc& desc) {
    require_dropout("rate", desc.rate, "stream", desc.stream);
    require_gradient_mode(desc.input_gradient);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
    require_range({"shared", desc.shared}, 0, desc.count, ", the elements of a sample");
    if (desc.shared > 1) {
        if (desc.count % desc.shared != 0) {
            fail(CN_STATUS_INVALID_ARGUMENT, "shared is %lld: count, %lld, must be a multiple of it", static_cast<long long>(desc.shared),
                 static_cast<long long>(desc.count));
        }
        require_extents({{"shared", desc.shared}, {"count / shared", desc.count / desc.shared}});
    }
}

} // namespace

cn_status cn_dropout_create(cn_context* context, const cn_dropout_desc* desc, cn_op** op) {
    return create(
        "cn_dropout_create", HandleKind::Dropout, context, desc, op, validate,
        [](Backend& backend, const cn_dropout_desc& checked) { return backend.make_dropout(checked); }, note_batch<cn_dropout_desc>);
}

cn_status cn_dropout_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<DropoutOp>("cn_dropout_forward", HandleKind::Dropout, op, state, [=](DropoutOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_dropout_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<DropoutOp>("cn_dropout_backward", HandleKind::Dropout, op, state, [=](DropoutOp& kernel, const OpEntry& entry) {
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, dy, dx);
    });
}
