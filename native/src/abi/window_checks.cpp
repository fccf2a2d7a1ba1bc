#include "window_checks.h"

#include <cstdio>

namespace compiled::abi {

namespace {

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

// All but the padding, and where the windows lie.
void require_steps(const WindowAxis& w) {
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
}

void require_pad(const WindowAxis& w, int64_t least, int64_t most, const char* remedy) {
    char name[64];
    std::snprintf(name, sizeof(name), "%s.pad_%s", w.of, w.pad_side);
    require_range({name, w.pad}, least, most, remedy);
}

void require_window_axis(const WindowAxis& w) {
    require_steps(w);
    require_pad(w, 0, reach_of(w.size, w.dilation) - 1, ", less than the window reaches");
    // The last window must begin before the input ends. The first one ends inside or behind it, as the padding is less than its reach.
    int64_t most = (w.input - 1 + w.pad) / w.stride + 1;
    if (w.output > most) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "%s is %lld, but windows with %s.stride_%s %lld and %s.pad_%s %lld begin within %s %lld only up to %lld; lower %s to that", //
             w.output_name, static_cast<long long>(w.output), w.of, w.axis, static_cast<long long>(w.stride), w.of, w.pad_side,
             static_cast<long long>(w.pad), w.input_name, static_cast<long long>(w.input), static_cast<long long>(most), w.output_name);
    }
}

// Coordinates of the image that a window's cells have, all of them between -2^31 and 2^32, tell inside from outside in 32 bits; and so do,
// from a pixel back, those of the windows that reach it, cut off or not.
void require_convolution_axis(const WindowAxis& w) {
    require_steps(w);
    require_pad(w, 1 - w.input, MaxExtent, ", so that a row or column of the image is left");
    int64_t reach = reach_of(w.size, w.dilation);
    if (reach - w.pad > MaxExtent) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s.pad_%s cuts off %lld and the window reaches over %lld: together more than %lld", w.of,
             w.pad_side, static_cast<long long>(-w.pad), static_cast<long long>(reach), static_cast<long long>(MaxExtent));
    }
    int64_t most = (MaxExtent + w.pad) / w.stride + 1;
    if (w.output > most) {
        fail(CN_STATUS_INVALID_ARGUMENT,
             "%s is %lld, but windows with %s.stride_%s %lld and %s.pad_%s %lld begin before %lld only up to %lld", w.output_name,
             static_cast<long long>(w.output), w.of, w.axis, static_cast<long long>(w.stride), w.of, w.pad_side,
             static_cast<long long>(w.pad), static_cast<long long>(MaxExtent), static_cast<long long>(most));
    }
}

WindowAxis rows_of(const char* of, const cn_window& w, Plane input, Plane output) {
    return {of,
            "height",
            "top",
            w.height,
            w.stride_height,
            w.dilation_height,
            w.pad_top,
            input.height.value,
            output.height.value,
            input.height.name,
            output.height.name};
}

WindowAxis columns_of(const char* of, const cn_window& w, Plane input, Plane output) {
    return {of,
            "width",
            "left",
            w.width,
            w.stride_width,
            w.dilation_width,
            w.pad_left,
            input.width.value,
            output.width.value,
            input.width.name,
            output.width.name};
}

} // namespace

int64_t reach_of(int64_t size, int64_t dilation) {
    return (size - 1) * dilation + 1;
}

void require_window(const char* of, const cn_window& w, Plane input, Plane output) {
    require_window_axis(rows_of(of, w, input, output));
    require_window_axis(columns_of(of, w, input, output));
}

void require_convolution_window(const char* of, const cn_window& w, Plane input, Plane output) {
    require_convolution_axis(rows_of(of, w, input, output));
    require_convolution_axis(columns_of(of, w, input, output));
}

void require_cells(const cn_window& window) {
    if (window.height * window.width > MaxWindowCells) {
        fail(CN_STATUS_INVALID_ARGUMENT, "window is %lld x %lld: a convolution has at most %lld cells",
             static_cast<long long>(window.height), static_cast<long long>(window.width), static_cast<long long>(MaxWindowCells));
    }
}

void require_pooling(const char* of, const cn_window& w, Plane input, Plane output, int64_t most_cells) {
    if (w.dilation_height != 1 || w.dilation_width != 1) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s dilation is %lld x %lld: pooling has none, both must be 1", of,
             static_cast<long long>(w.dilation_height), static_cast<long long>(w.dilation_width));
    }
    require_window(of, w, input, output);
    if (w.height > most_cells || w.width > most_cells || w.height * w.width > most_cells) {
        fail(CN_STATUS_INVALID_ARGUMENT, "%s is %lld x %lld: a pooling window has at most %lld cells; pool in two steps", of,
             static_cast<long long>(w.height), static_cast<long long>(w.width), static_cast<long long>(most_cells));
    }
}

} // namespace compiled::abi
