#include "op.h"

#include <cmath>

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_gather_desc& desc) {
    require_enumerator("input", desc.input, CN_GATHER_INPUT_UINT8, "cn_gather_input");
    require_enumerator("target", desc.target, CN_GATHER_TARGET_ONE_HOT, "cn_gather_target");
    require_extents({{"samples", desc.samples}});
    require_range({"batch", desc.batch}, 1, desc.samples, ", the number of samples");
    require_range({"input_count", desc.input_count}, 1, MaxElements);
    require_range({"target_count", desc.target_count}, 1, MaxElements);
    require_elements("the inputs", {{"samples", desc.samples}, {"input_count", desc.input_count}});
    require_elements("the targets", {{"samples", desc.samples}, {"target_count", desc.target_count}});
    if (!std::isfinite(desc.scale)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "scale is %g: it must be finite", static_cast<double>(desc.scale));
    }
}

} // namespace

cn_status cn_gather_create(cn_context* context, const cn_gather_desc* desc, cn_op** op) {
    return create(
        "cn_gather_create", HandleKind::Gather, context, desc, op, validate,
        [](Backend& backend, const cn_gather_desc& checked) { return backend.make_gather(checked); },
        [](OpEntry& entry, const cn_gather_desc& checked) { entry.batch = checked.batch; });
}

cn_status cn_gather_forward(cn_op* op, const cn_state* state, const void* inputs, const void* targets, const int32_t* order,
                            cn_cursor* cursor, float* x, void* t) {
    return run<GatherOp>("cn_gather_forward", HandleKind::Gather, op, state, [=](GatherOp& gather, const OpEntry&) {
        require_pointer("inputs", inputs, 1);
        require_floats("targets", targets);
        require_pointer("order", order, alignof(int32_t));
        require_pointer("cursor", cursor, alignof(cn_cursor));
        require_floats("x", x);
        require_floats("t", t);
        gather.forward(state, inputs, targets, order, cursor, x, t);
    });
}
