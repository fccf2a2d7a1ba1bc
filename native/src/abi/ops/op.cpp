#include "op.h"

namespace compiled::abi {

void require_state(const OpEntry& entry, const cn_state* state) {
    require_pointer("state", state, alignof(cn_state));
    if (entry.context->backend->host_addressable() && (state->rows < 1 || state->rows > entry.batch)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "state->rows is %lld: it must be from 1 to %lld, the batch of the op",
             static_cast<long long>(state->rows), static_cast<long long>(entry.batch));
    }
}

void require_bias(const OpEntry& entry, const char* name, const float* bias) {
    if (entry.has_bias) {
        require_floats(name, bias);
    } else {
        require_null(name, bias, "use_bias is 0");
    }
}

void require_input_gradient(const OpEntry& entry, const float* dx) {
    if (entry.input_gradient != CN_GRADIENT_NONE) {
        require_floats("dx", dx);
    } else {
        require_null("dx", dx, "input_gradient is CN_GRADIENT_NONE");
    }
}

void require_codes(const OpEntry& entry, const uint8_t* codes) {
    if (entry.has_codes) {
        require_pointer("codes", codes, 1);
    } else {
        require_null("codes", codes, "the stage has no pooling");
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
