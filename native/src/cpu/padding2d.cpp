// Zero padding and cropping: y[i, j] = x[i - pad_top, j - pad_left], 0 outside of x; backward is the same, the other way round.
//
// Shapes   x, dx: [rows, input_height, input_width, channels]; y, dy: [rows, output_height, output_width, channels].
// Writes   forward overwrites y; backward overwrites dx or adds to it.
// Threads  blocks of rows of the target.
#include "elementwise.h"
#include "ops.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

// What of the source stands where in a target, along one axis: `count` places from `target` on are those from `source` on.
struct Overlap {
    int64_t source, target, count;

    Overlap(int64_t pad, int64_t sources, int64_t targets)
        : source(std::max<int64_t>(0, -pad)), target(std::max<int64_t>(0, pad)), count(std::min(sources - source, targets - target)) {}
};

struct Copy {
    int64_t source_height, source_width; // in pixels and in floats
    int64_t target_height, target_width;
    Overlap rows, columns;
};

CN_INLINE void clear(float* target, int64_t count) {
    std::memset(target, 0, static_cast<size_t>(count) * sizeof(float));
}

template <bool Accumulate>
CN_INLINE void copy_row(const Copy& copy, int64_t row, const float* source, float* target) {
    int64_t sample = row / copy.target_height, y = row % copy.target_height - copy.rows.target;
    const Overlap& columns = copy.columns;
    target += row * copy.target_width;
    bool inside = y >= 0 && y < copy.rows.count;
    if (inside) {
        source += (sample * copy.source_height + copy.rows.source + y) * copy.source_width + columns.source;
    }
    if (Accumulate) {
        if (inside) {
            float* sums = target + columns.target;
            for_vectors(0, columns.count,
                        [=](int64_t i, auto vector) { vector.store(sums + i, vector.load(sums + i) + vector.load(source + i)); });
        }
        return;
    }
    if (!inside) {
        clear(target, copy.target_width);
        return;
    }
    clear(target, columns.target);
    std::memcpy(target + columns.target, source, static_cast<size_t>(columns.count) * sizeof(float));
    int64_t end = columns.target + columns.count;
    clear(target + end, copy.target_width - end);
}

class Padding2DKernel final : public Padding2DOp {
public:
    Padding2DKernel(Context& context, const cn_padding2d_desc& d)
        : _context(context),
          _mode(d.input_gradient), _forward{d.input_height,
                                            d.input_width * d.channels,
                                            d.output_height,
                                            d.output_width * d.channels,
                                            Overlap(d.pad_top, d.input_height, d.output_height),
                                            Overlap(d.pad_left * d.channels, d.input_width * d.channels, d.output_width * d.channels)},
          _backward{d.output_height,
                    d.output_width * d.channels,
                    d.input_height,
                    d.input_width * d.channels,
                    Overlap(-d.pad_top, d.output_height, d.input_height),
                    Overlap(-d.pad_left * d.channels, d.output_width * d.channels, d.input_width * d.channels)} {}

    void forward(const cn_state* state, const float* x, float* y) override { run<false>(_forward, state->rows, x, y); }

    void backward(const cn_state* state, const float* dy, float* dx) override {
        if (_mode == CN_GRADIENT_OVERWRITE) {
            run<false>(_backward, state->rows, dy, dx);
        } else if (_mode == CN_GRADIENT_ACCUMULATE) {
            run<true>(_backward, state->rows, dy, dx);
        }
    }

private:
    template <bool Accumulate>
    void run(const Copy& copy, int64_t samples, const float* source, float* target) {
        int64_t rows = samples * copy.target_height, block = std::max<int64_t>(1, ChunkElements / copy.target_width);
        _context.parallel_for((rows + block - 1) / block, [&](int64_t item, int) {
            int64_t end = std::min(rows, (item + 1) * block);
            for (int64_t row = item * block; row < end; ++row) {
                copy_row<Accumulate>(copy, row, source, target);
            }
        });
    }

    Context& _context;
    int32_t _mode;
    Copy _forward, _backward;
};

} // namespace

std::unique_ptr<Padding2DOp> make_padding2d(Context& context, const cn_padding2d_desc& desc) {
    return std::make_unique<Padding2DKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
