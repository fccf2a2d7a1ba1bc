// Exports: creating, running and destroying ops. Descriptors are checked by validation.cpp, the arguments of runs here; the work is the
// backend's.
#include "arguments.h"
#include "backends.h"
#include "guard.h"
#include "handles.h"
#include "validation.h"

#include <mutex>

using namespace compiled;
using namespace compiled::abi;

namespace {

// Validates, lets `make` ask the backend for the op and `note` fill in what later runs are checked against.
template <class Desc, class Make, class Note>
cn_status create(const char* function, HandleKind kind, cn_context* context, const Desc* desc, cn_op** op, const Make& make,
                 const Note& note) {
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

void require_state(const OpEntry& entry, const cn_state* state) {
    require_pointer("state", state, alignof(cn_state));
    if (entry.context->backend->host_addressable() && (state->rows < 1 || state->rows > entry.batch)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "state->rows is %lld: it must be from 1 to %lld, the batch of the op",
             static_cast<long long>(state->rows), static_cast<long long>(entry.batch));
    }
}

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

template <class Desc>
void note_batch(OpEntry& entry, const Desc& desc) {
    entry.batch = desc.batch;
    entry.input_gradient = desc.input_gradient;
}

} // namespace

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

// ---------------------------------------------------------------------------------------------------------------------
// Gather
// ---------------------------------------------------------------------------------------------------------------------

cn_status cn_gather_create(cn_context* context, const cn_gather_desc* desc, cn_op** op) {
    return create(
        "cn_gather_create", HandleKind::Gather, context, desc, op,
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

// ---------------------------------------------------------------------------------------------------------------------
// Activation, softmax, dropout
// ---------------------------------------------------------------------------------------------------------------------

cn_status cn_activation_create(cn_context* context, const cn_activation_desc* desc, cn_op** op) {
    return create(
        "cn_activation_create", HandleKind::Activation, context, desc, op,
        [](Backend& backend, const cn_activation_desc& checked) { return backend.make_activation(checked); },
        note_batch<cn_activation_desc>);
}

cn_status cn_activation_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<ActivationOp>("cn_activation_forward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_activation_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx) {
    return run<ActivationOp>("cn_activation_backward", HandleKind::Activation, op, state, [=](ActivationOp& kernel, const OpEntry& entry) {
        require_floats("y", y);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, y, dy, dx);
    });
}

cn_status cn_softmax_create(cn_context* context, const cn_softmax_desc* desc, cn_op** op) {
    return create(
        "cn_softmax_create", HandleKind::Softmax, context, desc, op,
        [](Backend& backend, const cn_softmax_desc& checked) { return backend.make_softmax(checked); }, note_batch<cn_softmax_desc>);
}

cn_status cn_softmax_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<SoftmaxOp>("cn_softmax_forward", HandleKind::Softmax, op, state, [=](SoftmaxOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_softmax_backward(cn_op* op, const cn_state* state, const float* y, const float* dy, float* dx) {
    return run<SoftmaxOp>("cn_softmax_backward", HandleKind::Softmax, op, state, [=](SoftmaxOp& kernel, const OpEntry& entry) {
        require_floats("y", y);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, y, dy, dx);
    });
}

cn_status cn_dropout_create(cn_context* context, const cn_dropout_desc* desc, cn_op** op) {
    return create(
        "cn_dropout_create", HandleKind::Dropout, context, desc, op,
        [](Backend& backend, const cn_dropout_desc& checked) { return backend.make_dropout(checked); }, note_batch<cn_dropout_desc>);
}

cn_status cn_dropout_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<DropoutOp>("cn_dropout_forward", HandleKind::Dropout, op, state, [=](DropoutOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_dropout_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<DropoutOp>("cn_dropout_backward", HandleKind::Dropout, op, state, [=](DropoutOp& kernel, const OpEntry& entry) {
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, dy, dx);
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Max pooling, convolution, dense
// ---------------------------------------------------------------------------------------------------------------------

cn_status cn_max_pooling2d_create(cn_context* context, const cn_max_pooling2d_desc* desc, cn_op** op) {
    return create(
        "cn_max_pooling2d_create", HandleKind::MaxPooling2D, context, desc, op,
        [](Backend& backend, const cn_max_pooling2d_desc& checked) { return backend.make_max_pooling2d(checked); },
        note_batch<cn_max_pooling2d_desc>);
}

cn_status cn_max_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y, uint8_t* codes) {
    return run<MaxPooling2DOp>("cn_max_pooling2d_forward", HandleKind::MaxPooling2D, op, state,
                               [=](MaxPooling2DOp& kernel, const OpEntry&) {
                                   require_floats("x", x);
                                   require_floats("y", y);
                                   kernel.forward(state, x, y, codes);
                               });
}

cn_status cn_max_pooling2d_backward(cn_op* op, const cn_state* state, const uint8_t* codes, const float* dy, float* dx) {
    return run<MaxPooling2DOp>("cn_max_pooling2d_backward", HandleKind::MaxPooling2D, op, state,
                               [=](MaxPooling2DOp& kernel, const OpEntry& entry) {
                                   require_pointer("codes", codes, 1);
                                   require_floats("dy", dy);
                                   require_input_gradient(entry, dx);
                                   kernel.backward(state, codes, dy, dx);
                               });
}

cn_status cn_conv2d_create(cn_context* context, const cn_conv2d_desc* desc, cn_op** op) {
    return create(
        "cn_conv2d_create", HandleKind::Conv2D, context, desc, op,
        [](Backend& backend, const cn_conv2d_desc& checked) { return backend.make_conv2d(checked); },
        [](OpEntry& entry, const cn_conv2d_desc& checked) {
            note_batch(entry, checked);
            entry.has_bias = checked.use_bias != 0;
            entry.has_codes = checked.pool.height != 0;
        });
}

cn_status cn_conv2d_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y,
                            uint8_t* codes) {
    return run<Conv2DOp>("cn_conv2d_forward", HandleKind::Conv2D, op, state, [=](Conv2DOp& conv, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_floats("y", y);
        require_codes(entry, codes);
        conv.forward(state, x, kernel, bias, y, codes);
    });
}

cn_status cn_conv2d_predict(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) {
    return run<Conv2DOp>("cn_conv2d_predict", HandleKind::Conv2D, op, state, [=](Conv2DOp& conv, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_floats("y", y);
        conv.predict(state, x, kernel, bias, y);
    });
}

cn_status cn_conv2d_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes,
                             const float* dy, float* dx, float* dkernel, float* dbias) {
    return run<Conv2DOp>("cn_conv2d_backward", HandleKind::Conv2D, op, state, [=](Conv2DOp& conv, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_floats("y", y);
        require_codes(entry, codes);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        require_floats("dkernel", dkernel);
        require_bias(entry, "dbias", dbias);
        conv.backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
    });
}

cn_status cn_dense_create(cn_context* context, const cn_dense_desc* desc, cn_op** op) {
    return create(
        "cn_dense_create", HandleKind::Dense, context, desc, op,
        [](Backend& backend, const cn_dense_desc& checked) { return backend.make_dense(checked); },
        [](OpEntry& entry, const cn_dense_desc& checked) {
            note_batch(entry, checked);
            entry.has_bias = checked.use_bias != 0;
        });
}

cn_status cn_dense_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) {
    return run<DenseOp>("cn_dense_forward", HandleKind::Dense, op, state, [=](DenseOp& dense, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_floats("y", y);
        dense.forward(state, x, kernel, bias, y);
    });
}

cn_status cn_dense_predict(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) {
    return run<DenseOp>("cn_dense_predict", HandleKind::Dense, op, state, [=](DenseOp& dense, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_floats("y", y);
        dense.predict(state, x, kernel, bias, y);
    });
}

cn_status cn_dense_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy,
                            float* dx, float* dkernel, float* dbias) {
    return run<DenseOp>("cn_dense_backward", HandleKind::Dense, op, state, [=](DenseOp& dense, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_floats("y", y);
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        require_floats("dkernel", dkernel);
        require_bias(entry, "dbias", dbias);
        dense.backward(state, x, kernel, y, dy, dx, dkernel, dbias);
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// Loss, optimizer
// ---------------------------------------------------------------------------------------------------------------------

cn_status cn_loss_create(cn_context* context, const cn_loss_desc* desc, cn_op** op) {
    return create(
        "cn_loss_create", HandleKind::Loss, context, desc, op,
        [](Backend& backend, const cn_loss_desc& checked) { return backend.make_loss(checked); },
        [](OpEntry& entry, const cn_loss_desc& checked) { entry.batch = checked.batch; });
}

cn_status cn_loss_forward(cn_op* op, const cn_state* state, const float* predictions, const void* targets, float* gradient,
                          cn_metrics* metrics) {
    return run<LossOp>("cn_loss_forward", HandleKind::Loss, op, state, [=](LossOp& loss, const OpEntry&) {
        require_floats("predictions", predictions);
        require_pointer("targets", targets, alignof(int32_t));
        if (gradient != nullptr) {
            require_floats("gradient", gradient);
        }
        require_pointer("metrics", metrics, alignof(cn_metrics));
        loss.forward(state, predictions, targets, gradient, metrics);
    });
}

cn_status cn_optimizer_create(cn_context* context, const cn_optimizer_desc* desc, cn_op** op) {
    return create(
        "cn_optimizer_create", HandleKind::Optimizer, context, desc, op,
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
