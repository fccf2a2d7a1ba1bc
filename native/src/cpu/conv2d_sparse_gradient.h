// The backward pass of a convolution stage with max pooling; see conv2d.cpp. Of each pooling window one pixel of the convolution has a
// gradient at most, and none where the unit is dropped or dead: so the gradients are listed, and only those are multiplied.
//
//   kernel    for each filter, the listed pixels' windows of x, times their gradients, are summed in registers
//   input     for each pixel, the listed filters' kernels, times their gradients, are summed in registers and added to the window of dx
#pragma once

#include "conv2d_pool.h"
#include "gather_kernel.h"

namespace compiled::cpu::CN_ISA {

class SparseConv2DGradient {
public:
    // Whether a stage has a gradient that is worth listing, and windows whose rows are whole vectors in one piece.
    static bool suits(const Conv2DShape& shape) {
        const cn_conv2d_desc& d = shape.desc;
        bool listed = d.pool.height > 0 && d.pool.stride_height * d.pool.stride_width >= 3;
        bool vectors = d.window.dilation_width == 1 && d.window.width * d.input_channels % Lanes == 0;
        return listed && vectors && d.groups == 1 && has_small_offsets(shape);
    }

    // Floats of scratch memory for each thread.
    static int64_t scratch(const Conv2DShape& shape) {
        const cn_conv2d_desc& d = shape.desc;
        int64_t lists = d.filters * strip_pixels(shape) + (cells(d) + 1) * d.filters;
        return 2 * shape.padded_image() + joined_image(shape) + shape.filters_padded() + 2 * lists + counters(d) + 4 * Lanes;
    }

    SparseConv2DGradient(Context& context, const Conv2DShape& shape, const cn_state& state)
        : _context(context), _shape(shape), _desc(shape.desc), _rule(activation_rule(shape.desc.activation, shape.desc.activation_alpha)),
          _state(state), _run(shape.desc.window.width * shape.desc.input_channels), _capacity(strip_pixels(shape)) {}

    void run(const Images& x, const float* kernel, const float* y, const uint8_t* codes, const float* dy, const ImageGradients& dx,
             float* dkernel, float* dbias) {
        float* kernels = _context.shared_scratch<float>();
        float* partial = kernels + _shape.packed_turned_kernel();
        if (_shape.wants_input_gradient()) {
            _context.parallel_for(_desc.filters, [&](int64_t filter, int) { pack_filter(kernel, filter, kernels); });
        }
        int64_t chunks = Conv2DShape::chunks(_state.rows);
        _context.parallel_for(chunks, [&](int64_t chunk, int thread) {
            float* sums = partial + chunk * _shape.chunk_gradient();
            std::memset(sums, 0, static_cast<size_t>(_shape.chunk_gradient()) * sizeof(float));
            float* bias_sums = sums + _shape.taps() * _desc.filters;
            Workspace work = workspace(thread);
            for (int64_t image = _state.rows * chunk / chunks; image < _state.rows * (chunk + 1) / chunks; ++image) {
                // Where the weights are frozen, nobody keeps the input.
                Source source = dkernel == nullptr ? _shape.unread_source() : _shape.source(x, image, 0, _desc.conv_height, work.padded);
                float* image_dx = !_shape.wants_input_gradient() ? nullptr
                                  : _shape.joined() != nullptr   ? work.joined_dx
                                                                 : dx.at[0] + image * input_size();
                float* target = image_dx == nullptr ? nullptr : begin_input_gradient(image_dx, work);
                with_activation(_rule, [&](auto activation) {
                    run_image<activation.value>(image, source, kernels, y, codes, dy, target, dkernel == nullptr ? nullptr : sums,
                                                bias_sums, work);
                });
                if (image_dx != nullptr) {
                    end_input_gradient(target, image_dx);
                }
                if (image_dx != nullptr && _shape.joined() != nullptr) {
                    _shape.joined()->scatter(image_dx, image, dx);
                }
            }
        });
        add_chunks(partial, chunks, dkernel, dbias);
    }

private:
    static constexpr int64_t Codes = 256;

    // Whether a GatherEntry can hold every offset: in the kernel, in the image with its padding, and of the cells of a pooling window, also
    // of those beyond the convolution. Divisions, because the products may overflow.
    static bool has_small_offsets(const Conv2DShape& shape) {
        const cn_conv2d_desc& d = shape.desc;
        constexpr int64_t Limit = int64_t{1} << 30;
        int64_t row = std::max(shape.span_width(), d.input_width) * d.input_channels;
        return shape.padded_image() < Limit && d.input_height * d.input_width * d.input_channels < Limit &&
               shape.taps() * d.filters < Limit && d.window.stride_height < Limit / row / d.pool.height &&
               d.window.stride_width < Limit / d.input_channels / d.pool.width;
    }

    static int64_t joined_image(const Conv2DShape& shape) {
        return shape.joined() == nullptr ? 0 : round_up(shape.joined()->size(), Lanes);
    }

    struct Workspace {
        float* padded;        // the input with its padding, where it needs any
        float* padded_dx;     // likewise its gradient
        float* joined_dx;     // and then that of a joined image, without the padding
        float* gradients;     // of one pooled pixel, before the activation
        GatherEntry* filters; // of each filter the pixels of a strip with a gradient
        GatherEntry* cells;   // of each cell of a pooling window the filters with a gradient; last, those without
        int32_t* filter_counts;
        int32_t* cell_counts;
    };

    // Of each code the cell of the pooling window, or the number of cells for none.
    struct CellIndex {
        int32_t cells[Codes];
    };

    static int64_t cells(const cn_conv2d_desc& d) { return d.pool.height * d.pool.width; }
    static int64_t counters(const cn_conv2d_desc& d) { return round_up(d.filters, Lanes) + round_up(cells(d) + 1, Lanes); }

    // Rows of the pooling that are listed at a time: what they read of the input stays in the first cache, and the lists are long enough to
    // pay for fetching and storing the sums.
    static int64_t strip_rows(const Conv2DShape& shape) {
        constexpr int64_t InputFloats = 16 * 1024;
        const cn_conv2d_desc& d = shape.desc;
        int64_t row = shape.span_width() * d.input_channels;
        int64_t rows = (InputFloats / row - shape.window_rows()) / (d.window.stride_height * d.pool.stride_height);
        return std::clamp<int64_t>(rows, 1, d.output_height);
    }
    static int64_t strip_pixels(const Conv2DShape& shape) { return strip_rows(shape) * shape.desc.output_width; }

    int64_t input_size() const { return _desc.input_height * _desc.input_width * _desc.input_channels; }

    Workspace workspace(int thread) const {
        Workspace work{};
        work.padded = _context.thread_scratch<float>(thread);
        work.padded_dx = work.padded + _shape.padded_image();
        work.joined_dx = work.padded_dx + _shape.padded_image();
        work.gradients = work.joined_dx + joined_image(_shape);
        work.filters = reinterpret_cast<GatherEntry*>(work.gradients + _shape.filters_padded());
        work.cells = work.filters + _desc.filters * _capacity;
        work.filter_counts = reinterpret_cast<int32_t*>(work.cells + (cells(_desc) + 1) * _desc.filters);
        work.cell_counts = work.filter_counts + round_up(_desc.filters, Lanes);
        return work;
    }

    // [filter][tap][channel]
    void pack_filter(const float* kernel, int64_t filter, float* kernels) const {
        float* target = kernels + filter * _shape.taps();
        for (int64_t tap = 0; tap < _shape.taps(); ++tap) {
            target[tap] = kernel[tap * _desc.filters + filter];
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // An image
    // ------------------------------------------------------------------------------------------------------------

    template <int32_t Activation>
    void run_image(int64_t image, const Source& source, const float* kernels, const float* y, const uint8_t* codes, const float* dy,
                   float* dx, float* kernel_sums, float* bias_sums, const Workspace& work) const {
        int32_t cell_offsets[Codes] = {}; // of the codes, in x and in dx alike
        for (int64_t code = 0; code < cells(_desc); ++code) {
            cell_offsets[code] = static_cast<int32_t>(pixel(source, code / _desc.pool.width, code % _desc.pool.width));
        }
        CellIndex inner, border;
        fill_index(0, 0, inner);
        std::memset(work.cell_counts, 0, static_cast<size_t>(cells(_desc) + 1) * sizeof(int32_t));

        int64_t strip = strip_rows(_shape);
        int64_t first = image * _desc.output_height * _desc.output_width;
        for (int64_t begin = 0; begin < _desc.output_height; begin += strip) {
            std::memset(work.filter_counts, 0, static_cast<size_t>(_desc.filters) * sizeof(int32_t));
            for (int64_t oy = begin; oy < std::min(begin + strip, _desc.output_height); ++oy) {
                for (int64_t ox = 0; ox < _desc.output_width; ++ox) {
                    int64_t at = (first + oy * _desc.output_width + ox) * _desc.filters;
                    int64_t top = oy * _desc.pool.stride_height - _desc.pool.pad_top;
                    int64_t left = ox * _desc.pool.stride_width - _desc.pool.pad_left;
                    int64_t corner = pixel(source, top, left);
                    bool is_inner = top >= 0 && left >= 0 && top + _desc.pool.height <= _desc.conv_height &&
                                    left + _desc.pool.width <= _desc.conv_width;
                    if (!is_inner) {
                        fill_index(top, left, border);
                    }
                    compute_gradients<Activation>(y + at, codes + at, dy + at, work.gradients, bias_sums);
                    list(codes + at, static_cast<int32_t>(corner), cell_offsets, is_inner ? inner : border, work);
                    if (dx != nullptr) {
                        add_input_gradient(source, kernels, dx, corner, cell_offsets, work);
                    }
                    std::memset(work.cell_counts, 0, static_cast<size_t>(cells(_desc) + 1) * sizeof(int32_t));
                }
            }
            if (kernel_sums != nullptr) {
                add_kernel_gradient(source, kernel_sums, work);
            }
        }
    }

    // Which cell a code means in the pooling window at (top, left). Cells beyond the convolution, which no forward pass gives, are without
    // a gradient, like every code that means none: so no code, whoever wrote it, leads out of the image.
    void fill_index(int64_t top, int64_t left, CellIndex& index) const {
        for (int64_t code = 0; code < Codes; ++code) {
            int64_t row = top + code / _desc.pool.width;
            int64_t column = left + code % _desc.pool.width;
            bool exists = code < cells(_desc) && row >= 0 && row < _desc.conv_height && column >= 0 && column < _desc.conv_width;
            index.cells[code] = static_cast<int32_t>(exists ? code : cells(_desc));
        }
    }

    // Where the window of a pixel of the convolution begins in the input.
    int64_t pixel(const Source& source, int64_t row, int64_t column) const {
        return row * _desc.window.stride_height * source.row + column * _desc.window.stride_width * _desc.input_channels;
    }

    // Of one pooled pixel; adds to the bias' gradient.
    template <int32_t Activation>
    CN_INLINE void compute_gradients(const float* y, const uint8_t* codes, const float* dy, float* gradients, float* bias) const {
        float scale = _desc.dropout_rate > 0 ? dropout_rule(_desc.dropout_rate).scale : 1.0f;
        float unscale = 1.0f / scale;
        for (int64_t c = 0; c < _desc.filters; c += Lanes) {
            int64_t count = std::min(Lanes, _desc.filters - c);
            Vec value = load_upto(y + c, count) * unscale;
            Vec gradient = activation_gradient<Activation>(_rule, value, load_upto(dy + c, count) * scale);
            IntVec code = count == Lanes ? load_bytes(codes + c) : load_bytes_partial(codes + c, count);
            store(gradients + c, gradient);
            store(bias + c, load(bias + c) + select(code != NoGradient, gradient, zero()));
        }
    }

    // Without a branch: an entry that has no gradient is overwritten by the next one.
    CN_INLINE void list(const uint8_t* codes, int32_t corner, const int32_t* cell_offsets, const CellIndex& index,
                        const Workspace& work) const {
        int32_t taps = static_cast<int32_t>(_shape.taps());
        int32_t none = static_cast<int32_t>(cells(_desc));
        int32_t kernel = 0;
        GatherEntry* filter = work.filters;
        for (int64_t f = 0; f < _desc.filters; ++f) {
            uint8_t code = codes[f];
            float gradient = work.gradients[f];
            int32_t cell = index.cells[code];
            filter[work.filter_counts[f]] = {corner + cell_offsets[code], gradient};
            work.filter_counts[f] += cell != none ? 1 : 0;
            work.cells[cell * _desc.filters + work.cell_counts[cell]++] = {kernel, gradient};
            filter += _capacity;
            kernel += taps;
        }
    }

    CN_INLINE void add_input_gradient(const Source& source, const float* kernels, float* dx, int64_t corner, const int32_t* cell_offsets,
                                      const Workspace& work) const {
        for (int64_t cell = 0; cell < cells(_desc); ++cell) {
            if (work.cell_counts[cell] > 0) {
                accumulate_gathered({work.cells + cell * _desc.filters, work.cell_counts[cell]}, kernels, _run, _desc.window.height,
                                    _run / Lanes, dx + corner + cell_offsets[cell], _desc.window.dilation_height * source.row);
            }
        }
    }

    void add_kernel_gradient(const Source& source, float* sums, const Workspace& work) const {
        for (int64_t f = 0; f < _desc.filters; ++f) {
            if (work.filter_counts[f] > 0) {
                accumulate_gathered({work.filters + f * _capacity, work.filter_counts[f]}, source.data,
                                    _desc.window.dilation_height * source.row, _desc.window.height, _run / Lanes, sums + f * _shape.taps(),
                                    _run);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // The gradient of the input: in place where no window leaves the image, else with the padding in scratch memory
    // ------------------------------------------------------------------------------------------------------------

    float* begin_input_gradient(float* dx, const Workspace& work) const {
        bool in_place = _shape.stays_inside();
        if (!in_place) {
            std::memset(work.padded_dx, 0, static_cast<size_t>(_shape.padded_image()) * sizeof(float));
        }
        if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
            std::memset(dx, 0, static_cast<size_t>(input_size()) * sizeof(float));
        }
        return in_place ? dx + _shape.first_window() : work.padded_dx;
    }

    void end_input_gradient(const float* gradient, float* dx) const {
        if (_shape.stays_inside()) {
            return;
        }
        const cn_window& w = _desc.window;
        int64_t last_row = std::min(_desc.input_height, _shape.padded_rows(_desc.conv_height) - w.pad_top);
        int64_t first_column = std::max<int64_t>(0, -w.pad_left);
        int64_t columns = std::max<int64_t>(0, std::min(_desc.input_width, _shape.span_width() - w.pad_left) - first_column);
        for (int64_t row = std::max<int64_t>(0, -w.pad_top); row < last_row; ++row) {
            const float* from = gradient + ((row + w.pad_top) * _shape.span_width() + first_column + w.pad_left) * _desc.input_channels;
            float* to = dx + (row * _desc.input_width + first_column) * _desc.input_channels;
            for_vectors(0, columns * _desc.input_channels,
                        [&](int64_t i, auto vector) { vector.store(to + i, vector.load(to + i) + vector.load(from + i)); });
        }
    }

    // ------------------------------------------------------------------------------------------------------------
    // The chunks' sums, in their order: [filter][tap] becomes [tap][filter]
    // ------------------------------------------------------------------------------------------------------------

    void add_chunks(const float* partial, int64_t chunks, float* dkernel, float* dbias) {
        auto sum_chunks = [&](int64_t offset) {
            Vec sum = load(partial + offset);
            for (int64_t chunk = 1; chunk < chunks; ++chunk) {
                sum = sum + load(partial + chunk * _shape.chunk_gradient() + offset);
            }
            return sum;
        };
        _context.parallel_for(dkernel != nullptr ? _shape.taps() / Lanes : 0, [&](int64_t block, int) {
            for (int64_t f = 0; f < _desc.filters; ++f) {
                float column[Lanes];
                store(column, sum_chunks(f * _shape.taps() + block * Lanes));
                for (int64_t tap = 0; tap < Lanes; ++tap) {
                    dkernel[(block * Lanes + tap) * _desc.filters + f] = column[tap];
                }
            }
        });
        for (int64_t c = 0; dbias != nullptr && c < _desc.filters; c += Lanes) {
            store_upto(dbias + c, std::min(Lanes, _desc.filters - c), sum_chunks(_shape.taps() * _desc.filters + c));
        }
    }

    Context& _context;
    const Conv2DShape& _shape;
    const cn_conv2d_desc& _desc;
    ActivationRule _rule;
    const cn_state& _state;
    int64_t _run;      // floats of a window's row, in x and in the kernel
    int64_t _capacity; // entries of a filter's list
};

} // namespace compiled::cpu::CN_ISA
