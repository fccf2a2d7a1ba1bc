// Concatenation over the last axis: y = x_0, x_1, ... side by side; dx_i = its part of dy.
//
// Shapes   x_i, dx_i: [rows, outer, length_i]; y, dy: [rows, outer, sum of lengths].
// Writes   forward overwrites y; backward overwrites each dx_i or adds to it. Where two of them are one array, each has a launch of its
// own. Blocks   packs of elements of y or dy.
#include "divider.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

// In packs.
struct ConcatenateShape {
    Divider width; // of a row of y
    uint32_t starts[4];
    uint32_t lengths[4];
};

struct ConcatenateSources {
    const float* at[4];
};

struct ConcatenateTargets {
    float* at[4];
    int32_t modes[4];
};

// A pack of y: the input that it belongs to, and its index there.
struct ConcatenatePlace {
    int input = 0;
    int64_t pack;

    __device__ __forceinline__ ConcatenatePlace(const ConcatenateShape& shape, int64_t index) {
        uint32_t column = shape.width.take(index);
        uint32_t start = 0, length = shape.lengths[0];
        CN_UNROLL
        for (int i = 1; i < 4; ++i) {
            if (shape.lengths[i] != 0 && column >= shape.starts[i]) {
                input = i;
                start = shape.starts[i];
                length = shape.lengths[i];
            }
        }
        pack = index * length + (column - start);
    }
};

// at[input], without an array in local memory.
template <class T>
__device__ __forceinline__ T pick(const T (&at)[4], int input) {
    T low = input == 0 ? at[0] : at[1], high = input == 2 ? at[2] : at[3];
    return input < 2 ? low : high;
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    concatenate_forward_kernel(const cn_state* state, int64_t outer, ConcatenateShape shape, ConcatenateSources x, float* y) {
    for_packs<Width>(state->rows * outer * shape.width.divisor() * Width, [&](int64_t i) {
        ConcatenatePlace place(shape, i / Width);
        Pack<Width>::load(pick(x.at, place.input) + place.pack * Width).store(y + i);
    });
}

template <int Width>
__global__ void __launch_bounds__(ElementThreads)
    concatenate_backward_kernel(const cn_state* state, int64_t outer, ConcatenateShape shape, const float* dy, ConcatenateTargets dx) {
    for_packs<Width>(state->rows * outer * shape.width.divisor() * Width, [&](int64_t i) {
        ConcatenatePlace place(shape, i / Width);
        int32_t mode = pick(dx.modes, place.input);
        if (mode == CN_GRADIENT_NONE) {
            return;
        }
        float* target = pick(dx.at, place.input) + place.pack * Width;
        auto sums = Pack<Width>::load(dy + i);
        if (mode == CN_GRADIENT_ACCUMULATE) {
            auto old = Pack<Width>::load(target);
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += old.values[e];
            }
        }
        sums.store(target);
    });
}

class ConcatenateKernel final : public ConcatenateOp {
public:
    ConcatenateKernel(Context& context, const cn_concatenate_desc& desc)
        : _context(context), _desc(desc), _lengths{desc.length_0, desc.length_1, desc.length_2, desc.length_3},
          _width(desc.length_0 + desc.length_1 + desc.length_2 + desc.length_3), _single(shape(1)), _packed(shape(4)) {}

    void forward(const cn_state* state, const float* const (&x)[4], float* y) override {
        int width = pack_width(common_length(), x[0], x[1], x[2], x[3], y);
        auto* kernel = width == 4 ? concatenate_forward_kernel<4> : concatenate_forward_kernel<1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.outer, width == 4 ? _packed : _single,
                        ConcatenateSources{{x[0], x[1], x[2], x[3]}}, y);
    }

    void backward(const cn_state* state, const float* dy, float* const (&dx)[4]) override {
        ConcatenateTargets all{{dx[0], dx[1], dx[2], dx[3]}, {_desc.gradient_0, _desc.gradient_1, _desc.gradient_2, _desc.gradient_3}};
        if (!shares(dx)) {
            run_backward(state, dy, all);
            return;
        }
        for (int input = 0; input < 4; ++input) {
            ConcatenateTargets one{};
            one.at[input] = dx[input];
            one.modes[input] = all.modes[input];
            run_backward(state, dy, one);
        }
    }

private:
    static bool shares(float* const (&dx)[4]) {
        for (int i = 0; i < 4; ++i) {
            for (int j = 0; j < i; ++j) {
                if (dx[i] != nullptr && dx[i] == dx[j]) {
                    return true;
                }
            }
        }
        return false;
    }

    void run_backward(const cn_state* state, const float* dy, const ConcatenateTargets& dx) {
        if (dx.at[0] == nullptr && dx.at[1] == nullptr && dx.at[2] == nullptr && dx.at[3] == nullptr) {
            return;
        }
        int width = pack_width(common_length(), dy, dx.at[0], dx.at[1], dx.at[2], dx.at[3]);
        auto* kernel = width == 4 ? concatenate_backward_kernel<4> : concatenate_backward_kernel<1>;
        _context.launch(kernel, grid(width), ElementThreads, 0, state, _desc.outer, width == 4 ? _packed : _single, dy, dx);
    }

    // A multiple of 4 when every length is.
    int64_t common_length() const { return _lengths[0] | _lengths[1] | _lengths[2] | _lengths[3]; }

    // Of use where the lengths are multiples of `width`.
    ConcatenateShape shape(int64_t width) const {
        ConcatenateShape result{};
        result.width = Divider(std::max<int64_t>(1, _width / width));
        int64_t start = 0;
        for (int input = 0; input < 4; ++input) {
            result.starts[input] = static_cast<uint32_t>(start / width);
            result.lengths[input] = static_cast<uint32_t>(_lengths[input] / width);
            start += _lengths[input];
        }
        return result;
    }

    Grid grid(int width) const { return element_grid(_context, _desc.batch * _desc.outer * _width, width); }

    Context& _context;
    cn_concatenate_desc _desc;
    int64_t _lengths[4];
    int64_t _width;
    ConcatenateShape _single, _packed;
};

} // namespace

std::unique_ptr<ConcatenateOp> make_concatenate(Context& context, const cn_concatenate_desc& desc) {
    return std::make_unique<ConcatenateKernel>(context, desc);
}

} // namespace compiled::cuda
