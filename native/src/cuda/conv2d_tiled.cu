#include "conv2d_tiled.h"

#include "conv2d_tiled_forward.h"
#include "conv2d_tiled_gradient.h"

namespace compiled::cuda {

using namespace tiled;

namespace {

constexpr int64_t MaxExtent = 1 << 15;   // of an image and of its padding; less than an image is cut off
constexpr int64_t MaxWindow = 5;         // rows and columns
constexpr int64_t MaxCells = 16;         // of a window: their weights fit into shared memory at once
constexpr int64_t MaxChannels = 1 << 15; // and filters
constexpr int64_t MaxImage = int64_t{1} << 30;
constexpr int64_t MaxBlocks = int64_t{1} << 30;

bool fits(const cn_conv2d_desc& d) {
    const cn_window& w = d.window;
    return d.input_height <= MaxExtent && d.input_width <= MaxExtent && d.conv_height <= MaxExtent && d.conv_width <= MaxExtent &&
           w.pad_top <= MaxExtent && w.pad_left <= MaxExtent && d.input_channels <= MaxChannels && d.filters <= MaxChannels &&
           d.input_height * d.input_width * d.input_channels <= MaxImage && d.conv_height * d.conv_width * d.filters <= MaxImage &&
           d.batch * d.conv_height * d.conv_width * (d.filters / TileChannels + 1) <= MaxBlocks &&
           d.batch * d.input_height * d.input_width * (d.input_channels / TileChannels + 1) <= MaxBlocks;
}

bool suits_pool(const cn_conv2d_desc& d) {
    const cn_window& p = d.pool;
    bool none = p.height == 0;
    bool side_by_side = p.height == 2 && p.width == 2 && p.stride_height == 2 && p.stride_width == 2 && p.pad_top == 0 && p.pad_left == 0;
    return none || (side_by_side && 2 * d.output_height <= d.conv_height && 2 * d.output_width <= d.conv_width);
}

bool small_input(const cn_conv2d_desc& d) {
    return d.input_channels <= 4;
}

bool suits(const cn_conv2d_desc& d) {
    const cn_window& w = d.window;
    bool steps_by_one = w.stride_height == 1 && w.stride_width == 1 && w.dilation_height == 1 && w.dilation_width == 1;
    bool known = d.activation <= CN_ACTIVATION_TANH; // others would be a lot of code for each of its many sums
    if (!known || d.groups != 1 || !steps_by_one || w.height > MaxWindow || w.width > MaxWindow || d.filters % 8 != 0 || !suits_pool(d) ||
        !fits(d)) {
        return false;
    }
    int64_t cells = w.height * w.width;
    return small_input(d) ? cells * d.input_channels <= MaxSmallInputs : cells <= MaxCells && d.input_channels % 8 == 0;
}

// The part of the convolution that y depends on.
int live(int64_t conv, int64_t output, bool pooled) {
    return static_cast<int>(pooled ? 2 * output : conv);
}

HaloProduct forward_product(const cn_conv2d_desc& d) {
    bool pooled = d.pool.height != 0;
    HaloProduct p{};
    p.source_height = static_cast<int>(d.input_height), p.source_width = static_cast<int>(d.input_width);
    p.source_channels = static_cast<int>(d.input_channels);
    p.result_height = live(d.conv_height, d.output_height, pooled), p.result_width = live(d.conv_width, d.output_width, pooled);
    p.result_channels = static_cast<int>(d.filters);
    p.window_height = static_cast<int>(d.window.height), p.window_width = static_cast<int>(d.window.width);
    p.pad_top = static_cast<int>(d.window.pad_top), p.pad_left = static_cast<int>(d.window.pad_left);
    return p;
}

// Of dz, with the turned window.
HaloProduct turned_product(const HaloProduct& forward) {
    HaloProduct p{};
    p.source_height = forward.result_height, p.source_width = forward.result_width, p.source_channels = forward.result_channels;
    p.result_height = forward.source_height, p.result_width = forward.source_width, p.result_channels = forward.source_channels;
    p.window_height = forward.window_height, p.window_width = forward.window_width;
    p.pad_top = forward.window_height - 1 - forward.pad_top, p.pad_left = forward.window_width - 1 - forward.pad_left;
    return p;
}

KernelGradient kernel_gradient(const HaloProduct& forward, bool small) {
    KernelGradient g{};
    g.input_height = forward.source_height, g.input_width = forward.source_width, g.channels = forward.source_channels;
    g.filters = forward.result_channels;
    g.window_height = forward.window_height, g.window_width = forward.window_width;
    g.pad_top = forward.pad_top, g.pad_left = forward.pad_left;
    auto pieces = [](int count, int size) { return (count + size - 1) / size; };
    g.tap_rows = small ? 1 : g.window_height;
    g.tap_groups = small ? 1 : pieces(g.window_width, KernelGradient::Taps);
    g.channel_tiles = small ? 1 : pieces(g.channels, KernelGradient::TileInputs);
    g.filter_tiles = pieces(g.filters, TileChannels);
    return g;
}

template <class... Pointers>
bool aligned_to(size_t bytes, Pointers... pointers) {
    return ((reinterpret_cast<uintptr_t>(pointers) % bytes == 0) && ...);
}

} // namespace

bool TiledConv2D::suits_forward(const cn_conv2d_desc& desc) {
    return suits(desc);
}

bool TiledConv2D::suits_backward(const cn_conv2d_desc& desc) {
    return suits(desc) && !(small_input(desc) && desc.input_gradient != CN_GRADIENT_NONE);
}

TiledConv2D::TiledConv2D(Context& context, const cn_conv2d_desc& desc)
    : _context(context), _desc(desc), _forward(forward_product(desc)), _input_gradient(turned_product(_forward)),
      _kernel_gradient(kernel_gradient(_forward, small_input(desc))) {
    bool pooled = desc.pool.height != 0;
    if (suits_forward(desc)) {
        _forward_bytes = prepare_forward(context, desc.precision, desc.batch, pooled, _forward);
    }
    if (suits_backward(desc)) {
        _backward_bytes = prepare_backward(context, desc.precision, desc.batch, pooled, desc.input_gradient != CN_GRADIENT_NONE,
                                           _input_gradient, _kernel_gradient);
        _tickets = std::make_unique<DeviceMemory>(_kernel_gradient.tiles() * _kernel_gradient.tile_tickets() * int64_t{sizeof(unsigned)},
                                                  context.stream());
    }
}

void TiledConv2D::forward(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y,
                          uint8_t* codes, bool training) {
    ForwardArguments a{};
    a.product = _forward;
    a.state = state;
    a.x = x, a.kernel = kernel, a.bias = bias, a.addend = addend, a.y = y, a.codes = training ? codes : nullptr;
    a.activation = _desc.activation;
    a.output_height = static_cast<int>(_desc.output_height), a.output_width = static_cast<int>(_desc.output_width);
    a.pooled = _desc.pool.height != 0;
    a.drops = training && _desc.dropout_rate > 0;
    a.dropout = dropout_rule(_desc.dropout_rate);
    a.stream = _desc.dropout_stream;
    a.aligned = aligned_to(sizeof(float4), x, kernel, bias, addend, y) && aligned_to(sizeof(uint32_t), codes);
    launch_forward(_context, _desc.precision, _desc.batch, _forward_bytes, a);
}

void TiledConv2D::backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes,
                           const float* dy, float* dx, float* dkernel, float* dbias) {
    bool drops = _desc.dropout_rate > 0, pooled = _desc.pool.height != 0;
    BackwardArguments a{};
    a.input_gradient = _input_gradient;
    a.kernel_gradient = _kernel_gradient;
    GradientSource& source = a.source;
    source.y = y, source.dy = dy, source.codes = pooled ? codes : nullptr;
    source.height = _forward.result_height, source.width = _forward.result_width;
    source.output_height = static_cast<int>(_desc.output_height), source.output_width = static_cast<int>(_desc.output_width);
    source.filters = static_cast<int>(_desc.filters);
    source.activation = _desc.activation;
    source.dropout = dropout_rule(_desc.dropout_rate);
    source.scale = drops ? source.dropout.scale : 1.0f, source.unscale = 1.0f / source.scale;
    source.stream = _desc.dropout_stream;
    source.draws_mask = drops && !pooled;
    a.state = state;
    a.x = x, a.kernel = kernel, a.dx = dx, a.dkernel = dkernel, a.dbias = dbias;
    a.partial = _context.scratch<float>();
    a.tickets = static_cast<unsigned*>(_tickets->data());
    a.accumulates = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
    a.aligned = aligned_to(sizeof(float4), x, kernel, y, dy, dx, dkernel, dbias) && aligned_to(sizeof(uint32_t), codes);
    launch_backward(_context, _desc.precision, _desc.batch, _backward_bytes, a);
}

} // namespace compiled::cuda
