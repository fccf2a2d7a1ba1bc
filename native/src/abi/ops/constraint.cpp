#include "op.h"
#include "tensor_checks.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void require_numbers(const TensorOrder& order, const cn_constraint& of) {
    bool has_range = of.constraint == CN_CONSTRAINT_MIN_MAX_NORM, has_maximum = has_range || of.constraint == CN_CONSTRAINT_MAX_NORM;
    const struct {
        const char* name;
        double value;
        bool wanted;
    } numbers[] = {{"minimum", of.minimum, has_range}, {"maximum", of.maximum, has_maximum}, {"rate", of.rate, has_range}};
    for (const auto& number : numbers) {
        order.require_float(number.name, number.value);
        if (!number.wanted && number.value != 0.0) {
            order.fail_number(number.name, number.value, "it must be 0 for a constraint that does not name it");
        }
    }
    if (has_range) {
        order.require_number("minimum", of.minimum, of.maximum);
        order.require_number("rate", of.rate, 1.0);
    }
}

void validate(const cn_constraint_desc& desc, const cn_constraint* constraints) {
    require_reserved(desc.reserved);
    require_range({"count", desc.count}, 1, MaxElements);
    require_range({"tensors", desc.tensors}, 1, desc.count);
    require_pointer("host_constraints", constraints, alignof(cn_constraint));
    TensorOrder order("host_constraints", desc.count);
    for (int64_t tensor = 0; tensor < desc.tensors; ++tensor) {
        const cn_constraint& of = constraints[tensor];
        require_range({"rows", of.rows}, 1, desc.count);
        require_range({"columns", of.columns}, 1, desc.count);
        require_elements("a tensor with a constraint", {{"rows", of.rows}, {"columns", of.columns}});
        order.require_next(of.offset, of.rows * of.columns);
        require_enumerator("constraint", of.constraint, CN_CONSTRAINT_MIN_MAX_NORM, "cn_constraint_kind");
        require_reserved(of.reserved);
        require_numbers(order, of);
    }
}

} // namespace

cn_status cn_constraint_create(cn_context* context, const cn_constraint_desc* desc, const cn_constraint* host_constraints, cn_op** op) {
    return create(
        "cn_constraint_create", HandleKind::Constraint, context, desc, op,
        [=](const cn_constraint_desc& checked) { validate(checked, host_constraints); },
        [=](Backend& backend, const cn_constraint_desc& checked) { return backend.make_constraint(checked, host_constraints); },
        [](OpEntry&, const cn_constraint_desc&) {});
}

cn_status cn_constraint_apply(cn_op* op, float* parameters) {
    // Not `run`: weights have no rows.
    return guarded("cn_constraint_apply", [=] {
        std::shared_ptr<OpEntry> entry = find_op(op, HandleKind::Constraint);
        require_floats("parameters", parameters);
        Run run(*entry->context);
        require_live("op", entry->op);
        static_cast<ConstraintOp&>(*entry->op).apply(parameters);
        require_success(*entry->context->backend);
    });
}
