#include "conv2d_checks.h"

#include "../window_checks.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

using namespace compiled;
using namespace compiled::abi;

namespace {

// What a convolution reads of an image with its padding, and what it reads of its own gradient to give that of the image: small tensors
// can make these huge, by dilation above all.
void require_padded_images(const cn_conv2d_desc& desc) {
    const cn_window& w = desc.window;
    int64_t reach_height = reach_of(w.height, w.dilation_height), reach_width = reach_of(w.width, w.dilation_width);
    int64_t rows = (desc.conv_height - 1) * w.stride_height + reach_height;
    int64_t columns = (desc.conv_width - 1) * w.stride_width + reach_width;
    Field channels{"input_channels", desc.input_channels};
    if (desc.groups > 1 && desc.filters > desc.input_channels) { // depthwise: a channel for each of its filters
        channels = {"filters", desc.filters};
    }
    require_elements("the padded image", {{"rows", rows}, {"columns", std::max(columns, desc.input_width)}, channels});
    int64_t gradient_rows =
        std::max(desc.input_height + std::max<int64_t>(0, w.pad_top), desc.conv_height - std::min<int64_t>(0, w.pad_top));
    int64_t gradient_columns =
        std::max(desc.input_width + std::max<int64_t>(0, w.pad_left), desc.conv_width - std::min<int64_t>(0, w.pad_left));
    require_elements(
        "the padded gradient",
        {{"rows", gradient_rows + reach_height - 1}, {"columns", gradient_columns + reach_width - 1}, {"filters", desc.filters}});
}

// The divisor of both numbers that is nearest to `groups`.
int64_t nearest_groups(int64_t groups, int64_t channels, int64_t filters) {
    int64_t largest = std::gcd(channels, filters), nearest = 1;
    auto offer = [&](int64_t divisor) { nearest = std::abs(divisor - groups) < std::abs(nearest - groups) ? divisor : nearest; };
    for (int64_t divisor = 1; divisor * divisor <= largest; ++divisor) {
        if (largest % divisor == 0) {
            offer(divisor);
            offer(largest / divisor);
        }
    }
    return nearest;
}

void require_groups(int64_t groups, Field channels, Field filters) {
    require_range({"groups", groups}, 0, MaxExtent);
    if (groups != 0 && (channels.value % groups != 0 || filters.value % groups != 0)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "groups is %lld, but %s is %lld and %s %lld: it must divide both; the nearest that does is %lld",
             static_cast<long long>(groups), channels.name, static_cast<long long>(channels.value), filters.name,
             static_cast<long long>(filters.value), static_cast<long long>(nearest_groups(groups, channels.value, filters.value)));
    }
}

// What a batch normalization reads: nothing comes in between.
void require_plain(const cn_conv2d_desc& desc) {
    if (desc.activation != CN_ACTIVATION_LINEAR || desc.pool.height != 0 || desc.dropout_rate > 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "use_moments is 1, but the stage has %s: moments are those of a convolution and its bias alone",
             desc.activation != CN_ACTIVATION_LINEAR ? "an activation"
             : desc.pool.height != 0                 ? "a pooling"
                                                     : "a dropout");
    }
}

} // namespace

namespace compiled::abi {

void require_conv2d(const cn_conv2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_stage_activation(desc.activation, "activation_alpha", desc.activation_alpha);
    require_flag("use_bias", desc.use_bias);
    require_flag("use_moments", desc.use_moments);
    require_reserved(desc.reserved);
    require_dropout("dropout_rate", desc.dropout_rate, "dropout_stream", desc.dropout_stream);
    require_precision(desc.precision);
    if (desc.use_moments != 0) {
        require_plain(desc);
    }
    Field batch{"batch", desc.batch}, channels{"input_channels", desc.input_channels}, filters{"filters", desc.filters};
    Plane input{{"input_height", desc.input_height}, {"input_width", desc.input_width}};
    Plane conv{{"conv_height", desc.conv_height}, {"conv_width", desc.conv_width}};
    Plane output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({batch, input.height, input.width, channels, filters, conv.height, conv.width, output.height, output.width});
    require_groups(desc.groups, channels, filters);
    require_convolution_window("window", desc.window, input, conv);
    require_cells(desc.window);
    if (desc.pool.height != 0) {
        require_pooling("pool", desc.pool, conv, output);
    } else if (desc.output_height != desc.conv_height || desc.output_width != desc.conv_width) {
        fail(CN_STATUS_INVALID_ARGUMENT, "the output is %lld x %lld and the convolution %lld x %lld: without pooling they must be equal",
             static_cast<long long>(desc.output_height), static_cast<long long>(desc.output_width),
             static_cast<long long>(desc.conv_height), static_cast<long long>(desc.conv_width));
    }
    Field rows{"window.height", desc.window.height}, columns{"window.width", desc.window.width};
    require_elements("x", {batch, input.height, input.width, channels});
    require_elements("kernel", {rows, columns, {"channels of a group", channels.value / std::max<int64_t>(1, desc.groups)}, filters});
    require_elements("the convolution", {batch, conv.height, conv.width, filters});
    require_elements("y", {batch, output.height, output.width, filters});
    require_padded_images(desc);
    // What a kernel that lays out the windows side by side would hold.
    require_elements("the unfolded input", {batch, conv.height, conv.width, rows, columns, channels});
}

cn_conv2d_desc with_groups(const cn_conv2d_desc& desc) {
    cn_conv2d_desc result = desc;
    result.groups = std::max<int64_t>(1, desc.groups);
    return result;
}

void note_conv2d(OpEntry& entry, const cn_conv2d_desc& desc) {
    note_batch(entry, desc);
    entry.has_bias = desc.use_bias != 0;
    entry.has_codes = desc.pool.height != 0;
    entry.has_moments = desc.use_moments != 0;
}

void require_moments(const OpEntry& entry, const double* moments) {
    if (entry.has_moments) {
        require_pointer("moments", moments, alignof(double));
    } else {
        require_null("moments", moments, "use_moments is 0");
    }
}

void require_addend(const OpEntry& entry, const float* addend) {
    if (entry.has_codes) {
        require_null("addend", addend, "the stage pools");
    } else if (addend != nullptr) {
        require_floats("addend", addend);
    }
}

} // namespace compiled::abi

cn_status cn_conv2d_create(cn_context* context, const cn_conv2d_desc* desc, cn_op** op) {
    return create(
        "cn_conv2d_create", HandleKind::Conv2D, context, desc, op, require_conv2d,
        [](Backend& backend, const cn_conv2d_desc& checked) { return backend.make_conv2d(with_groups(checked)); }, note_conv2d);
}

cn_status cn_conv2d_forward(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y,
                            uint8_t* codes, double* moments) {
    return run<Conv2DOp>("cn_conv2d_forward", HandleKind::Conv2D, op, state, [=](Conv2DOp& conv, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_floats("y", y);
        require_codes(entry, codes);
        require_moments(entry, moments);
        conv.forward(state, x, kernel, bias, y, codes, moments);
    });
}

cn_status cn_conv2d_predict(cn_op* op, const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend,
                            float* y) {
    return run<Conv2DOp>("cn_conv2d_predict", HandleKind::Conv2D, op, state, [=](Conv2DOp& conv, const OpEntry& entry) {
        require_floats("x", x);
        require_floats("kernel", kernel);
        require_bias(entry, "bias", bias);
        require_addend(entry, addend);
        require_floats("y", y);
        conv.predict(state, x, kernel, bias, addend, y);
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
        require_weight_gradient(true, "dkernel", dkernel, "");
        require_weight_gradient(entry.has_bias, "dbias", dbias, "use_bias is 0");
        if (dx != nullptr || dkernel != nullptr || dbias != nullptr) {
            conv.backward(state, x, kernel, y, codes, dy, dx, dkernel, dbias);
        }
    });
}
