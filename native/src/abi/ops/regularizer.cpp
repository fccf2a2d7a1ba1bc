#include "op.h"
#include "tensor_checks.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    require_reserved(desc.reserved);
    require_extents({{"batch", desc.batch}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("the loss values", {{"batch", desc.batch}, {"positions", desc.positions}});
    require_range({"count", desc.count}, 1, MaxElements);
    require_range({"tensors", desc.tensors}, 1, desc.count);
    require_pointer("host_penalties", penalties, alignof(cn_penalty));
    TensorOrder order("host_penalties", desc.count);
    for (int64_t tensor = 0; tensor < desc.tensors; ++tensor) {
        const cn_penalty& penalty = penalties[tensor];
        order.require_next(penalty.offset, penalty.count);
        order.require_float("l1", penalty.l1);
        order.require_float("l2", penalty.l2);
    }
}

} // namespace

cn_status cn_regularizer_create(cn_context* context, const cn_regularizer_desc* desc, const cn_penalty* host_penalties, cn_op** op) {
    return create(
        "cn_regularizer_create", HandleKind::Regularizer, context, desc, op,
        [=](const cn_regularizer_desc& checked) { validate(checked, host_penalties); },
        [=](Backend& backend, const cn_regularizer_desc& checked) { return backend.make_regularizer(checked, host_penalties); },
        [](OpEntry& entry, const cn_regularizer_desc& checked) { entry.batch = checked.batch; });
}

cn_status cn_regularizer_add(cn_op* op, const cn_state* state, const float* parameters, float* gradients, cn_metrics* metrics) {
    return run<RegularizerOp>("cn_regularizer_add", HandleKind::Regularizer, op, state, [=](RegularizerOp& regularizer, const OpEntry&) {
        require_floats("parameters", parameters);
        if (gradients != nullptr) {
            require_floats("gradients", gradients);
        }
        require_pointer("metrics", metrics, alignof(cn_metrics));
        regularizer.add(state, parameters, gradients, metrics);
    });
}
