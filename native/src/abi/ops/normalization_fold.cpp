#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_normalization_fold_desc& desc) {
    require_epsilon(desc.epsilon);
    require_extents({{"channels", desc.channels}});
    require_range({"outer", desc.outer}, 1, MaxElements);
    require_range({"inner", desc.inner}, 1, MaxElements);
    require_elements("kernel", {{"outer", desc.outer}, {"channels", desc.channels}, {"inner", desc.inner}});
    require_flag("use_bias", desc.use_bias);
    require_flag("use_scale", desc.use_scale);
    require_flag("use_center", desc.use_center);
    require_reserved(desc.reserved);
}

void note(OpEntry& entry, const cn_normalization_fold_desc& desc) {
    entry.batch = MaxExtent; // it reads no rows
    entry.has_bias = desc.use_bias != 0;
    entry.has_scale = desc.use_scale != 0;
    entry.has_center = desc.use_center != 0;
}

} // namespace

cn_status cn_normalization_fold_create(cn_context* context, const cn_normalization_fold_desc* desc, cn_op** op) {
    return create(
        "cn_normalization_fold_create", HandleKind::NormalizationFold, context, desc, op, validate,
        [](Backend& backend, const cn_normalization_fold_desc& checked) { return backend.make_normalization_fold(checked); }, note);
}

cn_status cn_normalization_fold_forward(cn_op* op, const cn_state* state, const float* kernel, const float* bias, const float* gamma,
                                        const float* beta, const float* moving_mean, const float* moving_variance, float* folded_kernel,
                                        float* folded_bias) {
    return run<NormalizationFoldOp>(
        "cn_normalization_fold_forward", HandleKind::NormalizationFold, op, state, [=](NormalizationFoldOp& fold, const OpEntry& entry) {
            require_floats("kernel", kernel);
            require_bias(entry, "bias", bias);
            require_scale(entry, "gamma", gamma);
            require_center(entry, "beta", beta);
            require_floats("moving_mean", moving_mean);
            require_floats("moving_variance", moving_variance);
            require_floats("folded_kernel", folded_kernel);
            require_floats("folded_bias", folded_bias);
            fold.forward(state, kernel, bias, gamma, beta, moving_mean, moving_variance, folded_kernel, folded_bias);
        });
}
