#include "../window_checks.h"
#include "op.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

void validate(const cn_average_pooling2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    Field batch{"batch", desc.batch}, channels{"channels", desc.channels};
    Plane input{{"input_height", desc.input_height}, {"input_width", desc.input_width}};
    Plane output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({batch, input.height, input.width, channels, output.height, output.width});
    require_pooling("window", desc.window, input, output, MaxWindowCells);
    require_elements("x", {batch, input.height, input.width, channels});
    require_elements("y", {batch, output.height, output.width, channels});
}

} // namespace

cn_status cn_average_pooling2d_create(cn_context* context, const cn_average_pooling2d_desc* desc, cn_op** op) {
    return create(
        "cn_average_pooling2d_create", HandleKind::AveragePooling2D, context, desc, op, validate,
        [](Backend& backend, const cn_average_pooling2d_desc& checked) { return backend.make_average_pooling2d(checked); },
        note_batch<cn_average_pooling2d_desc>);
}

cn_status cn_average_pooling2d_forward(cn_op* op, const cn_state* state, const float* x, float* y) {
    return run<AveragePooling2DOp>("cn_average_pooling2d_forward", HandleKind::AveragePooling2D, op, state,
                                   [=](AveragePooling2DOp& kernel, const OpEntry&) {
                                       require_floats("x", x);
                                       require_floats("y", y);
                                       kernel.forward(state, x, y);
                                   });
}

cn_status cn_average_pooling2d_backward(cn_op* op, const cn_state* state, const float* dy, float* dx) {
    return run<AveragePooling2DOp>("cn_average_pooling2d_backward", HandleKind::AveragePooling2D, op, state,
                                   [=](AveragePooling2DOp& kernel, const OpEntry& entry) {
                                       require_floats("dy", dy);
                                       require_input_gradient(entry, dx);
                                       kernel.backward(state, dy, dx);
                                   });
}
