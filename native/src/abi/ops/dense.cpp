#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_dense_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_stage_activation(desc.activation, "activation_alpha", desc.activation_alpha);
    require_flag("use_bias", desc.use_bias);
    require_dropout("dropout_rate", desc.dropout_rate, "dropout_stream", desc.dropout_stream);
    require_precision(desc.precision);
    Field batch{"batch", desc.batch}, positions{"positions", desc.positions}, inputs{"inputs", desc.inputs}, units{"units", desc.units};
    require_extents({batch, inputs, units});
    require_range(positions, 1, MaxElements);
    require_elements("x", {batch, positions, inputs});
    require_elements("kernel", {inputs, units});
    require_elements("y", {batch, positions, units});
}

} // namespace

cn_status cn_dense_create(cn_context* context, const cn_dense_desc* desc, cn_op** op) {
    return create(
        "cn_dense_create", HandleKind::Dense, context, desc, op, validate,
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
        require_weight_gradient(true, "dkernel", dkernel, "");
        require_weight_gradient(entry.has_bias, "dbias", dbias, "use_bias is 0");
        if (dx != nullptr || dkernel != nullptr || dbias != nullptr) {
            dense.backward(state, x, kernel, y, dy, dx, dkernel, dbias);
        }
    });
}
