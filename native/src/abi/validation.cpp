#include "validation.h"

#include "common/error.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <initializer_list>

namespace compiled::abi {

namespace {

struct Field {
    const char* name;
    int64_t value;
};

void require_range(Field field, int64_t smallest, int64_t largest, const char* remedy = "") {
    if (field.value < smallest || field.value > largest) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld: it must be from %lld to %lld%s", field.name, static_cast<long long>(field.value),
             static_cast<long long>(smallest), static_cast<long long>(largest), remedy);
    }
}

void require_extents(std::initializer_list<Field> fields) {
    for (const Field& field : fields) {
        require_range(field, 1, MaxExtent);
    }
}

// The product of extents that are at least 1, as a tensor named `what`.
void require_elements(const char* what, std::initializer_list<Field> fields) {
    int64_t product = 1;
    for (const Field& field : fields) {
        if (field.value > MaxElements / product) {
            char shape[192];
            int length = 0;
            for (const Field& each : fields) {
                length += std::snprintf(shape + length, sizeof(shape) - static_cast<size_t>(length), "%s%s %lld", length == 0 ? "" : " x ",
                                        each.name, static_cast<long long>(each.value));
                if (length >= static_cast<int>(sizeof(shape)) - 1) {
                    break;
                }
            }
            fail(CN_STATUS_INVALID_ARGUMENT, "%s, %s, has more than the limit of %lld elements; use a smaller batch or smaller layers",
                 what, shape, static_cast<long long>(MaxElements));
        }
        product *= field.value;
    }
}

void require_enumerator(const char* name, int32_t value, int32_t largest, const char* type) {
    if (value < 0 || value > largest) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %d: it must be a %s, from 0 to %d", name, value, type, largest);
    }
}

void require_gradient_mode(int32_t value) {
    require_enumerator("input_gradient", value, CN_GRADIENT_ACCUMULATE, "cn_gradient_mode");
}
void require_activation(int32_t value) {
    require_enumerator("activation", value, CN_ACTIVATION_TANH, "cn_activation");
}
void require_precision(int32_t value) {
    require_enumerator("precision", value, CN_PRECISION_BFLOAT16, "cn_precision");
}
void require_flag(const char* name, int32_t value) {
    require_range({name, value}, 0, 1);
}

void require_reserved(int32_t value) {
    if (value != 0) {
        fail(CN_STATUS_INVALID_ARGUMENT, "reserved is %d: it must be 0", value);
    }
}

void require_dropout(const char* rate_name, float rate, const char* stream_name, uint32_t stream) {
    if (!(rate >= 0.0f && rate < 1.0f)) { // written so that NaN fails
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and less than 1", rate_name, static_cast<double>(rate));
    }
    require_range({stream_name, stream}, 0, 0xFFFF);
}

// How many input cells a window covers along an axis, holes included. Below 2^62: both factors are at most MaxExtent.
int64_t reach_of(int64_t size, int64_t dilation) {
    return (size - 1) * dilation + 1;
}

// One axis of a window: `of` is "window" or "pool", `axis` "height" or "width", `pad_side` "top" or "left".
struct WindowAxis {
    const char* of;
    const char* axis;
    const char* pad_side;
    int64_t size, stride, dilation, pad;
    int64_t input, output;
    const char* input_name;
    const char* output_name;
};

void require_window_axis(const WindowAxis& w) {
    char name[64];
    std::snprintf(name, sizeof(name), "%s.%s", w.of, w.axis);
    require_range({name, w.size}, 1, MaxExtent);
    std::snprintf(name, sizeof(name), "%s.stride_%s", w.of, w.axis);
    require_range({name, w.stride}, 1, MaxExtent);
    std::snprintf(name, sizeof(name), "%s.dilation_%s", w.of, w.axis);
    require_range({name, w.dilation}, 1, MaxExtent);
    int64_t reach = reach_of(w.size, w.dilation);
    if (reach > MaxExtent) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s.%s is %lld and its dilation %lld: together they reach over more than %lld", w.of, w.axis,
             static_cast<long long>(w.size), static_cast<long long>(w.dilation), static_cast<long long>(MaxExtent));
    }
    std::snprintf(name, sizeof(name), "%s.pad_%s", w.of, w.pad_side);
    require_range({name, w.pad}, 0, reach - 1, ", less than the window reaches");
    // The last window must begin before the input ends. The first one ends inside or behind it, as the padding is less than its reach.
    int64_t most = (w.input - 1 + w.pad) / w.stride + 1;
    if (w.output > most) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "%s is %lld, but windows with %s.stride_%s %lld and %s.pad_%s %lld begin within %s %lld only up to %lld; lower %s to that", //
             w.output_name, static_cast<long long>(w.output), w.of, w.axis, static_cast<long long>(w.stride), w.of, w.pad_side,
             static_cast<long long>(w.pad), w.input_name, static_cast<long long>(w.input), static_cast<long long>(most), w.output_name);
    }
}

struct Plane {
    Field height, width;
};

void require_window(const char* of, const cn_window& w, Plane input, Plane output) {
    require_window_axis({of, "height", "top", w.height, w.stride_height, w.dilation_height, w.pad_top, input.height.value,
                         output.height.value, input.height.name, output.height.name});
    require_window_axis({of, "width", "left", w.width, w.stride_width, w.dilation_width, w.pad_left, input.width.value, output.width.value,
                         input.width.name, output.width.name});
}

// What a convolution reads of an image with its padding, and what it reads of its own gradient to give that of the image: small tensors
// can make these huge, by dilation above all.
void require_padded_images(const cn_conv2d_desc& desc) {
    const cn_window& w = desc.window;
    int64_t reach_height = reach_of(w.height, w.dilation_height), reach_width = reach_of(w.width, w.dilation_width);
    int64_t rows = (desc.conv_height - 1) * w.stride_height + reach_height;
    int64_t columns = (desc.conv_width - 1) * w.stride_width + reach_width;
    require_elements("the padded image",
                     {{"rows", rows}, {"columns", std::max(columns, desc.input_width)}, {"input_channels", desc.input_channels}});
    require_elements(
        "the padded gradient",
        {{"rows", desc.input_height + reach_height - 1}, {"columns", desc.input_width + reach_width - 1}, {"filters", desc.filters}});
}

// Without dilation a window that begins and ends in reach of the input holds one of its cells: a maximum always exists.
void require_pooling(const char* of, const cn_window& w, Plane input, Plane output) {
    if (w.dilation_height != 1 || w.dilation_width != 1) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s dilation is %lld x %lld: pooling has none, both must be 1", of,
             static_cast<long long>(w.dilation_height), static_cast<long long>(w.dilation_width));
    }
    require_window(of, w, input, output);
    if (w.height > MaxPoolingCells || w.width > MaxPoolingCells || w.height * w.width > MaxPoolingCells) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld x %lld: a pooling window has at most %lld cells; pool in two steps", of,
             static_cast<long long>(w.height), static_cast<long long>(w.width), static_cast<long long>(MaxPoolingCells));
    }
}

} // namespace

void validate(const cn_context_desc& desc) {
    require_enumerator("device", desc.device, CN_DEVICE_CUDA, "cn_device");
    require_range({"ordinal", desc.ordinal}, 0, desc.device == CN_DEVICE_CPU ? 0 : INT32_MAX);
    require_range({"threads", desc.threads}, 0, MaxThreads, "; 0 takes all processors");
    require_enumerator("instruction_set", desc.instruction_set, CN_INSTRUCTION_SET_WIDE, "cn_instruction_set");
    require_reserved(desc.reserved);
}

void validate(const cn_gather_desc& desc) {
    require_enumerator("input", desc.input, CN_GATHER_INPUT_UINT8, "cn_gather_input");
    require_enumerator("target", desc.target, CN_GATHER_TARGET_ONE_HOT, "cn_gather_target");
    require_extents({{"samples", desc.samples}});
    require_range({"batch", desc.batch}, 1, desc.samples, ", the number of samples");
    require_range({"input_count", desc.input_count}, 1, MaxElements);
    require_range({"target_count", desc.target_count}, 1, MaxElements);
    require_elements("the inputs", {{"samples", desc.samples}, {"input_count", desc.input_count}});
    require_elements("the targets", {{"samples", desc.samples}, {"target_count", desc.target_count}});
    if (!std::isfinite(desc.scale)) {
        fail(CN_STATUS_INVALID_ARGUMENT, "scale is %g: it must be finite", static_cast<double>(desc.scale));
    }
}

void validate(const cn_activation_desc& desc) {
    require_activation(desc.activation);
    require_gradient_mode(desc.input_gradient);
    require_reserved(desc.reserved);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
}

void validate(const cn_softmax_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
}

void validate(const cn_dropout_desc& desc) {
    require_dropout("rate", desc.rate, "stream", desc.stream);
    require_gradient_mode(desc.input_gradient);
    require_range({"batch", desc.batch}, 1, MaxExtent);
    require_range({"count", desc.count}, 1, MaxElements);
    require_elements("x", {{"batch", desc.batch}, {"count", desc.count}});
}

void validate(const cn_max_pooling2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    Field batch{"batch", desc.batch}, channels{"channels", desc.channels};
    Plane input{{"input_height", desc.input_height}, {"input_width", desc.input_width}};
    Plane output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({batch, input.height, input.width, channels, output.height, output.width});
    require_pooling("window", desc.window, input, output);
    require_elements("x", {batch, input.height, input.width, channels});
    require_elements("y", {batch, output.height, output.width, channels});
}

void validate(const cn_conv2d_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_activation(desc.activation);
    require_flag("use_bias", desc.use_bias);
    require_dropout("dropout_rate", desc.dropout_rate, "dropout_stream", desc.dropout_stream);
    require_precision(desc.precision);
    require_reserved(desc.reserved);
    Field batch{"batch", desc.batch}, channels{"input_channels", desc.input_channels}, filters{"filters", desc.filters};
    Plane input{{"input_height", desc.input_height}, {"input_width", desc.input_width}};
    Plane conv{{"conv_height", desc.conv_height}, {"conv_width", desc.conv_width}};
    Plane output{{"output_height", desc.output_height}, {"output_width", desc.output_width}};
    require_extents({batch, input.height, input.width, channels, filters, conv.height, conv.width, output.height, output.width});
    require_window("window", desc.window, input, conv);
    if (desc.window.height * desc.window.width > MaxWindowCells) {
        fail(CN_STATUS_INVALID_ARGUMENT, "window is %lld x %lld: a convolution has at most %lld cells",
             static_cast<long long>(desc.window.height), static_cast<long long>(desc.window.width), static_cast<long long>(MaxWindowCells));
    }
    if (desc.pool.height != 0) {
        require_pooling("pool", desc.pool, conv, output);
    } else if (desc.output_height != desc.conv_height || desc.output_width != desc.conv_width) {
        fail(CN_STATUS_INVALID_ARGUMENT, "the output is %lld x %lld and the convolution %lld x %lld: without pooling they must be equal",
             static_cast<long long>(desc.output_height), static_cast<long long>(desc.output_width),
             static_cast<long long>(desc.conv_height), static_cast<long long>(desc.conv_width));
    }
    Field rows{"window.height", desc.window.height}, columns{"window.width", desc.window.width};
    require_elements("x", {batch, input.height, input.width, channels});
    require_elements("kernel", {rows, columns, channels, filters});
    require_elements("the convolution", {batch, conv.height, conv.width, filters});
    require_elements("y", {batch, output.height, output.width, filters});
    require_padded_images(desc);
    // What a kernel that lays out the windows side by side would hold.
    require_elements("the unfolded input", {batch, conv.height, conv.width, rows, columns, channels});
}

void validate(const cn_dense_desc& desc) {
    require_gradient_mode(desc.input_gradient);
    require_activation(desc.activation);
    require_flag("use_bias", desc.use_bias);
    require_dropout("dropout_rate", desc.dropout_rate, "dropout_stream", desc.dropout_stream);
    require_precision(desc.precision);
    require_reserved(desc.reserved);
    Field batch{"batch", desc.batch}, positions{"positions", desc.positions}, inputs{"inputs", desc.inputs}, units{"units", desc.units};
    require_extents({batch, inputs, units});
    require_range(positions, 1, MaxElements);
    require_elements("x", {batch, positions, inputs});
    require_elements("kernel", {inputs, units});
    require_elements("y", {batch, positions, units});
}

void validate(const cn_loss_desc& desc) {
    require_enumerator("loss", desc.loss, CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, "cn_loss_kind");
    require_enumerator("accuracy", desc.accuracy, CN_ACCURACY_SPARSE, "cn_accuracy");
    require_flag("from_logits", desc.from_logits);
    require_extents({{"batch", desc.batch}, {"classes", desc.classes}});
    require_range({"positions", desc.positions}, 1, MaxElements);
    require_elements("predictions", {{"batch", desc.batch}, {"positions", desc.positions}, {"classes", desc.classes}});
    if (desc.from_logits != 0 && desc.loss == CN_LOSS_MEAN_SQUARED_ERROR) {
        fail(CN_STATUS_INVALID_ARGUMENT, "from_logits is 1 with the mean squared error: only cross-entropies contain a softmax");
    }
    bool sparse_loss = desc.loss == CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    bool sparse_accuracy = desc.accuracy == CN_ACCURACY_SPARSE;
    if (desc.accuracy != CN_ACCURACY_NONE && sparse_loss != sparse_accuracy) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "accuracy is %d and loss %d: sparse targets go with CN_ACCURACY_SPARSE, float targets with another", desc.accuracy, desc.loss);
    }
}

void validate(const cn_optimizer_desc& desc) {
    require_enumerator("optimizer", desc.optimizer, CN_OPTIMIZER_ADAM, "cn_optimizer_kind");
    require_range({"count", desc.count}, 1, MaxElements);
    require_reserved(desc.reserved);
    if (desc.optimizer == CN_OPTIMIZER_SGD) {
        require_flag("nesterov", desc.nesterov);
        if (!(desc.momentum >= 0.0 && desc.momentum <= 1.0)) {
            fail(CN_STATUS_INVALID_ARGUMENT, "momentum is %g: it must be from 0 to 1", desc.momentum);
        }
        return;
    }
    const struct {
        const char* name;
        double value;
    } betas[] = {{"beta_1", desc.beta_1}, {"beta_2", desc.beta_2}};
    for (const auto& beta : betas) {
        if (!(beta.value >= 0.0 && beta.value < 1.0)) {
            fail(CN_STATUS_INVALID_ARGUMENT, "%s is %g: it must be at least 0 and less than 1", beta.name, beta.value);
        }
    }
    // In float, as it is used: 0 would divide 0 by 0 wherever a gradient is 0.
    if (!(desc.epsilon >= static_cast<double>(FLT_MIN) && desc.epsilon <= static_cast<double>(FLT_MAX))) {
        fail(CN_STATUS_INVALID_ARGUMENT, "epsilon is %g: it must be from %g to %g; the usual one is 1e-7", desc.epsilon,
             static_cast<double>(FLT_MIN), static_cast<double>(FLT_MAX));
    }
}

} // namespace compiled::abi
