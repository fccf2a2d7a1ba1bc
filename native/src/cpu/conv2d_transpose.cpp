// Transposed convolution stage (compiled.h, cn_conv2d_transpose_desc): y = activation(conv'(x, kernel) + bias).
//
// Everything is a part of the convolution that takes y to x, with the roles swapped: x is its result, and the kernel's rows are filters.
//
// Forward    As that convolution makes the gradient of its input: phase by phase of the stride (conv2d_phases.h), x, with a border of zeros
//            where it needs one, is convolved with the phase's cells. A band of rows of all phases is computed at once.
// Backward   dz, the gradient before the activation, is convolved forward for dx; for the kernel's gradient the outer products of its
//            windows and the pixels of x are summed, image by image.
// Writes     y, dkernel and dbias are overwritten; dx by the descriptor.
// Threads    forward: bands of images. Backward: chunks of images, cut by the number of rows alone; their kernel gradients are
//            added in the order of the chunks.
#include "common/conv2d_transpose.h"
#include "conv2d_shape.h"
#include "ops.h"
#include "outer_kernel.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

template <int32_t Activation>
struct FinishOutput {
    float* target;
    int64_t pixel_stride;
    int64_t channels;
    const float* bias; // null: none
    const ActivationRule& rule;

    CN_INLINE void operator()(int64_t pixel, const Vec (&sum)[TileVectors]) const {
        for_tile_vectors(channels, [&](int v, int64_t count) {
            Vec value = bias == nullptr ? sum[v] : sum[v] + load_upto(bias + v * Lanes, count);
            store_upto(target + pixel * pixel_stride + v * Lanes, count, activate<Activation>(rule, value));
        });
    }
};

class Conv2DTransposeKernel final : public Conv2DTransposeOp {
public:
    Conv2DTransposeKernel(Context& context, const cn_conv2d_transpose_desc& desc)
        : _context(context), _desc(desc), _shape(as_convolution(desc, CN_GRADIENT_OVERWRITE)),
          _rule(activation_rule(desc.activation, desc.activation_alpha)), _pitch(_shape.filters_padded()),
          _filters_padded(round_up(desc.filters, Lanes)) {
        for (const TurnedWindow::Phase& phase : _shape.turned().phases()) {
            _phase_rows = std::max(_phase_rows, phase.rows);
        }
        int64_t backward = round_up(output_image(), Lanes) + _shape.padded_image() + x_padded() + 4 * Lanes;
        _context.reserve_thread_scratch(std::max(_shape.gradient_image() + 4 * Lanes, backward) * sizeof_float);
        int64_t sums = _shape.packed_kernel() + Conv2DShape::chunks(desc.batch) * chunk_gradient();
        _context.reserve_shared_scratch(std::max(_shape.packed_turned_kernel(), sums) * sizeof_float);
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        float* turned = _context.shared_scratch<float>();
        _context.parallel_for(_shape.turned_tiles(), [&](int64_t tile, int) { _shape.pack_turned_kernel(kernel, tile, turned); });
        // Bands are independent, so their number changes no result.
        int64_t images = state->rows, threads = _context.threads();
        int64_t bands = images >= threads ? 1 : std::min(_phase_rows, (2 * threads + images - 1) / images);
        _context.parallel_for(images * bands, [&](int64_t item, int thread) {
            int64_t image = item / bands, band = item % bands;
            run_band(x + image * input_image(), _phase_rows * band / bands, _phase_rows * (band + 1) / bands, turned, bias,
                     y + image * output_image(), _context.thread_scratch<float>(thread));
        });
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx, float* dkernel,
                  float* dbias) override {
        float* packed = _context.shared_scratch<float>();
        float* partial = packed + _shape.packed_kernel();
        if (dx != nullptr) {
            _context.parallel_for(_shape.filter_tiles(), [&](int64_t tile, int) { _shape.pack_kernel(kernel, tile, packed); });
        }
        int64_t rows = state->rows, chunks = Conv2DShape::chunks(rows);
        _context.parallel_for(chunks, [&](int64_t chunk, int thread) {
            float* sums = partial + chunk * chunk_gradient();
            std::memset(sums, 0, static_cast<size_t>(chunk_gradient()) * sizeof(float));
            float* written = _context.thread_scratch<float>(thread);
            float* padded = written + round_up(output_image(), Lanes);
            float* pixels = padded + _shape.padded_image();
            for (int64_t image = rows * chunk / chunks; image < rows * (chunk + 1) / chunks; ++image) {
                const float* dz = dy + image * output_image();
                if (_desc.activation != CN_ACTIVATION_LINEAR) {
                    build_gradient(y + image * output_image(), dz, written);
                    dz = written;
                }
                Source source = _shape.source(dz, 0, 0, _desc.input_height, padded);
                if (dkernel != nullptr) {
                    sum_kernel_gradient(source, whole_vectors(x + image * input_image(), pixels), sums);
                }
                if (dbias != nullptr) {
                    sum_bias_gradient(dz, sums + _shape.taps() * _pitch);
                }
                if (dx != nullptr) {
                    write_input_gradient(source, packed, dx + image * input_image());
                }
            }
        });
        add_chunks(partial, chunks, dkernel, dbias);
    }

private:
    static constexpr int64_t sizeof_float = sizeof(float);

    int64_t input_image() const { return _desc.input_height * _desc.input_width * _desc.input_channels; }
    int64_t output_image() const { return _desc.output_height * _desc.output_width * _desc.filters; }
    int64_t x_padded() const { return _desc.input_height * _desc.input_width * _pitch; }
    int64_t chunk_gradient() const { return _shape.taps() * _pitch + _filters_padded; } // the bias after the kernel

    // ------------------------------------------------------------------------------------------------------------
    // Forward
    // ------------------------------------------------------------------------------------------------------------

    // Whether x can be convolved where it is.
    bool needs_no_border() const {
        return _shape.turned().rows() == _desc.input_height && _shape.turned().columns() == _desc.input_width &&
               _pitch == _desc.input_channels;
    }

    // Rows [begin, end) of all phases of an image.
    void run_band(const float* x, int64_t begin, int64_t end, const float* turned, const float* bias, float* y, float* scratch) const {
        const float* rows = x + begin * _desc.input_width * _desc.input_channels;
        if (!needs_no_border()) {
            copy_rows(x, begin, std::min(end - 1 + _shape.turned().row_span(), _shape.turned().rows()), scratch);
            rows = scratch;
        }
        with_activation(_rule, [&](auto activation) {
            if (!_shape.turned().covers()) {
                fill<activation.value>(begin, end, bias, y);
            }
            for (const TurnedWindow::Phase& phase : _shape.turned().phases()) {
                run_phase<activation.value>(phase, begin, std::min(end, phase.rows), rows, turned, bias, y);
            }
        });
    }

    // Rows [begin, end) of x with its border of zeros.
    void copy_rows(const float* x, int64_t begin, int64_t end, float* target) const {
        const TurnedWindow& turned = _shape.turned();
        int64_t row_floats = turned.columns() * _pitch, channels = _desc.input_channels;
        std::memset(target, 0, static_cast<size_t>((end - begin) * row_floats) * sizeof(float));
        for (int64_t row = std::max(begin, turned.rows_before()); row < std::min(end, turned.rows_before() + _desc.input_height); ++row) {
            const float* from = x + (row - turned.rows_before()) * _desc.input_width * channels;
            float* to = target + (row - begin) * row_floats + turned.columns_before() * _pitch;
            for (int64_t column = 0; column < _desc.input_width; ++column) {
                std::memcpy(to + column * _pitch, from + column * channels, static_cast<size_t>(channels) * sizeof(float));
            }
        }
    }

    // What no window reaches is overwritten with what it would be without products; so is the rest, for the moment.
    template <int32_t Activation>
    void fill(int64_t begin, int64_t end, const float* bias, float* y) const {
        int64_t stride = _desc.window.stride_height;
        int64_t last = end == _phase_rows ? _desc.output_height : std::min(_desc.output_height, end * stride);
        int64_t pixels = (last - begin * stride) * _desc.output_width;
        float* target = y + begin * stride * _desc.output_width * _desc.filters;
        for (int64_t pixel = 0; pixel < pixels; ++pixel, target += _desc.filters) {
            for_vectors(0, _desc.filters, [&](int64_t c, auto vector) {
                vector.store(target + c, activate<Activation>(_rule, bias == nullptr ? zero() : vector.load(bias + c)));
            });
        }
    }

    template <int32_t Activation>
    void run_phase(const TurnedWindow::Phase& phase, int64_t begin, int64_t end, const float* rows, const float* turned, const float* bias,
                   float* y) const {
        Runs runs{phase.runs.data(), static_cast<int64_t>(phase.runs.size())};
        int64_t pixel_stride = _desc.window.stride_width * _desc.filters;
        for (int64_t number = 0; number < _shape.channel_tiles(); ++number) {
            Conv2DShape::Tile tile = _shape.channel_tile(number);
            const float* weights = turned + number * _shape.turned_tile() + phase.first_cell * _desc.input_channels * TileWidth;
            for (int64_t row = begin; row < end; ++row) {
                int64_t first = (phase.top + row * _desc.window.stride_height) * _desc.output_width + phase.left;
                FinishOutput<Activation> store_tile{y + first * _desc.filters + tile.first, pixel_stride, tile.count,
                                                    bias == nullptr ? nullptr : bias + tile.first, _rule};
                run_tiles(rows + (row - begin) * _shape.turned().columns() * _pitch, _pitch, phase.columns, runs, weights, store_tile);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // Backward
    // ------------------------------------------------------------------------------------------------------------

    void build_gradient(const float* y, const float* dy, float* dz) const {
        with_activation(_rule, [&](auto activation) {
            for_vectors(0, output_image(), [&](int64_t i, auto vector) {
                vector.store(dz + i, activation_gradient<activation.value>(_rule, vector.load(y + i), vector.load(dy + i)));
            });
        });
    }

    // An image of x whose pixels are whole vectors.
    const float* whole_vectors(const float* x, float* pixels) const {
        if (_pitch == _desc.input_channels) {
            return x;
        }
        std::memset(pixels, 0, static_cast<size_t>(x_padded()) * sizeof(float));
        for (int64_t pixel = 0; pixel < _desc.input_height * _desc.input_width; ++pixel) {
            std::memcpy(pixels + pixel * _pitch, x + pixel * _desc.input_channels,
                        static_cast<size_t>(_desc.input_channels) * sizeof(float));
        }
        return pixels;
    }

    void sum_kernel_gradient(const Source& source, const float* x, float* sums) const {
        Pixels pixels{};
        pixels.rows = _desc.input_height;
        pixels.columns = _desc.input_width;
        pixels.x_row = _desc.window.stride_height * source.row;
        pixels.x_pixel = _desc.window.stride_width * _desc.filters;
        pixels.z_row = _desc.input_width * _pitch;
        pixels.z_pixel = _pitch;
        for_strips(pixels, std::max(_desc.filters, _pitch), [&](int64_t begin, const Pixels& strip) {
            float* target = sums;
            for (int64_t r = 0; r < source.runs.count; ++r) {
                const Run& run = source.runs.first[r];
                accumulate_outer(strip, source.data + begin * pixels.x_row + run.offset, run.length, x + begin * pixels.z_row,
                                 _pitch / Lanes, target, _pitch);
                target += run.length * _pitch;
            }
        });
    }

    void sum_bias_gradient(const float* dz, float* sums) const {
        for_vectors(0, _desc.filters, [&](int64_t c, auto vector) {
            Vec sum = load(sums + c);
            for (int64_t pixel = 0; pixel < _desc.output_height * _desc.output_width; ++pixel) {
                sum = sum + vector.load(dz + pixel * _desc.filters + c);
            }
            store(sums + c, sum);
        });
    }

    void write_input_gradient(const Source& source, const float* packed, float* dx) const {
        if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
            convolve<true>(source, packed, dx);
        } else {
            convolve<false>(source, packed, dx);
        }
    }

    template <bool Accumulate>
    void convolve(const Source& source, const float* packed, float* dx) const {
        for (int64_t number = 0; number < _shape.filter_tiles(); ++number) {
            Conv2DShape::Tile tile = _shape.filter_tile(number);
            const float* weights = packed + number * _shape.taps() * TileWidth;
            for (int64_t row = 0; row < _desc.input_height; ++row) {
                StoreTile<Accumulate> store_tile{dx + row * _desc.input_width * _desc.input_channels + tile.first, _desc.input_channels,
                                                 tile.count};
                run_tiles(source.data + row * _desc.window.stride_height * source.row, _desc.window.stride_width * _desc.filters,
                          _desc.input_width, source.runs, weights, store_tile);
            }
        }
    }

    // The chunks' sums, in their order.
    void add_chunks(const float* partial, int64_t chunks, float* dkernel, float* dbias) {
        auto add = [&](int64_t offset, int64_t count, float* target) {
            for_vectors(0, count, [&](int64_t c, auto vector) {
                Vec sum = load(partial + offset + c);
                for (int64_t chunk = 1; chunk < chunks; ++chunk) {
                    sum = sum + load(partial + chunk * chunk_gradient() + offset + c);
                }
                vector.store(target + c, sum);
            });
        };
        _context.parallel_for(dkernel != nullptr ? _shape.taps() : 0,
                              [&](int64_t tap, int) { add(tap * _pitch, _desc.input_channels, dkernel + tap * _desc.input_channels); });
        if (dbias != nullptr) {
            add(_shape.taps() * _pitch, _desc.filters, dbias);
        }
    }

    Context& _context;
    cn_conv2d_transpose_desc _desc;
    Conv2DShape _shape; // of the convolution from y to x
    ActivationRule _rule;
    int64_t _pitch; // floats of a pixel of x as it is read
    int64_t _filters_padded;
    int64_t _phase_rows = 1; // of the largest phase
};

} // namespace

std::unique_ptr<Conv2DTransposeOp> make_conv2d_transpose(Context& context, const cn_conv2d_transpose_desc& desc) {
    return std::make_unique<Conv2DTransposeKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
