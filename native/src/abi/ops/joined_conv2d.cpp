#include "conv2d_checks.h"

using namespace compiled;
using namespace compiled::abi;

namespace {

// The fields of an input.
struct JoinedInput {
    Field channels, height, width, interpolation;
};

void require_factor(Field extent, Field factor) {
    require_extents({factor});
    if (extent.value % factor.value != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld and %s %lld: it must divide it, since every pixel becomes as many", extent.name,
             static_cast<long long>(extent.value), factor.name, static_cast<long long>(factor.value));
    }
}

void require_inputs(const cn_joined_conv2d_desc& desc) {
    const JoinedInput inputs[] = {
        {{"channels_0", desc.channels_0},
         {"upsampling_height_0", desc.upsampling_height_0},
         {"upsampling_width_0", desc.upsampling_width_0},
         {"interpolation_0", desc.interpolation_0}},
        {{"channels_1", desc.channels_1},
         {"upsampling_height_1", desc.upsampling_height_1},
         {"upsampling_width_1", desc.upsampling_width_1},
         {"interpolation_1", desc.interpolation_1}},
        {{"channels_2", desc.channels_2},
         {"upsampling_height_2", desc.upsampling_height_2},
         {"upsampling_width_2", desc.upsampling_width_2},
         {"interpolation_2", desc.interpolation_2}},
        {{"channels_3", desc.channels_3},
         {"upsampling_height_3", desc.upsampling_height_3},
         {"upsampling_width_3", desc.upsampling_width_3},
         {"interpolation_3", desc.interpolation_3}},
    };
    int64_t sum = 0;
    for (int i = 0; i < 4; ++i) {
        require_enumerator(inputs[i].interpolation.name, static_cast<int32_t>(inputs[i].interpolation.value), CN_INTERPOLATION_BILINEAR,
                           "cn_interpolation");
        if (i < desc.inputs) {
            require_extents({inputs[i].channels});
            require_factor({"conv.input_height", desc.conv.input_height}, inputs[i].height);
            require_factor({"conv.input_width", desc.conv.input_width}, inputs[i].width);
            sum += inputs[i].channels.value;
            continue;
        }
        for (const Field& field : {inputs[i].channels, inputs[i].height, inputs[i].width, inputs[i].interpolation}) {
            require_range(field, 0, 0, ": there are fewer inputs");
        }
    }
    if (sum != desc.conv.input_channels) {
        fail(CN_STATUS_INVALID_ARGUMENT, "conv.input_channels is %lld and the sum of channels %lld: they must be equal",
             static_cast<long long>(desc.conv.input_channels), static_cast<long long>(sum));
    }
}

void validate(const cn_joined_conv2d_desc& desc) {
    require_join(desc, 1);
    require_range({"conv.struct_size", desc.conv.struct_size}, 0, 0, ": struct_size is that of the whole");
    require_range({"conv.input_gradient", desc.conv.input_gradient}, 0, 0, ": each input has a gradient mode of its own");
    require_range({"conv.groups", desc.conv.groups}, 0, 1, ": groups of channels would be parts of inputs");
    require_conv2d(desc.conv);
    require_inputs(desc);
}

void note_sizes(OpEntry& entry, const cn_joined_conv2d_desc& desc) {
    int64_t pixels = desc.conv.input_height * desc.conv.input_width;
    const int64_t channels[] = {desc.channels_0, desc.channels_1, desc.channels_2, desc.channels_3};
    const int64_t copies[] = {desc.upsampling_height_0 * desc.upsampling_width_0, desc.upsampling_height_1 * desc.upsampling_width_1,
                              desc.upsampling_height_2 * desc.upsampling_width_2, desc.upsampling_height_3 * desc.upsampling_width_3};
    for (int i = 0; i < desc.inputs; ++i) {
        entry.input_sizes[i] = pixels / copies[i] * channels[i];
    }
}

cn_joined_conv2d_desc with_groups(const cn_joined_conv2d_desc& desc) {
    cn_joined_conv2d_desc result = desc;
    result.conv = abi::with_groups(desc.conv);
    return result;
}

} // namespace

cn_status cn_joined_conv2d_create(cn_context* context, const cn_joined_conv2d_desc* desc, cn_op** op) {
    return create(
        "cn_joined_conv2d_create", HandleKind::JoinedConv2D, context, desc, op, validate,
        [](Backend& backend, const cn_joined_conv2d_desc& checked) { return backend.make_joined_conv2d(with_groups(checked)); },
        [](OpEntry& entry, const cn_joined_conv2d_desc& checked) {
            note_conv2d(entry, checked.conv);
            note_inputs(entry, checked);
            note_sizes(entry, checked);
        });
}

cn_status cn_joined_conv2d_forward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2, const float* x_3,
                                   const float* kernel, const float* bias, float* y, uint8_t* codes, double* moments) {
    return run<JoinedConv2DOp>("cn_joined_conv2d_forward", HandleKind::JoinedConv2D, op, state,
                               [=](JoinedConv2DOp& conv, const OpEntry& entry) {
                                   const float* const x[] = {x_0, x_1, x_2, x_3};
                                   require_join_inputs(entry, x);
                                   require_floats("kernel", kernel);
                                   require_bias(entry, "bias", bias);
                                   require_floats("y", y);
                                   require_codes(entry, codes);
                                   require_moments(entry, moments);
                                   conv.forward(state, x, kernel, bias, y, codes, moments);
                               });
}

cn_status cn_joined_conv2d_predict(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2, const float* x_3,
                                   const float* kernel, const float* bias, const float* addend, float* y) {
    return run<JoinedConv2DOp>("cn_joined_conv2d_predict", HandleKind::JoinedConv2D, op, state,
                               [=](JoinedConv2DOp& conv, const OpEntry& entry) {
                                   const float* const x[] = {x_0, x_1, x_2, x_3};
                                   require_join_inputs(entry, x);
                                   require_floats("kernel", kernel);
                                   require_bias(entry, "bias", bias);
                                   require_addend(entry, addend);
                                   require_floats("y", y);
                                   conv.predict(state, x, kernel, bias, addend, y);
                               });
}

cn_status cn_joined_conv2d_backward(cn_op* op, const cn_state* state, const float* x_0, const float* x_1, const float* x_2,
                                    const float* x_3, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                                    float* dx_0, float* dx_1, float* dx_2, float* dx_3, float* dkernel, float* dbias) {
    return run<JoinedConv2DOp>("cn_joined_conv2d_backward", HandleKind::JoinedConv2D, op, state,
                               [=](JoinedConv2DOp& conv, const OpEntry& entry) {
                                   const float* const x[] = {x_0, x_1, x_2, x_3};
                                   float* const dx[] = {dx_0, dx_1, dx_2, dx_3};
                                   require_join_inputs(entry, x);
                                   require_floats("kernel", kernel);
                                   require_floats("y", y);
                                   require_codes(entry, codes);
                                   require_floats("dy", dy);
                                   require_join_gradients(entry, dx);
                                   require_weight_gradient(true, "dkernel", dkernel, "");
                                   require_weight_gradient(entry.has_bias, "dbias", dbias, "use_bias is 0");
                                   bool wants_input = dx_0 != nullptr || dx_1 != nullptr || dx_2 != nullptr || dx_3 != nullptr;
                                   if (wants_input || dkernel != nullptr || dbias != nullptr) {
                                       conv.backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
                                   }
                               });
}
