#include "op.h"

#include <cfloat>

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_optimizer_desc& desc) {
    require_enumerator("optimizer", desc.optimizer, CN_OPTIMIZER_ADAM, "cn_optimizer_kind");
    require_range({"count", desc.count}, 1, MaxElements);
    require_reserved(desc.reserved);
    if (desc.optimizer == CN_OPTIMIZER_SGD) {
        require_flag("nesterov", desc.nesterov);
        if (!(desc.momentum >= 0.0 && desc.momentum <= 1.0)) {
            fail(CN_STATUS_INVALID_ARGUMENT, "momentum is %g: it must be from 0 to 1", desc.momentum);
        }
        return;
    }
    const struct {
        const char* name;
        double value;
    } betas[] = {{"beta_1", desc.beta_1}, {"beta_2", desc.beta_2}};
    for (const auto& beta : betas) {
        if (!(beta.value >= 0.0 && beta.value < 1.0)) {
            fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and less than 1", beta.name, beta.value);
        }
    }
    // In float, as it is used: 0 would divide 0 by 0 wherever a gradient is 0.
    if (!(desc.epsilon >= static_cast<double>(FLT_MIN) && desc.epsilon <= static_cast<double>(FLT_MAX))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "epsilon is %g: it must be from %g to %g; the usual one is 1e-7", desc.epsilon,
             static_cast<double>(FLT_MIN), static_cast<double>(FLT_MAX));
    }
}

} // namespace

cn_status cn_optimizer_create(cn_context* context, const cn_optimizer_desc* desc, cn_op** op) {
    return create(
        "cn_optimizer_create", HandleKind::Optimizer, context, desc, op, validate,
        [](Backend& backend, const cn_optimizer_desc& checked) { return backend.make_optimizer(checked); },
        [](OpEntry& entry, const cn_optimizer_desc& checked) {
            entry.slots = checked.optimizer == CN_OPTIMIZER_ADAM ? 2 : (checked.momentum != 0.0 ? 1 : 0);
        });
}

cn_status cn_optimizer_step(cn_op* op, cn_state* state, float* parameters, const float* gradients, float* slot_0, float* slot_1,
                            int64_t steps) {
    // Not `run`: an update has no rows.
    return guarded("cn_optimizer_step", [=] {
        std::shared_ptr<OpEntry> entry = find_op(op, HandleKind::Optimizer);
        require_pointer("state", state, alignof(cn_state));
        require_floats("parameters", parameters);
        require_floats("gradients", gradients);
        float* const slots[] = {slot_0, slot_1};
        const char* const names[] = {"slot_0", "slot_1"};
        for (int32_t slot = 0; slot < 2; ++slot) {
            if (slot < entry->slots) {
                require_floats(names[slot], slots[slot]);
            } else {
                require_null(names[slot], slots[slot], "this optimizer keeps nothing there");
            }
        }
        if (steps < 0) {
            fail(CN_STATUS_INVALID_ARGUMENT, "steps is %lld: it must be at least 0", static_cast<long long>(steps));
        }
        Run run(*entry->context);
        require_live("op", entry->op);
        static_cast<OptimizerOp&>(*entry->op).step(state, parameters, gradients, slot_0, slot_1, steps);
        require_success(*entry->context->backend);
    });
}
