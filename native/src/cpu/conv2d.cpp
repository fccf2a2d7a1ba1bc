// Convolution stage (compiled.h, cn_conv2d_desc): y = dropout(max_pooling(activation(conv(x, kernel) + bias))); in prediction an addend may
// come before the activation. And that of joined inputs (cn_joined_conv2d_desc), from which the copy of the input is gathered, and to which
// its gradient is summed up, image by image.
//
// Forward    An image, or a band of its rows, is computed at once: its input is copied with the padding where it needs any, and the
//            convolution is summed in registers straight from it, with no im2col; what is cut off is not read;
//            a depthwise one by vectors of channels, others group by group. With pooling, the convolution stays in scratch
//            memory of cache size and only the pooled band is written, beside its codes. Where the moments of the result are wanted,
//            they are found a few rows of a tile of filters at a time, as soon as those are written, and merged in the order of the rows.
// Backward   Image by image, while everything is in the cache: the gradient of the convolution's result is built with a border of zeros,
//            the kernel's gradient is summed from it and the input, and the input's gradient is a convolution of it with the turned kernel.
//            With a pooling that leaves few gradients, those are listed instead and nothing else is multiplied.
// Codes      The winning cell of the window, row-major; 255 where no gradient passes: dropped, or dead under ReLU.
// Writes     y, codes, dkernel and dbias are overwritten; dx by the descriptor.
// Threads    forward: bands of images. Backward: chunks of images, cut by the number of rows alone; their kernel gradients are
//            added in the order of the chunks.
#include "column_moments.h"
#include "conv2d_gradient.h"
#include "conv2d_pool.h"
#include "conv2d_shape.h"
#include "conv2d_sparse_gradient.h"
#include "depthwise_kernel.h"
#include "ops.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

template <int32_t Activation>
struct BiasAndActivation {
    float* target; // of pixel 0, at the tile's first channel
    int64_t pixel_stride;
    int64_t channels;
    const float* bias;   // null: none
    const float* addend; // beside the target; null: none
    const ActivationRule& rule;

    CN_INLINE void operator()(int64_t pixel, const Vec (&sum)[TileVectors]) const {
        for_tile_vectors(channels, [&](int v, int64_t count) {
            Vec value = sum[v];
            if (bias != nullptr) {
                value = value + load_upto(bias + v * Lanes, count);
            }
            int64_t at = pixel * pixel_stride + v * Lanes;
            if (addend != nullptr) {
                value = value + load_upto(addend + at, count);
            }
            store_upto(target + at, count, activate<Activation>(rule, value));
        });
    }
};

// Of one input, or of joined ones.
class Conv2DStage {
public:
    template <class Desc>
    Conv2DStage(Context& context, const Desc& descriptor)
        : _context(context), _shape(descriptor), _rule(activation_rule(_shape.desc.activation, _shape.desc.activation_alpha)),
          _sparse(SparseConv2DGradient::suits(_shape)) {
        const cn_conv2d_desc& desc = _shape.desc;
        int64_t backward = _sparse ? SparseConv2DGradient::scratch(_shape) : _shape.backward_scratch();
        _context.reserve_thread_scratch(std::max(_shape.forward_scratch(), backward) * sizeof_float);
        int64_t moments = desc.use_moments == 0 ? 0 : moments_of_part(desc.batch * _shape.image_parts()) * sizeof_double;
        int64_t floats = std::max(first_part(), _shape.packed_turned_kernel() + _shape.partial_gradients());
        _context.reserve_shared_scratch(std::max(first_part() * sizeof_float + moments, floats * sizeof_float));
    }

    void forward(const cn_state* state, const Images& x, const float* kernel, const float* bias, float* y, uint8_t* codes,
                 double* moments) {
        run_forward<true>(*state, x, kernel, bias, nullptr, y, codes);
        if (moments != nullptr) {
            merge_all_parts(state->rows, moments);
        }
    }

    void predict(const cn_state* state, const Images& x, const float* kernel, const float* bias, const float* addend, float* y) {
        run_forward<false>(*state, x, kernel, bias, addend, y, nullptr);
    }

    void backward(const cn_state* state, const Images& x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  const ImageGradients& dx, float* dkernel, float* dbias) {
        if (_sparse) {
            SparseConv2DGradient(_context, _shape, *state).run(x, kernel, y, codes, dy, dx, dkernel, dbias);
        } else {
            Conv2DGradient(_context, _shape, *state).run(x, kernel, y, codes, dy, dx, dkernel, dbias);
        }
    }

private:
    static constexpr int64_t sizeof_float = sizeof(float);
    static constexpr int64_t sizeof_double = sizeof(double);
    static constexpr int64_t CacheLine = 64;

    // Where a band of the convolution goes, and what is done to it on the way.
    struct Target {
        const float* bias;
        const float* addend; // null: none
        double* moments;     // null: not wanted
        float* y;
    };

    template <bool Training>
    void run_forward(const cn_state& state, const Images& x, const float* kernel, const float* bias, const float* addend, float* y,
                     uint8_t* codes) {
        const cn_conv2d_desc& d = _shape.desc;
        const float* weights = kernel;
        if (!_shape.depthwise()) {
            float* packed = _context.shared_scratch<float>();
            _context.parallel_for(_shape.filter_tiles(), [&](int64_t tile, int) { _shape.pack_kernel(kernel, tile, packed); });
            weights = packed;
        }

        int64_t band_rows = _shape.band_rows(state.rows, _context.threads());
        int64_t bands = (d.output_height + band_rows - 1) / band_rows;
        _context.parallel_for(state.rows * bands, [&](int64_t item, int thread) {
            int64_t begin = item % bands * band_rows;
            Band band = _shape.band(item / bands, begin, std::min(begin + band_rows, d.output_height));
            float* scratch = _context.thread_scratch<float>(thread);
            run_band<Training>(state, band, x, weights, bias, addend, y, codes, scratch);
        });
    }

    template <bool Training>
    void run_band(const cn_state& state, const Band& band, const Images& x, const float* weights, const float* bias, const float* addend,
                  float* y, uint8_t* codes, float* scratch) {
        const cn_conv2d_desc& d = _shape.desc;
        int64_t output = (band.image * d.output_height + band.begin) * d.output_width * d.filters;
        Source source = _shape.source(x, band.image, band.conv_begin, band.conv_end, scratch);
        float* free_scratch = scratch + _shape.padded_input();
        bool dropout = Training && d.dropout_rate > 0;
        if (d.pool.height == 0) {
            bool finds_moments = Training && d.use_moments != 0;
            int64_t part = band.image * _shape.image_parts() + band.begin / _shape.part_rows();
            convolve(source, band, weights,
                     {bias, addend == nullptr ? nullptr : addend + output, finds_moments ? parts() + moments_of_part(part) : nullptr,
                      y + output});
            if (dropout) {
                DropoutMask mask(state, d.dropout_stream, d.dropout_rate);
                apply_dropout(mask, output, (band.end - band.begin) * d.output_width * d.filters, y + output, free_scratch);
            }
            return;
        }
        convolve(source, band, weights, {bias, nullptr, nullptr, free_scratch});
        PooledBand pooled{_shape, band, free_scratch, y + output, Training ? codes + output : nullptr};
        float* multipliers = free_scratch + _shape.conv_band();
        if (dropout) {
            DropoutMask mask(state, d.dropout_stream, d.dropout_rate);
            mask.fill(output, (band.end - band.begin) * d.output_width * d.filters, multipliers);
            pooled.run(multipliers);
        } else {
            pooled.run(nullptr);
        }
    }

    // The rows [conv_begin, conv_end) of the convolution, with bias, addend and activation.
    void convolve(const Source& source, const Band& band, const float* weights, const Target& target) {
        int64_t rows = band.conv_end - band.conv_begin;
        with_activation(_rule, [&](auto activation) {
            if (_shape.depthwise()) {
                convolve_depthwise<activation.value>(source, rows, weights, target);
            } else {
                convolve_groups<activation.value>(source, rows, weights, target);
            }
        });
    }

    template <int32_t Activation>
    void convolve_groups(const Source& source, int64_t rows, const float* packed, const Target& target) {
        const cn_conv2d_desc& d = _shape.desc;
        // A tile of channels at a time: its weights stay in the first cache.
        for (int64_t number = 0; number < _shape.filter_tiles(); ++number) {
            Conv2DShape::Tile tile = _shape.filter_tile(number);
            const float* weights = packed + number * _shape.taps() * TileWidth;
            const float* data = source.data + tile.group * _shape.group_channels();
            for_parts(rows, tile.first, tile.count, target, [&](int64_t row) {
                int64_t at = row * d.conv_width * d.filters + tile.first;
                BiasAndActivation<Activation> store_tile{target.y + at,
                                                         d.filters,
                                                         tile.count,
                                                         target.bias == nullptr ? nullptr : target.bias + tile.first,
                                                         target.addend == nullptr ? nullptr : target.addend + at,
                                                         _rule};
                run_tiles(data + row * d.window.stride_height * source.row, d.window.stride_width * d.input_channels, d.conv_width,
                          source.runs, weights, store_tile);
            });
        }
    }

    template <int32_t Activation>
    void convolve_depthwise(const Source& source, int64_t rows, const float* kernel, const Target& target) {
        const cn_conv2d_desc& d = _shape.desc;
        for_parts(rows, 0, d.filters, target, [&](int64_t row) {
            int64_t first = row * d.conv_width * d.filters;
            run_depthwise(source.data + row * d.window.stride_height * source.row, d.window.stride_width * d.filters, d.conv_width,
                          source.runs, kernel, d.filters, [&](int64_t channel, auto vector, int64_t pixel, Vec sum) {
                              Vec value = target.bias == nullptr ? sum : sum + vector.load(target.bias + channel);
                              int64_t at = first + pixel * d.filters + channel;
                              if (target.addend != nullptr) {
                                  value = value + vector.load(target.addend + at);
                              }
                              vector.store(target.y + at, activate<Activation>(_rule, value));
                          });
        });
    }

    // ------------------------------------------------------------------------------------------------------------
    // Moments of the result
    // ------------------------------------------------------------------------------------------------------------

    // Floats before the parts, where the packed kernel is.
    int64_t first_part() const { return round_up(_shape.packed_kernel(), CacheLine / sizeof_float); }

    int64_t moments_of_part(int64_t part) const { return part * Moments * _shape.moments_stride(); }
    double* parts() const { return reinterpret_cast<double*>(_context.shared_scratch<float>() + first_part()); }

    // write(row) for some rows of an image, in which it writes the given filters; after each part the moments of that, where wanted.
    template <class Write>
    CN_INLINE void for_parts(int64_t rows, int64_t first, int64_t count, const Target& target, const Write& write) const {
        double* moments = target.moments;
        int64_t filters = _shape.desc.filters, width = _shape.desc.conv_width, stride = _shape.moments_stride();
        int64_t step = moments == nullptr ? rows : _shape.part_rows();
        for (int64_t begin = 0; begin < rows; begin += step) {
            int64_t end = std::min(rows, begin + step);
            for (int64_t row = begin; row < end; ++row) {
                write(row);
            }
            if (moments == nullptr) {
                return;
            }
            for (int64_t c = 0; c < count; c += FoldedShape::ColumnBlock) {
                double* means = moments + first + c;
                find_moments(target.y + begin * width * filters + first + c, filters, (end - begin) * width,
                             std::min(FoldedShape::ColumnBlock, count - c), means, means + stride);
            }
            moments += moments_of_part(1);
        }
    }

    void merge_all_parts(int64_t images, double* moments) {
        int64_t filters = _shape.desc.filters;
        auto pixels = [this](int64_t part) { return _shape.part_pixels(part); };
        _context.parallel_for((filters + Lanes - 1) / Lanes, [=, &pixels](int64_t vector, int) {
            int64_t c = vector * Lanes, count = std::min(Lanes, filters - c);
            DoubleVec mean{}, squares{};
            merge_parts(parts() + c, images * _shape.image_parts(), _shape.moments_stride(), pixels, mean, squares);
            for (int64_t i = 0; i < count; ++i) {
                moments[c + i] = mean[i];
                moments[filters + c + i] = squares[i];
            }
        });
    }

    static void apply_dropout(const DropoutMask& mask, int64_t first, int64_t count, float* y, float* multipliers) {
        // A piece at a time: the multipliers stay in the first cache.
        for (int64_t begin = 0; begin < count; begin += Conv2DShape::DropoutPiece) {
            int64_t piece = std::min(Conv2DShape::DropoutPiece, count - begin);
            mask.fill(first + begin, piece, multipliers);
            for_vectors(0, piece, [&](int64_t i, auto vector) {
                Vec multiplier = vector.load(multipliers + i);
                vector.store(y + begin + i, select(multiplier != 0.0f, vector.load(y + begin + i) * multiplier, zero()));
            });
        }
    }

    Context& _context;
    Conv2DShape _shape;
    ActivationRule _rule;
    bool _sparse; // whether the backward pass lists the gradients that a pooling leaves
};

class Conv2DKernel final : public Conv2DOp {
public:
    Conv2DKernel(Context& context, const cn_conv2d_desc& desc) : _stage(context, desc) {}

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes,
                 double* moments) override {
        _stage.forward(state, {{x}}, kernel, bias, y, codes, moments);
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y) override {
        _stage.predict(state, {{x}}, kernel, bias, addend, y);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                  float* dx, float* dkernel, float* dbias) override {
        _stage.backward(state, {{x}}, kernel, y, codes, dy, {{dx}}, dkernel, dbias);
    }

private:
    Conv2DStage _stage;
};

class JoinedConv2DKernel final : public JoinedConv2DOp {
public:
    JoinedConv2DKernel(Context& context, const cn_joined_conv2d_desc& desc) : _stage(context, desc) {}

    void forward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, float* y, uint8_t* codes,
                 double* moments) override {
        _stage.forward(state, {{x[0], x[1], x[2], x[3]}}, kernel, bias, y, codes, moments);
    }

    void predict(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, const float* addend,
                 float* y) override {
        _stage.predict(state, {{x[0], x[1], x[2], x[3]}}, kernel, bias, addend, y);
    }

    void backward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* y, const uint8_t* codes,
                  const float* dy, float* const (&dx)[4], float* dkernel, float* dbias) override {
        _stage.backward(state, {{x[0], x[1], x[2], x[3]}}, kernel, y, codes, dy, {{dx[0], dx[1], dx[2], dx[3]}}, dkernel, dbias);
    }

private:
    Conv2DStage _stage;
};

} // namespace

std::unique_ptr<Conv2DOp> make_conv2d(Context& context, const cn_conv2d_desc& desc) {
    return std::make_unique<Conv2DKernel>(context, desc);
}

std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(Context& context, const cn_joined_conv2d_desc& desc) {
    return std::make_unique<JoinedConv2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
