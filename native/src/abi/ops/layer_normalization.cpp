#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_layer_normalization_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}, {"features", desc.features}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"features", desc.features}});
    require_epsilon(desc.epsilon);
    require_flag("use_scale", desc.use_scale);
    require_flag("use_center", desc.use_center);
    require_reserved(desc.reserved);
}

} // namespace

cn_status cn_layer_normalization_create(cn_context* context, const cn_layer_normalization_desc* desc, cn_op** op) {
    return create(
        "cn_layer_normalization_create", HandleKind::LayerNormalization, context, desc, op, validate,
        [](Backend& backend, const cn_layer_normalization_desc& checked) { return backend.make_layer_normalization(checked); },
        [](OpEntry& entry, const cn_layer_normalization_desc& checked) {
            note_batch(entry, checked);
            entry.has_scale = checked.use_scale != 0;
            entry.has_center = checked.use_center != 0;
        });
}

cn_status cn_layer_normalization_forward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta, float* y,
                                         float* saved) {
    return run<LayerNormalizationOp>("cn_layer_normalization_forward", HandleKind::LayerNormalization, op, state,
                                     [=](LayerNormalizationOp& kernel, const OpEntry& entry) {
                                         require_floats("x", x);
                                         require_scale(entry, "gamma", gamma);
                                         require_center(entry, "beta", beta);
                                         require_floats("y", y);
                                         if (saved != nullptr) {
                                             require_floats("saved", saved);
                                         }
                                         kernel.forward(state, x, gamma, beta, y, saved);
                                     });
}

cn_status cn_layer_normalization_backward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* saved,
                                          const float* dy, float* dx, float* dgamma, float* dbeta) {
    return run<LayerNormalizationOp>("cn_layer_normalization_backward", HandleKind::LayerNormalization, op, state,
                                     [=](LayerNormalizationOp& kernel, const OpEntry& entry) {
                                         require_floats("x", x);
                                         require_scale(entry, "gamma", gamma);
                                         require_floats("saved", saved);
                                         require_floats("dy", dy);
                                         require_input_gradient(entry, dx);
                                         require_weight_gradient(entry.has_scale, "dgamma", dgamma, "use_scale is 0");
                                         require_weight_gradient(entry.has_center, "dbeta", dbeta, "use_center is 0");
                                         kernel.backward(state, x, gamma, saved, dy, dx, dgamma, dbeta);
                                     });
}
