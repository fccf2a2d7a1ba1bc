// What the exports of all ops have in common: creating and running one, and the checks of a run's arguments.
#pragma once

#include "../arguments.h"
#include "../backends.h"
#include "../checks.h"
#include "../guard.h"
#include "../handles.h"

#include <mutex>

namespace compiled::abi {

// Validates, lets `make` ask the backend for the op and `note` fill in what later runs are checked against.
template <class Desc, class Validate, class Make, class Note>
cn_status create(const char* function, HandleKind kind, cn_context* context, const Desc* desc, cn_op** op, const Validate& validate,
                 const Make& make, const Note& note) {
    return guarded(function, [&] {
        require_out("op", op);
        std::shared_ptr<ContextState> owner = find_context(context);
        Desc checked = read_desc(desc);
        validate(checked);
        auto entry = std::make_shared<OpEntry>();
        entry->context = owner;
        note(*entry, checked);
        Outside outside(owner->recording);
        std::lock_guard turn(owner->turn);
        entry->op = make(*owner->backend, checked);
        require_success(*owner->backend);
        *op = to_pointer<cn_op>(insert_handle(kind, std::move(entry)));
    });
}

void require_state(const OpEntry& entry, const cn_state* state);

template <class Kernel, class Body>
cn_status run(const char* function, HandleKind kind, cn_op* op, const cn_state* state, const Body& body) {
    return guarded(function, [&] {
        std::shared_ptr<OpEntry> entry = find_op(op, kind);
        require_state(*entry, state);
        Run run(*entry->context);
        require_live("op", entry->op);
        body(static_cast<Kernel&>(*entry->op), *entry);
        require_success(*entry->context->backend);
    });
}

// An array that is there or has no meaning.
void require_floats_if(bool wanted, const char* name, const float* pointer, const char* reason);

// The gradient of a weight that the op has: null where it is not wanted. Of one that it does not have, always.
void require_weight_gradient(bool has_weight, const char* name, const float* pointer, const char* reason);

void require_bias(const OpEntry& entry, const char* name, const float* bias);
void require_scale(const OpEntry& entry, const char* name, const float* gamma);
void require_center(const OpEntry& entry, const char* name, const float* beta);
void require_input_gradient(const OpEntry& entry, const float* dx);
// The inputs of a join, of which there are entry.inputs: four pointers x_0 to x_3.
void require_join_inputs(const OpEntry& entry, const float* const (&x)[4]);
// And their gradients. A pointer may come again, to be added to after it was overwritten.
void require_join_gradients(const OpEntry& entry, float* const (&dx)[4]);
void require_codes(const OpEntry& entry, const uint8_t* codes);

// The fields `inputs` and gradient_0 to gradient_3 of a join.
template <class Desc>
void require_join(const Desc& desc, int64_t fewest = 2) {
    require_range({"inputs", desc.inputs}, fewest, 4);
    const Field modes[] = {
        {"gradient_0", desc.gradient_0}, {"gradient_1", desc.gradient_1}, {"gradient_2", desc.gradient_2}, {"gradient_3", desc.gradient_3}};
    for (int i = 0; i < 4; ++i) {
        require_enumerator(modes[i].name, static_cast<int32_t>(modes[i].value), CN_GRADIENT_ACCUMULATE, "cn_gradient_mode");
        if (i >= desc.inputs) {
            require_range(modes[i], 0, 0, ": there are fewer inputs");
        }
    }
}

template <class Desc>
void note_inputs(OpEntry& entry, const Desc& desc) {
    entry.inputs = desc.inputs;
    entry.input_gradients[0] = desc.gradient_0;
    entry.input_gradients[1] = desc.gradient_1;
    entry.input_gradients[2] = desc.gradient_2;
    entry.input_gradients[3] = desc.gradient_3;
}

template <class Desc>
void note_join(OpEntry& entry, const Desc& desc) {
    entry.batch = desc.batch;
    note_inputs(entry, desc);
}

template <class Desc>
void note_batch(OpEntry& entry, const Desc& desc) {
    entry.batch = desc.batch;
    entry.input_gradient = desc.input_gradient;
}

} // namespace compiled::abi
