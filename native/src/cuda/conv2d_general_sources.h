// The matrices that a convolution is a product of, as sources for tile_loader.h. None of them exists in memory: each is gathered from x,
// from the kernel, or from y, dy and codes.
//
//     UnfoldedInput      [outputs or positions of the convolution][taps of the window]
//     ConvGradient       [positions of the convolution][filters]: dz, the gradient before the activation
//     UnfoldedGradient   [positions of the input in a phase][its taps of the turned window]: dz again
//     TurnedKernel       [channels][the same taps]
#pragma once

#include "conv2d_general_phases.h"
#include "tile_loader.h"

namespace compiled::cuda::general {

// Where a window begins: its image's first element, and the coordinates of its first cell.
struct WindowPlace {
    static constexpr uint32_t Nowhere = 0x80000000u; // a row that no cell of a window gets into the image from

    int64_t image;
    uint32_t top, left;

    __device__ __forceinline__ bool exists() const { return top != Nowhere; }

    // Of the window over `position` of the convolution.
    __device__ __forceinline__ static WindowPlace over(const Conv2DShape& shape, const Pixel& position) {
        return {position.image * shape.input.size() * shape.all_channels, position.row * shape.window.stride_height - shape.window.pad_top,
                position.column * shape.window.stride_width - shape.window.pad_left};
    }
};

// Places of the rows of a tile, in shared memory.
struct PlaceTable {
    const WindowPlace* places;
    int64_t first;

    __device__ __forceinline__ WindowPlace operator()(int64_t row) const { return places[row - first]; }
};

// Places of the positions of the convolution below `end`.
struct PositionPlaces {
    const Conv2DShape& shape;
    int64_t end;

    __device__ __forceinline__ WindowPlace operator()(int64_t row) const {
        return row < end ? WindowPlace::over(shape, Pixel::of(shape.conv, row)) : WindowPlace{0, WindowPlace::Nowhere, 0};
    }
};

template <class Places>
class UnfoldedInput {
public:
    using Raw = Pack<4>;

    // `x` begins with the group's channels. `vectors`: channels come in fours, and x is aligned to them.
    __device__ UnfoldedInput(const Conv2DShape& shape, const Places& places, const float* x, bool vectors)
        : _shape(shape), _places(places), _x(x), _vectors(vectors) {}

    __device__ static bool is_whole(int64_t, int64_t) { return false; }
    __device__ Raw load_whole(int64_t row, int64_t column) const { return load(row, column); }

    __device__ __forceinline__ Raw load(int64_t row, int64_t column) const {
        Raw raw{};
        if (column >= _shape.taps()) {
            return raw;
        }
        WindowPlace place = _places(row);
        Tap tap = Tap::of(_shape.window, _shape.by_channels, column);
        if (_vectors) {
            const float* address = find(place, tap);
            return address != nullptr ? Raw::load(address) : raw;
        }
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            const float* address = tap.row < _shape.window.size.height ? find(place, tap) : nullptr;
            raw.values[e] = address != nullptr ? *address : 0.0f;
            tap.next(_shape.window, _shape.channels);
        }
        return raw;
    }

    __device__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const { return raw; }

private:
    // Null: in the padding.
    __device__ __forceinline__ const float* find(const WindowPlace& place, const Tap& tap) const {
        uint32_t row = place.top + tap.row * _shape.window.dilation_height, column = place.left + tap.column * _shape.window.dilation_width;
        if (!_shape.input.holds(row, column)) {
            return nullptr;
        }
        return _x + place.image + (static_cast<int64_t>(row) * _shape.input.width + column) * _shape.all_channels + tap.channel;
    }

    const Conv2DShape& _shape;
    const Places& _places;
    const float* _x;
    bool _vectors;
};

// Of a group of filters, the first of which is `first_filter` of all.
struct GradientPointers {
    const float* y;
    const float* dy;
    const uint8_t* codes;
    bool vectors; // filters come in fours, and these are aligned to them
    int64_t first_filter;
};

// dz, element by element: from the one window of the pooling that covers a position, if any. Windows do not overlap here.
template <bool Pooled>
class GradientReader {
public:
    // What is loaded for four elements; an element has a gradient where its bytes of `codes` and `cells` are the same.
    struct Raw {
        Pack<4> y, dy;
        uint32_t codes, cells;
    };

    __device__ GradientReader(const Conv2DShape& shape, const cn_state* state, const GradientPointers& pointers)
        : _shape(shape), _mask(shape.dropout, state), _pointers(pointers),
          // The codes of a pooling know where a ReLU is dead.
          _form(Pooled && is_relu(shape) ? ActivationForm::Linear : shape.activation.form),
          _scale(shape.drops ? shape.dropout.rule.scale : 1.0f), _unscale(1.0f / _scale),
          // A dropped element is 0 in y, where ReLU passes nothing on anyway.
          _redraws(!Pooled && shape.drops && !is_relu(shape)) {}

    __device__ __forceinline__ static Raw nothing() {
        Raw raw{};
        raw.cells = 0x01010101u;
        return raw;
    }

    __device__ __forceinline__ Raw load_four(const Pixel& position, uint32_t filter) const {
        Raw raw = nothing();
        uint32_t cell = 0;
        int64_t element = find(position, filter, cell);
        if (element < 0) {
            return raw;
        }
        raw.dy = Pack<4>::load(_pointers.dy + element);
        if (_form != ActivationForm::Linear) {
            raw.y = Pack<4>::load(_pointers.y + element);
        }
        raw.cells = cell * 0x01010101u;
        if constexpr (Pooled) {
            raw.codes = load_vector<uint32_t>(_pointers.codes + element);
        } else if (_redraws) {
            raw.codes = dropped((element + _pointers.first_filter) / 4);
        }
        return raw;
    }

    // One of them; its place in `raw` has nothing yet.
    template <int E>
    __device__ __forceinline__ void load_one(Raw& raw, const Pixel& position, uint32_t filter) const {
        uint32_t cell = 0;
        int64_t element = find(position, filter, cell);
        if (element < 0) {
            return;
        }
        raw.dy.values[E] = _pointers.dy[element];
        if (_form != ActivationForm::Linear) {
            raw.y.values[E] = _pointers.y[element];
        }
        uint32_t code = 0;
        if constexpr (Pooled) {
            code = _pointers.codes[element];
        } else if (_redraws) {
            int64_t drawn = element + _pointers.first_filter;
            code = dropped(drawn / 4) >> (drawn % 4 * 8) & 0xFFu;
        }
        constexpr int Shift = 8 * E;
        raw.codes |= code << Shift;
        raw.cells = (raw.cells & ~(0xFFu << Shift)) | cell << Shift;
    }

    __device__ __forceinline__ Pack<4> finish(const Raw& raw) const {
        Pack<4> result = raw.dy;
        float y[4];
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            y[e] = raw.y.values[e] * _unscale;
            result.values[e] *= _scale;
        }
        ActivationRule rule = _shape.activation; // but for its form it need not be kept in registers
        rule.form = _form;
        activation_gradient(rule, y, result.values);
        uint32_t differences = raw.codes ^ raw.cells;
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            result.values[e] = (differences >> (8 * e) & 0xFFu) == 0 ? result.values[e] : 0.0f;
        }
        return result;
    }

private:
    __device__ static bool is_relu(const Conv2DShape& shape) { return shape.activation.form == ActivationForm::Relu; }

    // The element of y whose window covers a position of the convolution, and which of its cells that is; -1: none does.
    __device__ __forceinline__ int64_t find(const Pixel& position, uint32_t filter, uint32_t& cell) const {
        if constexpr (!Pooled) {
            return position.in(_shape.conv) * _shape.all_filters + filter;
        } else {
            Divider::Result row = _shape.pool.by_stride_height.divide(position.row + _shape.pool.pad_top);
            Divider::Result column = _shape.pool.by_stride_width.divide(position.column + _shape.pool.pad_left);
            if (!_shape.pool.size.holds(row.remainder, column.remainder) || !_shape.output.holds(row.quotient, column.quotient)) {
                return -1;
            }
            cell = row.remainder * _shape.pool.size.width + column.remainder;
            return Pixel{position.image, row.quotient, column.quotient}.in(_shape.output) * _shape.all_filters + filter;
        }
    }

    // A byte for each of the elements 4 * index to 4 * index + 3: not 0 where it is dropped.
    __device__ __forceinline__ uint32_t dropped(int64_t index) const {
        PhiloxBlock block = _mask.draw(index);
        uint32_t bytes = 0;
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            bytes |= (dropout_keeps(_shape.dropout.rule, block.words[e]) ? 0u : 1u) << (8 * e);
        }
        return bytes;
    }

    const Conv2DShape& _shape;
    DropoutMask _mask;
    const GradientPointers& _pointers;
    ActivationForm _form;
    float _scale;
    float _unscale;
    bool _redraws;
};

template <bool Pooled>
class ConvGradient {
public:
    using Reader = GradientReader<Pooled>;
    using Raw = typename Reader::Raw;

    // Positions below `end`. What a thread hands on is summed as well, for the gradient of the bias: all of it is from columns that are a
    // tile's width apart, because the threads of a block are a multiple of a row of fours.
    __device__ ConvGradient(const Conv2DShape& shape, const Reader& reader, int64_t end, bool vectors, float (&sums)[4])
        : _shape(shape), _reader(reader), _end(end), _vectors(vectors), _sums(sums) {}

    __device__ static bool is_whole(int64_t, int64_t) { return false; }
    __device__ Raw load_whole(int64_t row, int64_t column) const { return load(row, column); }

    __device__ __forceinline__ Raw load(int64_t row, int64_t column) const {
        Raw raw = Reader::nothing();
        if (row >= _end || column >= _shape.filters) {
            return raw;
        }
        Pixel position = Pixel::of(_shape.conv, row);
        auto filter = static_cast<uint32_t>(column);
        if (_vectors) {
            return _reader.load_four(position, filter);
        }
        load_one<0>(raw, position, filter);
        load_one<1>(raw, position, filter);
        load_one<2>(raw, position, filter);
        load_one<3>(raw, position, filter);
        return raw;
    }

    __device__ __forceinline__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const {
        Pack<4> result = _reader.finish(raw);
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            _sums[e] += result.values[e];
        }
        return result;
    }

private:
    template <int E>
    __device__ __forceinline__ void load_one(Raw& raw, const Pixel& position, uint32_t filter) const {
        if (filter + E < _shape.filters) {
            _reader.template load_one<E>(raw, position, filter + E);
        }
    }

    const Conv2DShape& _shape;
    const Reader& _reader;
    int64_t _end;
    bool _vectors;
    float (&_sums)[4];
};

// The rows' places: the image's number, below 0 where there is no pixel, and the input's coordinates with the padding before them.
template <bool Pooled>
class UnfoldedGradient {
public:
    using Reader = GradientReader<Pooled>;
    using Raw = typename Reader::Raw;

    __device__ UnfoldedGradient(const Conv2DShape& shape, const TurnedTaps& taps, const Reader& reader, const PlaceTable& places,
                                bool vectors)
        : _shape(shape), _taps(taps), _reader(reader), _places(places), _vectors(vectors) {}

    __device__ static bool is_whole(int64_t, int64_t) { return false; }
    __device__ Raw load_whole(int64_t row, int64_t column) const { return load(row, column); }

    __device__ __forceinline__ Raw load(int64_t row, int64_t column) const {
        Raw raw = Reader::nothing();
        WindowPlace place = _places(row);
        if (column >= _taps.count(_shape) || place.image < 0) {
            return raw;
        }
        Tap tap = _taps.at(_shape, column);
        if (_vectors) {
            Pixel position{};
            return find(place, tap, position) ? _reader.load_four(position, tap.channel) : raw;
        }
        load_one<0>(raw, place, tap);
        load_one<1>(raw, place, tap);
        load_one<2>(raw, place, tap);
        load_one<3>(raw, place, tap);
        return raw;
    }

    __device__ __forceinline__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const { return _reader.finish(raw); }

private:
    template <int E>
    __device__ __forceinline__ void load_one(Raw& raw, const WindowPlace& place, Tap& tap) const {
        Pixel position{};
        if (tap.row < _shape.window.size.height && find(place, tap, position)) {
            _reader.template load_one<E>(raw, position, tap.channel);
        }
        _taps.next(_shape, tap);
    }

    // The position of the convolution whose window has this tap over the input's pixel; false: none.
    __device__ __forceinline__ bool find(const WindowPlace& place, const Tap& tap, Pixel& position) const {
        uint32_t rows = tap.row * _shape.window.dilation_height, columns = tap.column * _shape.window.dilation_width;
        if (rows > place.top || columns > place.left) {
            return false;
        }
        Divider::Result row = _shape.window.by_stride_height.divide(place.top - rows);
        Divider::Result column = _shape.window.by_stride_width.divide(place.left - columns);
        position = {place.image, row.quotient, column.quotient};
        return (row.remainder | column.remainder) == 0 && _shape.conv.holds(row.quotient, column.quotient);
    }

    const Conv2DShape& _shape;
    const TurnedTaps& _taps;
    const Reader& _reader;
    const PlaceTable& _places;
    bool _vectors;
};

class TurnedKernel {
public:
    using Raw = Pack<4>;

    // `vectors`: filters come in fours, and the kernel is aligned to them.
    __device__ TurnedKernel(const Conv2DShape& shape, const TurnedTaps& taps, const float* kernel, bool vectors)
        : _shape(shape), _taps(taps), _kernel(kernel), _vectors(vectors) {}

    __device__ static bool is_whole(int64_t, int64_t) { return false; }
    __device__ Raw load_whole(int64_t row, int64_t column) const { return load(row, column); }

    __device__ __forceinline__ Raw load(int64_t row, int64_t column) const {
        Raw raw{};
        if (row >= _shape.channels || column >= _taps.count(_shape)) {
            return raw;
        }
        Tap tap = _taps.at(_shape, column);
        if (_vectors) {
            return Raw::load(address(row, tap));
        }
        CN_UNROLL
        for (int e = 0; e < 4; ++e) {
            raw.values[e] = tap.row < _shape.window.size.height ? *address(row, tap) : 0.0f;
            _taps.next(_shape, tap);
        }
        return raw;
    }

    __device__ Pack<4> finish(const Raw& raw, int64_t, int64_t) const { return raw; }

private:
    __device__ __forceinline__ const float* address(int64_t channel, const Tap& tap) const {
        int64_t cell = static_cast<int64_t>(tap.row) * _shape.window.size.width + tap.column;
        return _kernel + (cell * _shape.channels + channel) * _shape.all_filters + tap.channel;
    }

    const Conv2DShape& _shape;
    const TurnedTaps& _taps;
    const float* _kernel;
    bool _vectors;
};

} // namespace compiled::cuda::general
