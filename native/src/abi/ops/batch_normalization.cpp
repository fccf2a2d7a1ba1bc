#include "../window_checks.h"
#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void require_pooled(const cn_batch_normalization_desc& desc) {
    Plane input{{"height", desc.height}, {"width", desc.width}},
        output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({input.height, input.width, output.height, output.width});
    require_pooling("pool", desc.pool, input, output);
    if (desc.height * desc.width != desc.positions) {
        fail(CN_STATUS_INVALID_ARGUMENT, "positions is %lld, but the images that are pooled are %lld x %lld: it must be their product",
             static_cast<long long>(desc.positions), static_cast<long long>(desc.height), static_cast<long long>(desc.width));
    }
    if (desc.use_addend != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "use_addend is 1: it must be 0 with pooling; pool in an op of its own");
    }
    require_elements("y", {{"batch", desc.batch}, output.height, output.width, {"channels", desc.channels}});
}

void require_averaged(const cn_batch_normalization_desc& desc) {
    require_extents({{"positions", desc.positions}}); // as a global pooling's
    if (desc.pool.height != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "global_average is 1: it must be 0 with pooling, whose height is %lld",
             static_cast<long long>(desc.pool.height));
    }
    if (desc.activation != CN_ACTIVATION_LINEAR && desc.activation != CN_ACTIVATION_RELU) {
        fail(
            CN_STATUS_INVALID_ARGUMENT,
            "global_average is 1: it must be 0 with activation %d, for only CN_ACTIVATION_LINEAR and CN_ACTIVATION_RELU are known by their "
            "codes; average in an op of its own",
            desc.activation);
    }
}

void require_unpooled(const cn_batch_normalization_desc& desc) {
    const char* remedy = ": without pooling there is none";
    require_range({"height", desc.height}, 0, 0, remedy);
    require_range({"width", desc.width}, 0, 0, remedy);
    require_range({"output_height", desc.output_height}, 0, 0, remedy);
    require_range({"output_width", desc.output_width}, 0, 0, remedy);
    if (desc.dropout_rate > 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "dropout_rate is %g: it must be 0 without pooling; drop in an op of its own",
             static_cast<double>(desc.dropout_rate));
    }
}

void validate(const cn_batch_normalization_desc& desc) {
    require_stage_activation(desc.activation, "activation_alpha", desc.activation_alpha);
    require_dropout("dropout_rate", desc.dropout_rate, "dropout_stream", desc.dropout_stream);
    require_extents({{"batch", desc.batch}, {"channels", desc.channels}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"channels", desc.channels}});
    require_epsilon(desc.epsilon);
    if (!(desc.momentum >= 0.0f && desc.momentum <= 1.0f)) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "momentum is %g: it must be from 0 to 1", static_cast<double>(desc.momentum));
    }
    require_flag("use_scale", desc.use_scale);
    require_flag("use_center", desc.use_center);
    require_flag("frozen", desc.frozen);
    require_flag("use_addend", desc.use_addend);
    require_flag("global_average", desc.global_average);
    require_gradient_mode(desc.input_gradient);
    require_enumerator("addend_gradient", desc.addend_gradient, CN_GRADIENT_ACCUMULATE, "cn_gradient_mode");
    if (desc.use_addend == 0 && desc.addend_gradient != CN_GRADIENT_NONE) {
        fail(CN_STATUS_INVALID_ARGUMENT, "addend_gradient is %d: it must be CN_GRADIENT_NONE, as use_addend is 0", desc.addend_gradient);
    }
    if (desc.global_average != 0) {
        require_averaged(desc);
    }
    if (desc.pool.height != 0) {
        require_pooled(desc);
    } else {
        require_unpooled(desc);
    }
}

void note(OpEntry& entry, const cn_batch_normalization_desc& desc) {
    note_batch(entry, desc);
    entry.addend_gradient = desc.addend_gradient;
    entry.has_scale = desc.use_scale != 0;
    entry.has_center = desc.use_center != 0;
    entry.has_addend = desc.use_addend != 0;
    entry.is_frozen = desc.frozen != 0;
    entry.has_codes = desc.pool.height != 0 || (desc.global_average != 0 && desc.activation == CN_ACTIVATION_RELU);
}

void require_addend(const OpEntry& entry, const float* addend) {
    require_floats_if(entry.has_addend, "addend", addend, "use_addend is 0");
}

void require_inputs(const OpEntry& entry, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                    const float* moving_variance, const float* addend, const float* y) {
    require_floats("x", x);
    require_scale(entry, "gamma", gamma);
    require_center(entry, "beta", beta);
    require_floats("moving_mean", moving_mean);
    require_floats("moving_variance", moving_variance);
    require_addend(entry, addend);
    require_floats("y", y);
}

void require_sums(const OpEntry& entry, const float* dgamma, const float* dbeta) {
    if (entry.is_frozen) {
        require_null("dgamma", dgamma, "frozen is 1");
        require_null("dbeta", dbeta, "frozen is 1");
    } else {
        require_scale(entry, "dgamma", dgamma);
        require_center(entry, "dbeta", dbeta);
    }
}

} // namespace

cn_status cn_batch_normalization_create(cn_context* context, const cn_batch_normalization_desc* desc, cn_op** op) {
    return create(
        "cn_batch_normalization_create", HandleKind::BatchNormalization, context, desc, op, validate,
        [](Backend& backend, const cn_batch_normalization_desc& checked) { return backend.make_batch_normalization(checked); }, note);
}

cn_status cn_batch_normalization_forward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta,
                                         float* moving_mean, float* moving_variance, const float* addend, const double* moments, float* y,
                                         float* saved, uint8_t* codes) {
    return run<BatchNormalizationOp>("cn_batch_normalization_forward", HandleKind::BatchNormalization, op, state,
                                     [=](BatchNormalizationOp& kernel, const OpEntry& entry) {
                                         require_inputs(entry, x, gamma, beta, moving_mean, moving_variance, addend, y);
                                         require_floats("saved", saved);
                                         require_codes(entry, codes);
                                         if (entry.is_frozen) {
                                             require_null("moments", moments, "frozen is 1");
                                         } else if (moments != nullptr) {
                                             require_pointer("moments", moments, alignof(double));
                                         }
                                         kernel.forward(state, x, gamma, beta, moving_mean, moving_variance, addend, moments, y, saved,
                                                        codes);
                                     });
}

cn_status cn_batch_normalization_predict(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* beta,
                                         const float* moving_mean, const float* moving_variance, const float* addend, float* y) {
    return run<BatchNormalizationOp>("cn_batch_normalization_predict", HandleKind::BatchNormalization, op, state,
                                     [=](BatchNormalizationOp& kernel, const OpEntry& entry) {
                                         require_inputs(entry, x, gamma, beta, moving_mean, moving_variance, addend, y);
                                         kernel.predict(state, x, gamma, beta, moving_mean, moving_variance, addend, y);
                                     });
}

cn_status cn_batch_normalization_backward(cn_op* op, const cn_state* state, const float* x, const float* gamma, const float* saved,
                                          const float* y, const uint8_t* codes, const float* dy, float* dx, float* daddend, float* dgamma,
                                          float* dbeta) {
    return run<BatchNormalizationOp>("cn_batch_normalization_backward", HandleKind::BatchNormalization, op, state,
                                     [=](BatchNormalizationOp& kernel, const OpEntry& entry) {
                                         require_floats("x", x);
                                         require_scale(entry, "gamma", gamma);
                                         require_floats("saved", saved);
                                         require_floats("y", y);
                                         require_codes(entry, codes);
                                         require_floats("dy", dy);
                                         require_input_gradient(entry, dx);
                                         require_floats_if(entry.addend_gradient != CN_GRADIENT_NONE, "daddend", daddend,
                                                           "addend_gradient is CN_GRADIENT_NONE");
                                         require_sums(entry, dgamma, dbeta);
                                         kernel.backward(state, x, gamma, saved, y, codes, dy, dx, daddend, dgamma, dbeta);
                                     });
}
