#include "op.h"

#include "common/optimizer.h"

#include <cfloat>

using namespace compiled;
using namespace compiled::abi;

namespace {

struct Number {
    const char* name;
    double value;
};

void require_below_one(Number number) {
    if (!(number.value >= 0.0 && number.value < 1.0)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and less than 1", number.name, number.value);
    }
}

void require_finite(Number number) {
    if (!(number.value >= 0.0 && number.value <= static_cast<double>(FLT_MAX))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be from 0 to %g", number.name, number.value, static_cast<double>(FLT_MAX));
    }
}

void require_momentum(const cn_optimizer_desc& desc) {
    if (!(desc.momentum >= 0.0 && desc.momentum <= 1.0)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "momentum is %g: it must be from 0 to 1", desc.momentum);
    }
}

void require_betas(const cn_optimizer_desc& desc) {
    require_below_one({"beta_1", desc.beta_1});
    require_below_one({"beta_2", desc.beta_2});
}

// In float, as it is used: 0 would divide 0 by 0 wherever a gradient is 0.
void require_normal_epsilon(const cn_optimizer_desc& desc) {
    if (!(desc.epsilon >= static_cast<double>(FLT_MIN) && desc.epsilon <= static_cast<double>(FLT_MAX))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "epsilon is %g: it must be from %g to %g; the usual one is 1e-7", desc.epsilon,
             static_cast<double>(FLT_MIN), static_cast<double>(FLT_MAX));
    }
}

int32_t count_slots(const cn_optimizer_desc& desc) {
    switch (desc.optimizer) {
    case CN_OPTIMIZER_SGD:
        return desc.momentum != 0.0 ? 1 : 0;
    case CN_OPTIMIZER_ADAM:
        return desc.amsgrad != 0 ? 3 : 2;
    case CN_OPTIMIZER_RMSPROP:
        return 1 + (desc.momentum != 0.0 ? 1 : 0) + (desc.centered != 0 ? 1 : 0);
    case CN_OPTIMIZER_ADAGRAD:
    case CN_OPTIMIZER_LION:
        return 1;
    default:
        return 2;
    }
}

void validate_rule(const cn_optimizer_desc& desc) {
    switch (desc.optimizer) {
    case CN_OPTIMIZER_SGD:
        require_flag("nesterov", desc.nesterov);
        require_momentum(desc);
        return;
    case CN_OPTIMIZER_LION:
        require_betas(desc);
        return;
    case CN_OPTIMIZER_MUON:
        require_flag("nesterov", desc.nesterov);
        require_momentum(desc);
        require_betas(desc);
        require_finite({"adam_rate_ratio", desc.adam_rate_ratio});
        require_range({"iterations", desc.iterations}, 1, 100);
        break;
    case CN_OPTIMIZER_RMSPROP:
        require_flag("centered", desc.centered);
        require_momentum(desc);
        require_below_one({"rho", desc.rho});
        break;
    case CN_OPTIMIZER_ADADELTA:
        require_below_one({"rho", desc.rho});
        break;
    case CN_OPTIMIZER_ADAM:
        require_flag("amsgrad", desc.amsgrad);
        require_betas(desc);
        break;
    case CN_OPTIMIZER_ADAMAX:
        require_betas(desc);
        break;
    case CN_OPTIMIZER_NADAM:
        require_betas(desc);
        require_finite({"schedule_decay", desc.schedule_decay});
        break;
    default:
        break;
    }
    require_normal_epsilon(desc);
}

void validate_clipping(const cn_optimizer_desc& desc, const int64_t* offsets) {
    const Number limits[] = {{"clip_value", desc.clip_value}, {"clip_norm", desc.clip_norm}, {"global_clip_norm", desc.global_clip_norm}};
    const Number* used = nullptr;
    for (const Number& limit : limits) {
        require_finite(limit);
        if (limit.value != 0.0 && used != nullptr) {
            fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g and %s is %g: gradients are clipped in one way at most", used->name, used->value,
                 limit.name, limit.value);
        }
        used = limit.value != 0.0 ? &limit : used;
    }
    if (desc.clip_norm == 0.0) {
        require_range({"tensors", desc.tensors}, 0, 0, ": there is no clip_norm");
        require_null("host_offsets", offsets, "there is no clip_norm");
        return;
    }
    require_range({"tensors", desc.tensors}, 1, desc.count);
    require_pointer("host_offsets", offsets, alignof(int64_t));
    for (int64_t tensor = 0; tensor <= desc.tensors; ++tensor) {
        auto number = static_cast<long long>(tensor), offset = static_cast<long long>(offsets[tensor]);
        if (tensor == 0 && offset != 0) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_offsets[0] is %lld: the first tensor begins at 0", offset);
        }
        if (tensor == desc.tensors && offset != desc.count) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_offsets[%lld] is %lld: the last one is count, %lld", number, offset,
                 static_cast<long long>(desc.count));
        }
        if (tensor > 0 && offset <= offsets[tensor - 1]) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_offsets[%lld] is %lld: it must be more than the one before, %lld", number, offset,
                 static_cast<long long>(offsets[tensor - 1]));
        }
    }
}

void validate_matrices(const cn_optimizer_desc& desc, const cn_matrix* matrices) {
    if (desc.optimizer != CN_OPTIMIZER_MUON) {
        require_range({"matrices", desc.matrices}, 0, 0, ": only CN_OPTIMIZER_MUON knows matrices");
    }
    require_range({"matrices", desc.matrices}, 0, desc.count);
    if (desc.matrices == 0) {
        require_null("host_matrices", matrices, "there are no matrices");
        return;
    }
    require_pointer("host_matrices", matrices, alignof(cn_matrix));
    int64_t end = 0;
    for (int64_t i = 0; i < desc.matrices; ++i) {
        const cn_matrix& matrix = matrices[i];
        auto number = static_cast<long long>(i), offset = static_cast<long long>(matrix.offset);
        auto rows = static_cast<long long>(matrix.rows), columns = static_cast<long long>(matrix.columns);
        if (rows < 1 || columns < 1 || rows > MaxExtent || columns > MaxExtent) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_matrices[%lld] is %lld x %lld: each extent must be from 1 to %lld", number, rows,
                 columns, static_cast<long long>(MaxExtent));
        }
        if (matrix.offset < end) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_matrices[%lld] has the offset %lld: it must be at least %lld, where %s", number, offset,
                 static_cast<long long>(end), i == 0 ? "the arena begins" : "the one before ends");
        }
        // Both sides of each comparison are in range: an offset is at most `count`, and rows * columns is below 2^62.
        if (matrix.offset > desc.count || matrix.rows * matrix.columns > desc.count - matrix.offset) {
            fail(CN_STATUS_INVALID_ARGUMENT, "host_matrices[%lld], %lld x %lld from %lld on, does not fit into count, %lld", number, rows,
                 columns, offset, static_cast<long long>(desc.count));
        }
        end = matrix.offset + matrix.rows * matrix.columns;
    }
}

void validate(const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) {
    require_enumerator("optimizer", desc.optimizer, CN_OPTIMIZER_MUON, "cn_optimizer_kind");
    require_range({"count", desc.count}, 1, MaxElements);
    validate_rule(desc);
    require_finite({"weight_decay", desc.weight_decay});
    validate_clipping(desc, offsets);
    validate_matrices(desc, matrices);
    require_reserved(desc.reserved);
    require_flag("use_ema", desc.use_ema);
    if (desc.use_ema != 0) {
        require_below_one({"ema_momentum", desc.ema_momentum});
        require_range({"ema_overwrite_frequency", desc.ema_overwrite_frequency}, 0, INT64_MAX);
    }
}

} // namespace

cn_status cn_optimizer_create(cn_context* context, const cn_optimizer_desc* desc, const int64_t* host_offsets,
                              const cn_matrix* host_matrices, cn_op** op) {
    return create(
        "cn_optimizer_create", HandleKind::Optimizer, context, desc, op,
        [=](const cn_optimizer_desc& checked) { validate(checked, host_offsets, host_matrices); },
        [=](Backend& backend, const cn_optimizer_desc& checked) { return backend.make_optimizer(checked, host_offsets, host_matrices); },
        [](OpEntry& entry, const cn_optimizer_desc& checked) {
            entry.slots = count_slots(checked);
            entry.has_ema = checked.use_ema != 0;
        });
}

cn_status cn_optimizer_step(cn_op* op, cn_state* state, float* parameters, const float* gradients, float* slot_0, float* slot_1,
                            float* slot_2, float* ema, int64_t steps) {
    // Not `run`: an update has no rows.
    return guarded("cn_optimizer_step", [=] {
        std::shared_ptr<OpEntry> entry = find_op(op, HandleKind::Optimizer);
        require_pointer("state", state, alignof(cn_state));
        require_floats("parameters", parameters);
        require_floats("gradients", gradients);
        float* const slots[] = {slot_0, slot_1, slot_2};
        const char* const names[] = {"slot_0", "slot_1", "slot_2"};
        for (int32_t slot = 0; slot < OptimizerSlots; ++slot) {
            require_floats_if(slot < entry->slots, names[slot], slots[slot], "this optimizer keeps nothing there");
        }
        require_floats_if(entry->has_ema, "ema", ema, "this optimizer keeps no average");
        if (steps < 0) {
            fail(CN_STATUS_INVALID_ARGUMENT, "steps is %lld: it must be at least 0", static_cast<long long>(steps));
        }
        Run run(*entry->context);
        require_live("op", entry->op);
        static_cast<OptimizerOp&>(*entry->op).step(state, parameters, gradients, slots, ema, steps);
        require_success(*entry->context->backend);
    });
}
