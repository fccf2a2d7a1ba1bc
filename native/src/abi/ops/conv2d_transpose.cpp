#include "../window_checks.h"
#include "op.h"

#include <algorithm>

using namespace compiled;
using namespace compiled::abi;

namespace {

// What the convolution from y to x reads of y with its padding, and what it reads of x, its result's gradient, to give y: small tensors can
// make these huge.
void require_padded_images(const cn_conv2d_transpose_desc& desc) {
    const cn_window& w = desc.window;
    int64_t reach_height = reach_of(w.height, w.dilation_height), reach_width = reach_of(w.width, w.dilation_width);
    int64_t rows = (desc.input_height - 1) * w.stride_height + reach_height;
    int64_t columns = (desc.input_width - 1) * w.stride_width + reach_width;
    require_elements("the padded output", {{"rows", rows}, {"columns", std::max(columns, desc.output_width)}, {"filters", desc.filters}});
    require_elements("the padded input", {{"rows", desc.output_height + reach_height - 1},
                                          {"columns", desc.output_width + reach_width - 1},
                                          {"input_channels", desc.input_channels}});
}

void validate(const cn_conv2d_transpose_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_stage_activation(desc.activation, "activation_alpha", desc.activation_alpha);
    require_flag("use_bias", desc.use_bias);
    require_precision(desc.precision);
    Field batch{"batch", desc.batch}, channels{"input_channels", desc.input_channels}, filters{"filters", desc.filters};
    Plane input{{"input_height", desc.input_height}, {"input_width", desc.input_width}};
    Plane output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({batch, input.height, input.width, channels, filters, output.height, output.width});
    require_window("window", desc.window, output, input);
    require_cells(desc.window);
    Field rows{"window.height", desc.window.height}, columns{"window.width", desc.window.width};
    require_elements("x", {batch, input.height, input.width, channels});
    require_elements("kernel", {rows, columns, filters, channels});
    require_elements("y", {batch, output.height, output.width, filters});
    require_padded_images(desc);
    // What a kernel that lays out the windows side by side would hold.
    require_elements("the unfolded output", {batch, input.height, input.width, rows, columns, filters});
}

} // namespace

cn_status cn_conv2d_transpose_create(cn_context* context, const cn_conv2d_transpose_desc* desc, cn_op** op) {
    return create(
        "cn_conv2d_transpose_create", HandleKind::Conv2DTranspose, context, desc, op, validate,
        [](Backend& backend, const cn_conv2d_transpose_desc& checked) { return backend.make_conv2d_transpose(checked); },
        [](OpEntry& entry, const cn_conv2d_transpose_desc& checked) {
            note_batch(entry, checked);
            entry.has_bias = checked.use_bias != 0;
            entry.takes_output = checked.activation != CN_ACTIVATION_LINEAR;
        });
}

cn_status cn_conv2d_transpose_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) {
    return run<Conv2DTransposeOp>("cn_conv2d_transpose_forward", HandleKind::Conv2DTranspose, op, state,
                                  [=](Conv2DTransposeOp& conv, const OpEntry& entry) {
                                      require_floats("x", x);
                                      require_floats("kernel", kernel);
                                      require_bias(entry, "bias", bias);
                                      require_floats("y", y);
                                      conv.forward(state, x, kernel, bias, y);
                                  });
}

cn_status cn_conv2d_transpose_backward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* y,
                                       const float* dy, float* dx, float* dkernel, float* dbias) {
    return run<Conv2DTransposeOp>("cn_conv2d_transpose_backward", HandleKind::Conv2DTranspose, op, state,
                                  [=](Conv2DTransposeOp& conv, const OpEntry& entry) {
                                      require_floats("x", x);
                                      require_floats("kernel", kernel);
                                      if (entry.takes_output) {
                                          require_floats("y", y);
                                      }
                                      require_floats("dy", dy);
                                      require_input_gradient(entry, dx);
                                      require_weight_gradient(true, "dkernel", dkernel, "");
                                      require_weight_gradient(entry.has_bias, "dbias", dbias, "use_bias is 0");
                                      if (dx != nullptr || dkernel != nullptr || dbias != nullptr) {
                                          conv.backward(state, x, kernel, y, dy, dx, dkernel, dbias);
                                      }
                                  });
}
