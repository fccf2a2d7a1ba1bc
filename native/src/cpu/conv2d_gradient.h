// The backward pass of a convolution stage; see conv2d.cpp.
#pragma once

#include "conv2d_pool.h"
#include "depthwise_kernel.h"
#include "outer_kernel.h"

namespace compiled::cpu::CN_ISA {

class Conv2DGradient {
public:
    Conv2DGradient(Context& context, const Conv2DShape& shape, const cn_state& state)
        : _context(context), _shape(shape), _desc(shape.desc), _rule(activation_rule(shape.desc.activation, shape.desc.activation_alpha)),
          _state(state), _pitch(shape.filters_padded()) {}

    void run(const Images& x, const float* kernel, const float* y, const uint8_t* codes, const float* dy, const ImageGradients& dx,
             float* dkernel, float* dbias) {
        float* turned = _context.shared_scratch<float>();
        float* partial = turned + _shape.packed_turned_kernel();
        if (_shape.wants_input_gradient()) {
            _context.parallel_for(_shape.turned_tiles(), [&](int64_t tile, int) { _shape.pack_turned_kernel(kernel, tile, turned); });
        }
        int64_t chunks = Conv2DShape::chunks(_state.rows);
        bool wants_weights = dkernel != nullptr || dbias != nullptr;
        _context.parallel_for(chunks, [&](int64_t chunk, int thread) {
            float* sums = partial + chunk * _shape.chunk_gradient();
            if (wants_weights) {
                std::memset(sums, 0, static_cast<size_t>(_shape.chunk_gradient()) * sizeof(float));
            }
            float* padded = _context.thread_scratch<float>(thread);
            float* dz = padded + _shape.source_room();
            float* multipliers = dz + _shape.gradient_image();
            for (int64_t image = _state.rows * chunk / chunks; image < _state.rows * (chunk + 1) / chunks; ++image) {
                build(image, y, codes, dy, dz, multipliers);
                if (wants_weights) {
                    Source source = _shape.source(x, image, 0, _desc.conv_height, padded);
                    sum_weight_gradients(source, dz, sums, dkernel != nullptr, dbias != nullptr);
                }
                if (const JoinedImages* joined = _shape.joined(); joined != nullptr && _shape.wants_input_gradient()) {
                    write_input_gradient(dz, turned, padded, multipliers); // what was gathered there has been read
                    joined->scatter(padded, image, dx);
                } else if (_shape.wants_input_gradient()) {
                    write_input_gradient(dz, turned, dx.at[0] + image * input_size(), multipliers);
                }
            }
        });
        add_chunks(partial, chunks, dkernel, dbias);
    }

private:
    int64_t input_size() const { return _desc.input_height * _desc.input_width * _desc.input_channels; }

    // Where pixel (row, column) of the convolution's result stands in dz.
    int64_t place(int64_t row, int64_t column) const { return _shape.turned().place(row, column) * _pitch; }

    // body(filter, where its vector begins in a pixel of dz, filters) for vectors of filters, each of one group.
    template <class Body>
    CN_INLINE void for_filter_vectors(const Body& body) const {
        int64_t filters = _shape.group_filters();
        for (int64_t group = 0; group < _shape.groups(); ++group) {
            for (int64_t c = 0; c < filters; c += Lanes) {
                body(group * filters + c, group * _shape.group_pitch() + c, std::min(Lanes, filters - c));
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // dz: the gradient of the convolution's result, with its border of zeros
    // ------------------------------------------------------------------------------------------------------------

    void build(int64_t image, const float* y, const uint8_t* codes, const float* dy, float* dz, float* multipliers) const {
        std::memset(dz, 0, static_cast<size_t>(_shape.gradient_image()) * sizeof(float));
        int64_t first = image * _desc.output_height * _desc.output_width * _desc.filters;
        with_activation(_rule, [&](auto activation) {
            if (_desc.pool.height > 0) {
                unpool<activation.value>(first, y, codes, dy, dz);
            } else {
                spread<activation.value>(first, y, dy, dz, multipliers);
            }
        });
    }

    template <int32_t Activation>
    void spread(int64_t first, const float* y, const float* dy, float* dz, float* multipliers) const {
        bool dropout = _desc.dropout_rate > 0;
        DropoutMask mask(_state, _desc.dropout_stream, dropout ? _desc.dropout_rate : 0.5f);
        float unscale = dropout ? 1.0f / mask.scale() : 1.0f;
        int64_t at = first;
        for (int64_t row = 0; row < _desc.output_height; ++row) {
            if (dropout) {
                mask.fill(at, _desc.output_width * _desc.filters, multipliers);
            }
            for (int64_t column = 0; column < _desc.output_width; ++column, at += _desc.filters) {
                float* target = dz + place(row, column);
                const float* multiplier = multipliers + column * _desc.filters;
                for_filter_vectors([&](int64_t c, int64_t place_of_c, int64_t count) {
                    Vec gradient = load_upto(dy + at + c, count);
                    Vec value = load_upto(y + at + c, count);
                    if (dropout) {
                        Vec factor = load_upto(multiplier + c, count);
                        gradient = select(factor != 0.0f, gradient * factor, zero());
                        value = value * unscale;
                    }
                    store_upto(target + place_of_c, count, activation_gradient<Activation>(_rule, value, gradient));
                });
            }
        }
    }

    template <int32_t Activation>
    void unpool(int64_t first, const float* y, const uint8_t* codes, const float* dy, float* dz) const {
        const cn_window& w = _desc.pool;
        float scale = _desc.dropout_rate > 0 ? dropout_rule(_desc.dropout_rate).scale : 1.0f;
        float unscale = 1.0f / scale;
        int64_t at = first;
        for (int64_t oy = 0; oy < _desc.output_height; ++oy) {
            int64_t top = oy * w.stride_height - w.pad_top;
            for (int64_t ox = 0; ox < _desc.output_width; ++ox, at += _desc.filters) {
                int64_t left = ox * w.stride_width - w.pad_left;
                for_filter_vectors([&](int64_t c, int64_t place_of_c, int64_t count) {
                    Vec value = load_upto(y + at + c, count) * unscale;
                    Vec gradient = activation_gradient<Activation>(_rule, value, load_upto(dy + at + c, count) * scale);
                    IntVec code = count == Lanes ? load_bytes(codes + at + c) : load_bytes_partial(codes + at + c, count);
                    scatter(top, left, place_of_c, count, code, gradient, dz);
                });
            }
        }
    }

    // Adds the gradient to the winning cell; windows may overlap.
    CN_INLINE void scatter(int64_t top, int64_t left, int64_t c, int64_t count, IntVec code, Vec gradient, float* dz) const {
        const cn_window& w = _desc.pool;
        for (int64_t ky = std::max<int64_t>(0, -top); ky < std::min(w.height, _desc.conv_height - top); ++ky) {
            for (int64_t kx = std::max<int64_t>(0, -left); kx < std::min(w.width, _desc.conv_width - left); ++kx) {
                float* target = dz + place(top + ky, left + kx) + c;
                IntVec hit = code == static_cast<int32_t>(ky * w.width + kx);
                store_upto(target, count, load_upto(target, count) + select(hit, gradient, zero()));
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // The gradients of kernel, bias and input
    // ------------------------------------------------------------------------------------------------------------

    void sum_weight_gradients(const Source& source, const float* dz, float* sums, bool of_kernel, bool of_bias) const {
        Pixels pixels{};
        pixels.rows = _desc.conv_height;
        pixels.columns = _desc.conv_width;
        pixels.x_row = _desc.window.stride_height * source.row;
        pixels.x_pixel = _desc.window.stride_width * _shape.source_channels();
        pixels.z_row = place(1, 0) - place(0, 0);
        pixels.z_pixel = place(0, 1) - place(0, 0);
        for_strips(pixels, std::max(_shape.source_channels(), _pitch), [&](int64_t begin, const Pixels& strip) {
            const float* x = source.data + begin * pixels.x_row;
            const float* z = dz + place(begin, 0);
            if (of_kernel && _shape.depthwise()) {
                accumulate_depthwise(strip, x, source.runs, _desc.filters, z, sums, _pitch);
            } else if (of_kernel) {
                accumulate_groups(strip, x, source.runs, z, sums);
            }
            if (of_bias) {
                sum_bias_gradient(strip, z, sums + _shape.taps() * _pitch);
            }
        });
    }

    void accumulate_groups(const Pixels& pixels, const float* x, Runs runs, const float* z, float* sums) const {
        for (int64_t group = 0; group < _shape.groups(); ++group) {
            int64_t column = group * _shape.group_pitch();
            float* target = sums + column;
            for (int64_t r = 0; r < runs.count; ++r) {
                const Run& run = runs.first[r];
                accumulate_outer(pixels, x + group * _shape.group_channels() + run.offset, run.length, z + column,
                                 _shape.group_pitch() / Lanes, target, _pitch);
                target += run.length * _pitch;
            }
        }
    }

    void sum_bias_gradient(const Pixels& pixels, const float* z, float* target) const {
        for (int64_t c = 0; c < _pitch; c += Lanes) {
            Vec sum = load(target + c);
            for (int64_t i = 0; i < pixels.rows; ++i) {
                for (int64_t j = 0; j < pixels.columns; ++j) {
                    sum = sum + load(z + i * pixels.z_row + j * pixels.z_pixel + c);
                }
            }
            store(target + c, sum);
        }
    }

    // `row` has room for the filters of a row of the input, where there are more of them than channels.
    void write_input_gradient(const float* dz, const float* turned, float* dx, float* row) const {
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        if (!accumulate && !_shape.turned().covers()) {
            std::memset(dx, 0, static_cast<size_t>(input_size()) * sizeof(float));
        }
        for (const TurnedWindow::Phase& phase : _shape.turned().phases()) {
            if (_shape.depthwise()) {
                convolve_depthwise(phase, dz, turned, dx, row);
            } else if (accumulate) {
                convolve_groups<true>(phase, dz, turned, dx);
            } else {
                convolve_groups<false>(phase, dz, turned, dx);
            }
        }
    }

    // The pixels of dx in row number `row` of a phase.
    float* pixels_of(const TurnedWindow::Phase& phase, int64_t row, float* dx) const {
        return dx + ((phase.top + row * _desc.window.stride_height) * _desc.input_width + phase.left) * _desc.input_channels;
    }
    int64_t pixel_stride() const { return _desc.window.stride_width * _desc.input_channels; }
    const float* gradient_row(int64_t row, const float* dz) const { return dz + row * _shape.turned().columns() * _pitch; }
    static Runs runs_of(const TurnedWindow::Phase& phase) { return {phase.runs.data(), static_cast<int64_t>(phase.runs.size())}; }

    template <bool Accumulate>
    void convolve_groups(const TurnedWindow::Phase& phase, const float* dz, const float* turned, float* dx) const {
        for (int64_t number = 0; number < _shape.channel_tiles(); ++number) {
            Conv2DShape::Tile tile = _shape.channel_tile(number);
            const float* weights = turned + number * _shape.turned_tile() + phase.first_cell * _shape.group_filters() * TileWidth;
            for (int64_t row = 0; row < phase.rows; ++row) {
                StoreTile<Accumulate> store_tile{pixels_of(phase, row, dx) + tile.first, pixel_stride(), tile.count};
                run_tiles(gradient_row(row, dz) + tile.group * _shape.group_pitch(), _pitch, phase.columns, runs_of(phase), weights,
                          store_tile);
            }
        }
    }

    void convolve_depthwise(const TurnedWindow::Phase& phase, const float* dz, const float* turned, float* dx, float* filters) const {
        const float* weights = turned + phase.first_cell * _desc.filters;
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE, direct = _shape.multiplier() == 1;
        for (int64_t row = 0; row < phase.rows; ++row) {
            float* target = direct ? pixels_of(phase, row, dx) : filters;
            int64_t stride = direct ? pixel_stride() : _desc.filters;
            run_depthwise(gradient_row(row, dz), _pitch, phase.columns, runs_of(phase), weights, _desc.filters,
                          [&](int64_t channel, auto vector, int64_t pixel, Vec sum) {
                              float* at = target + pixel * stride + channel;
                              vector.store(at, direct && accumulate ? vector.load(at) + sum : sum);
                          });
            for (int64_t pixel = 0; pixel < phase.columns && !direct; ++pixel) {
                sum_filters(filters + pixel * _desc.filters, accumulate, pixels_of(phase, row, dx) + pixel * pixel_stride());
            }
        }
    }

    // What the filters of each channel give to it.
    void sum_filters(const float* filters, bool accumulate, float* channels) const {
        for (int64_t channel = 0; channel < _desc.input_channels; ++channel) {
            float sum = accumulate ? channels[channel] : 0.0f;
            for (int64_t m = 0; m < _shape.multiplier(); ++m) {
                sum += *filters++;
            }
            channels[channel] = sum;
        }
    }

    // The chunks' sums, in their order.
    void add_chunks(const float* partial, int64_t chunks, float* dkernel, float* dbias) {
        int64_t first = dkernel != nullptr ? 0 : _shape.taps(), last = _shape.taps() + (dbias != nullptr ? 1 : 0);
        _context.parallel_for(last - first, [&](int64_t item, int) {
            int64_t row = first + item;
            float* target = row < _shape.taps() ? dkernel + row * _desc.filters : dbias;
            for_filter_vectors([&](int64_t c, int64_t place_of_c, int64_t count) {
                Vec sum = load(partial + row * _pitch + place_of_c);
                for (int64_t chunk = 1; chunk < chunks; ++chunk) {
                    sum = sum + load(partial + chunk * _shape.chunk_gradient() + row * _pitch + place_of_c);
                }
                store_upto(target + c, count, sum);
            });
        });
    }

    Context& _context;
    const Conv2DShape& _shape;
    const cn_conv2d_desc& _desc;
    ActivationRule _rule;
    const cn_state& _state;
    int64_t _pitch; // floats per pixel of dz, and per row of the summed gradients
};

} // namespace compiled::cpu::CN_ISA
