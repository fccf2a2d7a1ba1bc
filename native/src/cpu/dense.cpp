// Dense stage (compiled.h, cn_dense_desc): y = dropout(activation(x * kernel + bias)). With M = rows * positions, K = inputs, N = units:
//
// Forward    A group of two tiles of columns at a time: a block of the kernel's rows is packed, multiplied from registers, and the
//            sums of a block of rows stay in the first cache until bias, activation and dropout finish them.
// Backward   First dz, the gradient before activation and dropout, stored by tiles of columns, and the bias' gradient on the way. Then, for
//            a block of inputs at a time, the kernel's gradient (outer products) and the input's (inner products).
// Writes     y, dkernel and dbias are overwritten; dx by the descriptor.
// Threads    Every sum belongs to one item and is added up in a fixed order, so the partition may follow the number of threads.
#include "activation_simd.h"
#include "context.h"
#include "dot_kernel.h"
#include "dropout_mask.h"
#include "ops.h"
#include "outer_kernel.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int64_t GroupTiles = 2;
constexpr int64_t GroupWidth = GroupTiles * TileWidth; // what one draw of a dropout mask covers
constexpr int64_t ForwardRows = 96;                    // rows of x per item
constexpr int64_t PackedInputs = 1024;                 // inputs per packed panel: it stays in the second cache
constexpr int64_t GradientInputs = 48;                 // inputs per item of the backward pass, at most
constexpr int64_t GradientRows = 128;                  // rows of x that are packed at a time

class DenseKernel final : public DenseOp {
public:
    DenseKernel(Context& context, const cn_dense_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.activation_alpha)) {
        int64_t rows = desc.batch * desc.positions;
        int64_t forward = PackedInputs * GroupWidth + std::min(ForwardRows, rows) * GroupWidth + GroupWidth;
        int64_t backward = GradientRows * GradientInputs + GradientInputs * padded_units();
        _context.reserve_thread_scratch(std::max(forward, backward) * FloatBytes);
        _context.reserve_shared_scratch(rows * padded_units() * FloatBytes);
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        if (_desc.dropout_rate > 0) {
            run_forward<true>(*state, x, kernel, bias, y);
        } else {
            run_forward<false>(*state, x, kernel, bias, y);
        }
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        run_forward<false>(*state, x, kernel, bias, y);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx, float* dkernel,
                  float* dbias) override {
        int64_t rows = state->rows * _desc.positions;
        float* dz = _context.shared_scratch<float>();
        _context.parallel_for(groups(), [&](int64_t group, int thread) {
            float* multipliers = _context.thread_scratch<float>(thread);
            build_gradient(*state, group, rows, y, dy, dz, dbias, multipliers);
        });

        // Narrow layers are cut finer, to reach all threads.
        int64_t block = _desc.inputs >= GradientInputs * 4 * _context.threads() ? GradientInputs : OuterRows;
        _context.parallel_for((_desc.inputs + block - 1) / block, [&](int64_t item, int thread) {
            int64_t first = item * block;
            int64_t count = std::min(block, _desc.inputs - first);
            if (dkernel != nullptr) {
                sum_kernel_gradient(x, rows, dz, first, count, dkernel, _context.thread_scratch<float>(thread));
            }
            if (_desc.input_gradient == CN_GRADIENT_OVERWRITE) {
                write_input_gradient<false>(kernel, rows, dz, first, count, dx);
            } else if (_desc.input_gradient == CN_GRADIENT_ACCUMULATE) {
                write_input_gradient<true>(kernel, rows, dz, first, count, dx);
            }
        });
    }

private:
    static constexpr int64_t FloatBytes = sizeof(float);

    int64_t groups() const { return (_desc.units + GroupWidth - 1) / GroupWidth; }
    int64_t padded_units() const { return groups() * GroupWidth; }

    // -----------------------------------------------------------------------------------------------------------------
    // Forward
    // -----------------------------------------------------------------------------------------------------------------

    template <bool Dropout>
    void run_forward(const cn_state& state, const float* x, const float* kernel, const float* bias, float* y) {
        int64_t rows = state.rows * _desc.positions;
        int64_t blocks = (rows + ForwardRows - 1) / ForwardRows;
        _context.parallel_for(groups() * blocks, [&](int64_t item, int thread) {
            int64_t column = item / blocks * GroupWidth;
            int64_t first = item % blocks * ForwardRows;
            int64_t count = std::min(ForwardRows, rows - first);
            float* panel = _context.thread_scratch<float>(thread);
            float* sums = panel + PackedInputs * GroupWidth;
            multiply(x + first * _desc.inputs, count, kernel, column, panel, sums);
            float* multipliers = sums + count * GroupWidth;
            with_activation(_rule, [&](auto activation) {
                finish<activation.value, Dropout>(state, first, count, column, sums, bias, y, multipliers);
            });
        });
    }

    // sums[row][n] of the columns of one group.
    void multiply(const float* x, int64_t rows, const float* kernel, int64_t column, float* panel, float* sums) const {
        int64_t columns = std::min(GroupWidth, _desc.units - column);
        for (int64_t first = 0; first < _desc.inputs; first += PackedInputs) {
            int64_t count = std::min(PackedInputs, _desc.inputs - first);
            pack(kernel + first * _desc.units + column, count, columns, panel);
            Run run{0, count};
            for (int64_t tile = 0; tile * TileWidth < columns; ++tile) {
                float* target = sums + tile * TileWidth;
                run_tiles(x + first, _desc.inputs, rows, {&run, 1}, panel + tile * count * TileWidth,
                          [&](int64_t row, const Vec(&sum)[TileVectors]) {
                              for (int v = 0; v < TileVectors; ++v) {
                                  float* at = target + row * GroupWidth + v * Lanes;
                                  store(at, first == 0 ? sum[v] : load(at) + sum[v]);
                              }
                          });
            }
        }
    }

    // `count` rows of the kernel from a column on, by tile of columns, filled up with zeros.
    void pack(const float* kernel, int64_t count, int64_t columns, float* panel) const {
        constexpr int64_t Ahead = 12; // rows: they are too far apart for the processor to foresee them
        for (int64_t k = 0; k < count; ++k) {
            const float* row = kernel + k * _desc.units;
            for (int64_t n = 0; n < columns; n += 16) {
                __builtin_prefetch(row + (k + Ahead < count ? Ahead : 0) * _desc.units + n);
            }
            for (int64_t n = 0; n < round_up(columns, TileWidth); n += Lanes) {
                int64_t left = columns - n;
                Vec value = left >= Lanes ? load(row + n) : left > 0 ? load_partial(row + n, left) : zero();
                store(panel + n / TileWidth * count * TileWidth + k * TileWidth + n % TileWidth, value);
            }
        }
    }

    template <int32_t Activation, bool Dropout>
    void finish(const cn_state& state, int64_t first, int64_t rows, int64_t column, const float* sums, const float* bias, float* y,
                float* multipliers) const {
        DropoutMask mask(state, _desc.dropout_stream, _desc.dropout_rate);
        int64_t columns = std::min(GroupWidth, _desc.units - column);
        for (int64_t row = 0; row < rows; ++row) {
            int64_t element = (first + row) * _desc.units + column;
            if (Dropout) {
                mask.fill(element, columns, multipliers);
            }
            for (int64_t n = 0; n < columns; n += Lanes) {
                int64_t count = std::min(Lanes, columns - n);
                Vec value = load(sums + row * GroupWidth + n);
                if (bias != nullptr) {
                    value = value + load_upto(bias + column + n, count);
                }
                value = activate<Activation>(_rule, value);
                if (Dropout) {
                    Vec multiplier = load_upto(multipliers + n, count);
                    value = select(multiplier != 0.0f, value * multiplier, zero());
                }
                store_upto(y + element + n, count, value);
            }
        }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Backward
    // -----------------------------------------------------------------------------------------------------------------

    // dz of one group of columns: [tile][row][TileWidth], zeros in the columns that do not exist.
    void build_gradient(const cn_state& state, int64_t group, int64_t rows, const float* y, const float* dy, float* dz, float* dbias,
                        float* multipliers) const {
        with_activation(_rule, [&](auto activation) {
            // A dropped element is 0 in y, where ReLU passes nothing on anyway.
            if (_desc.dropout_rate > 0 && activation.value != CN_ACTIVATION_RELU) {
                build_group<activation.value, true>(state, group, rows, y, dy, dz, dbias, multipliers);
            } else {
                build_group<activation.value, false>(state, group, rows, y, dy, dz, dbias, multipliers);
            }
        });
    }

    template <int32_t Activation, bool Redraw>
    void build_group(const cn_state& state, int64_t group, int64_t rows, const float* y, const float* dy, float* dz, float* dbias,
                     float* multipliers) const {
        DropoutMask mask(state, _desc.dropout_stream, _desc.dropout_rate);
        float scale = _desc.dropout_rate > 0 ? mask.scale() : 1.0f;
        float unscale = 1.0f / scale;
        int64_t column = group * GroupWidth;
        int64_t columns = std::min(GroupWidth, _desc.units - column);
        Vec sums[GroupWidth / Lanes] = {};
        for (int64_t row = 0; row < rows; ++row) {
            int64_t element = row * _desc.units + column;
            if (Redraw) {
                mask.fill(element, columns, multipliers);
            }
            for (int64_t n = 0; n < GroupWidth; n += Lanes) {
                int64_t count = std::max<int64_t>(0, std::min(Lanes, columns - n));
                Vec gradient = zero();
                if (count > 0) {
                    Vec value = load_upto(y + element + n, count);
                    gradient = load_upto(dy + element + n, count);
                    if (Redraw) {
                        Vec multiplier = load_upto(multipliers + n, count);
                        gradient = select(multiplier != 0.0f, gradient * multiplier, zero());
                    } else {
                        gradient = gradient * scale;
                    }
                    gradient = activation_gradient<Activation>(_rule, value * unscale, gradient);
                }
                int64_t tile = (column + n) / TileWidth;
                store(dz + (tile * rows + row) * TileWidth + n % TileWidth, gradient);
                sums[n / Lanes] = sums[n / Lanes] + gradient;
            }
        }
        if (dbias != nullptr) {
            for (int64_t n = 0; n < columns; n += Lanes) {
                store_upto(dbias + column + n, std::min(Lanes, columns - n), sums[n / Lanes]);
            }
        }
    }

    // Rows [first, first + count) of dkernel.
    void sum_kernel_gradient(const float* x, int64_t rows, const float* dz, int64_t first, int64_t count, float* dkernel,
                             float* scratch) const {
        float* packed = scratch;
        float* sums = scratch + GradientRows * GradientInputs;
        std::memset(sums, 0, static_cast<size_t>(count * padded_units() * FloatBytes));
        for (int64_t begin = 0; begin < rows; begin += GradientRows) {
            int64_t packed_rows = std::min(GradientRows, rows - begin);
            for (int64_t row = 0; row < packed_rows; ++row) {
                std::memcpy(packed + row * count, x + (begin + row) * _desc.inputs + first, static_cast<size_t>(count * FloatBytes));
            }
            Pixels pixels{1, packed_rows, 0, count, 0, TileWidth};
            for (int64_t tile = 0; tile < tile_count(_desc.units); ++tile) {
                accumulate_outer(pixels, packed, count, dz + (tile * rows + begin) * TileWidth, TileVectors, sums + tile * TileWidth,
                                 padded_units());
            }
        }
        for (int64_t k = 0; k < count; ++k) {
            std::memcpy(dkernel + (first + k) * _desc.units, sums + k * padded_units(), static_cast<size_t>(_desc.units * FloatBytes));
        }
    }

    // Columns [first, first + count) of dx.
    template <bool Accumulate>
    void write_input_gradient(const float* kernel, int64_t rows, const float* dz, int64_t first, int64_t count, float* dx) const {
        TiledRows gradient{dz, rows * TileWidth};
        for (int64_t k = first; k < first + count; k += DotColumns) {
            int64_t columns = std::min<int64_t>(DotColumns, first + count - k);
            run_dot_rows(gradient, rows, kernel + k * _desc.units, _desc.units, columns, _desc.units, [&](int64_t row, Quad quad) {
                float* target = dx + row * _desc.inputs + k;
                for (int64_t i = 0; i < columns; ++i) {
                    target[i] = Accumulate ? target[i] + quad[i] : quad[i];
                }
            });
        }
    }

    Context& _context;
    cn_dense_desc _desc;
    ActivationRule _rule;
};

} // namespace

std::unique_ptr<DenseOp> make_dense(Context& context, const cn_dense_desc& desc) {
    return std::make_unique<DenseKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
