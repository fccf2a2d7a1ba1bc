// Concatenation over the last axis: y = x_0, x_1, ... side by side; dx_i = its part of dy.
//
// Shapes   x_i, dx_i: [rows, outer, length_i]; y, dy: [rows, outer, sum of lengths].
// Writes   forward overwrites y; backward overwrites each dx_i or adds to it, one after the other: two of them may be one array.
// Threads  chunks of the elements of y forward, of one dx_i backward.
#include "elementwise.h"
#include "ops.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

CN_INLINE void add_to(float* target, const float* source, int64_t count) {
    for_vectors(0, count, [=](int64_t i, auto vector) { vector.store(target + i, vector.load(target + i) + vector.load(source + i)); });
}

class ConcatenateKernel final : public ConcatenateOp {
public:
    ConcatenateKernel(Context& context, const cn_concatenate_desc& desc)
        : _context(context),
          _desc(desc), _lengths{desc.length_0, desc.length_1, desc.length_2, desc.length_3}, _modes{desc.gradient_0, desc.gradient_1,
                                                                                                    desc.gradient_2, desc.gradient_3} {
        for (int input = 0; input < 4; ++input) {
            _starts[input + 1] = _starts[input] + _lengths[input];
        }
    }

    void forward(const cn_state* state, const float* const (&x)[4], float* y) override {
        const float* const sources[] = {x[0], x[1], x[2], x[3]};
        for_chunks(_context, state->rows * _desc.outer * width(), [&](int64_t begin, int64_t end) {
            int64_t row = begin / width(), column = begin % width();
            int input = 0;
            while (begin < end) {
                while (column >= _starts[input + 1]) {
                    ++input;
                }
                int64_t count = std::min(_starts[input + 1] - column, end - begin);
                const float* source = sources[input] + row * _lengths[input] + column - _starts[input];
                std::memcpy(y + begin, source, static_cast<size_t>(count) * sizeof(float));
                begin += count;
                column += count;
                if (column == width()) {
                    ++row;
                    column = 0;
                    input = 0;
                }
            }
        });
    }

    void backward(const cn_state* state, const float* dy, float* const (&dx)[4]) override {
        for (int input = 0; input < _desc.inputs; ++input) {
            if (_modes[input] != CN_GRADIENT_NONE) {
                backward_one(state->rows * _desc.outer, input, dy, dx[input]);
            }
        }
    }

private:
    int64_t width() const { return _starts[4]; }

    void backward_one(int64_t rows, int input, const float* dy, float* dx) {
        int64_t length = _lengths[input];
        for_chunks(_context, rows * length, [=](int64_t begin, int64_t end) {
            int64_t row = begin / length, column = begin % length;
            while (begin < end) {
                int64_t count = std::min(length - column, end - begin);
                const float* source = dy + row * width() + _starts[input] + column;
                if (_modes[input] == CN_GRADIENT_OVERWRITE) {
                    std::memcpy(dx + begin, source, static_cast<size_t>(count) * sizeof(float));
                } else {
                    add_to(dx + begin, source, count);
                }
                begin += count;
                ++row;
                column = 0;
            }
        });
    }

    Context& _context;
    cn_concatenate_desc _desc;
    int64_t _lengths[4];
    int32_t _modes[4];
    int64_t _starts[5] = {}; // of the inputs in a row of y, and the end of the row
};

} // namespace

std::unique_ptr<ConcatenateOp> make_concatenate(Context& context, const cn_concatenate_desc& desc) {
    return std::make_unique<ConcatenateKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
