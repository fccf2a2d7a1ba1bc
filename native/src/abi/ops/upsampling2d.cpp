#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

// The output has an extent, too.
void require_factor(Field input, Field factor) {
    require_extents({factor});
    if (factor.value > MaxExtent / input.value) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld and %s %lld: their product must be at most %lld", input.name,
             static_cast<long long>(input.value), factor.name, static_cast<long long>(factor.value), static_cast<long long>(MaxExtent));
    }
}

void validate(const cn_upsampling2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_enumerator("interpolation", desc.interpolation, CN_INTERPOLATION_BILINEAR, "cn_interpolation");
    require_reserved(desc.reserved);
    Field batch{"batch", desc.batch}, channels{"channels", desc.channels};
    Field height{"input_height", desc.input_height}, width{"input_width", desc.input_width};
    Field factor_height{"factor_height", desc.factor_height}, factor_width{"factor_width", desc.factor_width};
    require_extents({batch, height, width, channels});
    require_factor(height, factor_height);
    require_factor(width, factor_width);
    require_elements("x", {batch, height, width, channels});
    require_elements("y", {batch, height, factor_height, width, factor_width, channels});
}

} // namespace

cn_status cn_upsampling2d_create(cn_context* context, const cn_upsampling2d_desc* desc, cn_op** op) {
    return create(
        "cn_upsampling2d_create", HandleKind::UpSampling2D, context, desc, op, validate,
        [](Backend& backend, const cn_upsampling2d_desc& checked) { return backend.make_upsampling2d(checked); },
        note_batch<cn_upsampling2d_desc>);
}

cn_status cn_upsampling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<UpSampling2DOp>("cn_upsampling2d_forward", HandleKind::UpSampling2D, op, state, [=](UpSampling2DOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_upsampling2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<UpSampling2DOp>("cn_upsampling2d_backward", HandleKind::UpSampling2D, op, state,
                               [=](UpSampling2DOp& kernel, const OpEntry& entry) {
                                   require_floats("dy", dy);
                                   require_input_gradient(entry, dx);
                                   kernel.backward(state, dy, dx);
                               });
}
