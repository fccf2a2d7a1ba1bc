#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_concatenate_desc& desc) {
    require_join(desc);
    require_extents({{"batch", desc.batch}});
    require_range({"outer", desc.outer}, 1, MaxElements);
    const Field lengths[] = {
        {"length_0", desc.length_0}, {"length_1", desc.length_1}, {"length_2", desc.length_2}, {"length_3", desc.length_3}};
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i) {
        if (i < desc.inputs) {
            require_range(lengths[i], 1, MaxExtent);
        } else {
            require_range(lengths[i], 0, 0, ": there are fewer inputs");
        }
        sum += lengths[i].value;
    }
    require_range({"the sum of lengths", sum}, 2, MaxExtent);
    require_elements("y", {{"batch", desc.batch}, {"outer", desc.outer}, {"length", sum}});
}

} // namespace

cn_status cn_concatenate_create(cn_context* context, const cn_concatenate_desc* desc, cn_op** op) {
    return create(
        "cn_concatenate_create", HandleKind::Concatenate, context, desc, op, validate,
        [](Backend& backend, const cn_concatenate_desc& checked) { return backend.make_concatenate(checked); },
        note_join<cn_concatenate_desc>);
}

cn_status cn_concatenate_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2, const float* x_3,
                                 float* y) {
    return run<ConcatenateOp>("cn_concatenate_forward", HandleKind::Concatenate, op, state,
                              [=](ConcatenateOp& kernel, const OpEntry& entry) {
                                  const float* const x[] = {x_0, x_1, x_2, x_3};
                                  require_join_inputs(entry, x);
                                  require_floats("y", y);
                                  kernel.forward(state, x, y);
                              });
}

cn_status cn_concatenate_backward(cn_op* op, const cn_state* state, const float* dy, float* dx_0, float* dx_1, float* dx_2, float* dx_3) {
    return run<ConcatenateOp>("cn_concatenate_backward", HandleKind::Concatenate, op, state,
                              [=](ConcatenateOp& kernel, const OpEntry& entry) {
                                  float* const dx[] = {dx_0, dx_1, dx_2, dx_3};
                                  require_floats("dy", dy);
                                  require_join_gradients(entry, dx);
                                  kernel.backward(state, dy, dx);
                              });
}
