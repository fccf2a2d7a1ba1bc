#include "op.h"

namespace compiled::abi {

void require_state(const OpEntry& entry, const cn_state* state) {
    require_pointer("state", state, alignof(cn_state));
    if (entry.context->backend->host_addressable() && (state->rows < 1 || state->rows > entry.batch)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "state->rows is %lld: it must be from 1 to %lld, the batch of the op",
             static_cast<long long>(state->rows), static_cast<long long>(entry.batch));
    }
}

void require_floats_if(bool wanted, const char* name, const float* pointer, const char* reason) {
    if (wanted) {
        require_floats(name, pointer);
    } else {
        require_null(name, pointer, reason);
    }
}

void require_weight_gradient(bool has_weight, const char* name, const float* pointer, const char* reason) {
    if (pointer != nullptr) {
        require_floats_if(has_weight, name, pointer, reason);
    }
}

void require_bias(const OpEntry& entry, const char* name, const float* bias) {
    require_floats_if(entry.has_bias, name, bias, "use_bias is 0");
}

void require_scale(const OpEntry& entry, const char* name, const float* gamma) {
    require_floats_if(entry.has_scale, name, gamma, "use_scale is 0");
}

void require_center(const OpEntry& entry, const char* name, const float* beta) {
    require_floats_if(entry.has_center, name, beta, "use_center is 0");
}

void require_input_gradient(const OpEntry& entry, const float* dx) {
    require_floats_if(entry.input_gradient != CN_GRADIENT_NONE, "dx", dx, "input_gradient is CN_GRADIENT_NONE");
}

void require_join_inputs(const OpEntry& entry, const float* const (&x)[4]) {
    for (int i = 0; i < 4; ++i) {
        const char name[] = {'x', '_', static_cast<char>('0' + i), '\0'};
        if (i < entry.inputs) {
            require_floats(name, x[i]);
        } else {
            require_null(name, x[i], "there are fewer inputs");
        }
    }
}

void require_join_gradients(const OpEntry& entry, float* const (&dx)[4]) {
    for (int i = 0; i < 4; ++i) {
        const char name[] = {'d', 'x', '_', static_cast<char>('0' + i), '\0'};
        if (entry.input_gradients[i] == CN_GRADIENT_NONE) {
            require_null(name, dx[i], i < entry.inputs ? "its gradient mode is CN_GRADIENT_NONE" : "there are fewer inputs");
            continue;
        }
        require_floats(name, dx[i]);
        for (int before = 0; before < i; ++before) {
            if (dx[before] == dx[i] && entry.input_gradients[i] == CN_GRADIENT_OVERWRITE) {
                fail(CN_STATUS_INVALID_ARGUMENT, "%s is dx_%d: its gradient mode must be CN_GRADIENT_ACCUMULATE then", name, before);
            }
            if (dx[before] == dx[i] && entry.input_sizes[before] != entry.input_sizes[i]) {
                fail(CN_STATUS_INVALID_ARGUMENT,
                     "%s is dx_%d: the inputs have %lld and %lld values per sample, and must have one shape then", name, before,
                     static_cast<long long>(entry.input_sizes[i]), static_cast<long long>(entry.input_sizes[before]));
            }
        }
    }
}

void require_codes(const OpEntry& entry, const uint8_t* codes) {
    if (entry.has_codes) {
        require_pointer("codes", codes, 1);
    } else {
        require_null("codes", codes, "the stage makes none");
    }
}

} // namespace compiled::abi

using namespace compiled;
using namespace compiled::abi;

cn_status cn_op_destroy(cn_op* op) {
    return guarded("cn_op_destroy", [=] {
        if (op == nullptr) {
            return;
        }
        std::shared_ptr<OpEntry> entry = remove_op(op);
        std::lock_guard turn(entry->context->turn);
        entry->op.reset();
    });
}
