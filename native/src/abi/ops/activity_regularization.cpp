#include "op.h"

#include <cmath>

using namespace compiled;
using namespace compiled::abi;

namespace {

void require_factor(const char* name, float value) {
    if (!(value >= 0.0f && std::isfinite(value))) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and finite", name, static_cast<double>(value));
    }
}

void validate(const cn_activity_regularization_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}});
    require_range({"count", desc.count}, 1, MaxElements);
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
    require_elements("the loss values", {{"batch", desc.batch}, {"positions", desc.positions}});
    require_factor("l1", desc.l1);
    require_factor("l2", desc.l2);
}

} // namespace

cn_status cn_activity_regularization_create(cn_context* context, const cn_activity_regularization_desc* desc, cn_op** op) {
    return create(
        "cn_activity_regularization_create", HandleKind::ActivityRegularization, context, desc, op, validate,
        [](Backend& backend, const cn_activity_regularization_desc& checked) { return backend.make_activity_regularization(checked); },
        [](OpEntry& entry, const cn_activity_regularization_desc& checked) { note_batch(entry, checked); });
}

cn_status cn_activity_regularization_forward(cn_op* op, const cn_state* state, const float* x, float* y, cn_metrics* metrics) {
    return run<ActivityRegularizationOp>("cn_activity_regularization_forward", HandleKind::ActivityRegularization, op, state,
                                         [=](ActivityRegularizationOp& regularization, const OpEntry&) {
                                             require_floats("x", x);
                                             require_floats("y", y);
                                             if (metrics != nullptr) {
                                                 require_pointer("metrics", metrics, alignof(cn_metrics));
                                             }
                                             regularization.forward(state, x, y, metrics);
                                         });
}

cn_status cn_activity_regularization_backward(cn_op* op, const cn_state* state, const float* x, const float* dy, float* dx) {
    return run<ActivityRegularizationOp>("cn_activity_regularization_backward", HandleKind::ActivityRegularization, op, state,
                                         [=](ActivityRegularizationOp& regularization, const OpEntry& entry) {
                                             require_floats("x", x);
                                             require_floats("dy", dy);
                                             require_input_gradient(entry, dx);
                                             if (dx != nullptr) {
                                                 regularization.backward(state, x, dy, dx);
                                             }
                                         });
}
