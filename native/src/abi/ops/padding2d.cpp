#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_padding2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    Field batch{"batch", desc.batch}, channels{"channels", desc.channels};
    Field input_height{"input_height", desc.input_height}, input_width{"input_width", desc.input_width};
    Field output_height{"output_height", desc.output_height}, output_width{"output_width", desc.output_width};
    require_extents({batch, input_height, input_width, channels, output_height, output_width});
    require_range({"pad_top", desc.pad_top}, 1 - desc.input_height, desc.output_height - 1, ", so that a row of x is left");
    require_range({"pad_left", desc.pad_left}, 1 - desc.input_width, desc.output_width - 1, ", so that a column of x is left");
    require_elements("x", {batch, input_height, input_width, channels});
    require_elements("y", {batch, output_height, output_width, channels});
}

} // namespace

cn_status cn_padding2d_create(cn_context* context, const cn_padding2d_desc* desc, cn_op** op) {
    return create(
        "cn_padding2d_create", HandleKind::Padding2D, context, desc, op, validate,
        [](Backend& backend, const cn_padding2d_desc& checked) { return backend.make_padding2d(checked); }, note_batch<cn_padding2d_desc>);
}

cn_status cn_padding2d_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<Padding2DOp>("cn_padding2d_forward", HandleKind::Padding2D, op, state, [=](Padding2DOp& kernel, const OpEntry&) {
        require_floats("x", x);
        require_floats("y", y);
        kernel.forward(state, x, y);
    });
}

cn_status cn_padding2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<Padding2DOp>("cn_padding2d_backward", HandleKind::Padding2D, op, state, [=](Padding2DOp& kernel, const OpEntry& entry) {
        require_floats("dy", dy);
        require_input_gradient(entry, dx);
        kernel.backward(state, dy, dx);
    });
}
