// Batch normalization stage (compiled.h, cn_batch_normalization_desc), over a matrix of M = rows * positions rows, a column per channel.
//
// Forward    First the moments of the columns: by blocks of rows, around the mean of what came before, so that no sum of squares loses its
//            digits to a large mean. Then y = activation((x - center) * scale + shift + addend).
// Backward   First the sums over the columns, then dx and daddend from them. Frozen, the first part falls away.
// Writes     y, saved, dgamma and dbeta are overwritten; dx and daddend by the descriptor; the moving statistics are moved.
// Scratch    shared: the sums of each chunk of rows, then an array of floats per coefficient. Sums are double.
// Threads    chunks of rows, and blocks of columns where rows are wide; sums are added in the order of the chunks.
#include "common/normalization.h"

#include "activation_simd.h"
#include "folded_rows.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int Moments = 2; // per column and chunk: mean, sum of squared distances
constexpr int Sums = 3;    // of g, of g * (x - center), of x - center
constexpr int Coefficients = 4;

// The moments of a block of rows and of some columns, around a pivot for each.
struct alignas(64) BlockMoments {
    Columns pivots, sums, squares;

    // Without rows that came before, the pivots are means of the first strip: near enough, however far away it is from what follows.
    CN_INLINE void begin(const float* x, int64_t width, int64_t rows, int64_t columns, int64_t before, const double* means) {
        int64_t first = std::min(rows, StripRows);
        for_vectors(0, columns, [&](int64_t c, auto vector) {
            Vec pivot = zero();
            if (before > 0) {
                pivot = to_float(load_doubles(means + c));
            } else {
                for (int64_t row = 0; row < first; ++row) {
                    pivot = pivot + vector.load(x + row * width + c);
                }
                pivot = pivot / static_cast<float>(first);
            }
            store(pivots + c, pivot);
            store(sums + c, zero());
            store(squares + c, zero());
        });
    }

    CN_INLINE void add(const float* x, int64_t width, int64_t rows, int64_t columns) {
        for_strips(rows, [&](int64_t first, auto count) {
            for_vectors(0, columns, [&](int64_t c, auto vector) {
                Vec pivot = load(pivots + c), sum = load(sums + c), square = load(squares + c);
                for (int64_t row = first; row < first + count.value; ++row) {
                    Vec distance = vector.load(x + row * width + c) - pivot;
                    sum = sum + distance;
                    square = fma(distance, distance, square);
                }
                store(sums + c, sum);
                store(squares + c, square);
            });
        });
    }

    // Adds them to the moments of `before` rows.
    CN_INLINE void end(int64_t rows, int64_t columns, int64_t before, double* means, double* all_squares) const {
        auto count = static_cast<double>(rows);
        for (int64_t c = 0; c < columns; c += Lanes) {
            DoubleVec offset = to_double(load(sums + c)) / count;
            DoubleVec own_mean = to_double(load(pivots + c)) + offset;
            DoubleVec own_squares = to_double(load(squares + c)) - offset * offset * count;
            DoubleVec mean{}, squared{};
            if (before > 0) {
                mean = load_doubles(means + c);
                squared = load_doubles(all_squares + c);
            }
            merge_moments(static_cast<double>(before), mean, squared, count, own_mean, own_squares);
            store_doubles(means + c, mean);
            store_doubles(all_squares + c, squared);
        }
    }
};

// What the backward pass reads of the tensors, from one column of one row on.
struct Gradients {
    const float *x, *y, *dy;
    ActivationRule rule;

    CN_INLINE Gradients at(int64_t element) const { return {x + element, y + element, dy + element, rule}; }
};

// The sums of a block of rows and of some columns.
struct alignas(64) BlockSums {
    Columns sums[Sums];

    template <int32_t Activation>
    CN_INLINE void add(const Gradients& from, int64_t width, int64_t rows, int64_t columns, const float* centers) {
        for_strips(rows, [&](int64_t first, auto count) {
            for_vectors(0, columns, [&](int64_t c, auto vector) {
                Vec center = load(centers + c);
                Vec sum = load(sums[0] + c), products = load(sums[1] + c), distances = load(sums[2] + c);
                for (int64_t row = first; row < first + count.value; ++row) {
                    int64_t i = row * width + c;
                    Vec gradient = activation_gradient<Activation>(from.rule, vector.load(from.y + i), vector.load(from.dy + i));
                    Vec distance = vector.load(from.x + i) - center;
                    if constexpr (std::is_same_v<decltype(vector), PartialVector>) {
                        distance = select(first_lanes(vector.count), distance, zero()); // there is no x, but a center
                    }
                    sum = sum + gradient;
                    products = fma(gradient, distance, products);
                    distances = distances + distance;
                }
                store(sums[0] + c, sum);
                store(sums[1] + c, products);
                store(sums[2] + c, distances);
            });
        });
    }

    CN_INLINE void clear(int64_t columns) {
        for (Columns& sum : sums) {
            std::fill(sum, sum + (columns + Lanes - 1) / Lanes * Lanes, 0.0f);
        }
    }

    CN_INLINE void add_to(double* totals, int64_t stride, int64_t columns) const {
        for (int s = 0; s < Sums; ++s) {
            for (int64_t c = 0; c < columns; c += Lanes) {
                double* target = totals + s * stride + c;
                store_doubles(target, load_doubles(target) + to_double(load(sums[s] + c)));
            }
        }
    }
};

class BatchNormalizationKernel final : public BatchNormalizationOp {
public:
    BatchNormalizationKernel(Context& context, const cn_batch_normalization_desc& desc)
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation)), _shape(desc.channels) {
        int64_t wide_rows = desc.batch * desc.positions / _shape.fold;
        _sums = (_shape.chunks(wide_rows) + 1) * Sums * _shape.stride; // and one of the rows that make no wide one
        auto bytes = _sums * static_cast<int64_t>(sizeof(double)) + Coefficients * _shape.stride * static_cast<int64_t>(sizeof(float));
        _context.reserve_shared_scratch(bytes);
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                 const float* addend, float* y, float* saved) override {
        if (_desc.frozen != 0) {
            use_moving(gamma, beta, moving_mean, moving_variance, saved);
        } else {
            int64_t rows = state->rows * _desc.positions;
            sum_moments(x, rows / _shape.fold);
            use_moments(x, rows, gamma, beta, moving_mean, moving_variance, saved);
        }
        normalize(*state, x, addend, y);
    }

    void predict(const cn_state* state, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, const float* addend, float* y) override {
        use_moving(gamma, beta, moving_mean, moving_variance, nullptr);
        normalize(*state, x, addend, y);
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* y, const float* dy, float* dx,
                  float* daddend, float* dgamma, float* dbeta) override {
        Gradients from{x, y, dy, _rule};
        with_activation(_rule, [&](auto activation) {
            if (_desc.frozen == 0 && (dx != nullptr || dgamma != nullptr || dbeta != nullptr)) {
                sum_gradients<activation.value>(*state, from, saved);
                use_sums(*state, gamma, saved, dgamma, dbeta);
            } else if (dx != nullptr) {
                use_saved(gamma, saved);
            }
            if (dx != nullptr || daddend != nullptr) {
                write_gradients<activation.value>(*state, from, dx, daddend);
            }
        });
    }

private:
    // -----------------------------------------------------------------------------------------------------------------
    // Scratch
    // -----------------------------------------------------------------------------------------------------------------

    double* sums() const { return _context.shared_scratch<double>(); }
    float* coefficient(int index) const { return reinterpret_cast<float*>(sums() + _sums) + index * _shape.stride; }

    float* centers() const { return coefficient(0); }
    float* scales() const { return coefficient(1); }
    float* shifts() const { return coefficient(2); }
    float* slopes() const { return coefficient(3); }

    void repeat_all() const {
        for (int i = 0; i < Coefficients; ++i) {
            repeat(_shape, coefficient(i));
        }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Forward
    // -----------------------------------------------------------------------------------------------------------------

    // Of the columns of wide rows, to the first chunk's place.
    void sum_moments(const float* x, int64_t wide_rows) {
        double* partials = sums();
        int64_t width = _shape.width, stride = _shape.stride;
        for_folded_items(_context, _shape, wide_rows, [=](const FoldedItem& item) {
            int64_t columns = item.last_column - item.first_column;
            double* means = partials + item.chunk * Moments * stride + item.first_column;
            BlockMoments block;
            for (int64_t row = item.first_row; row < item.last_row; row += FoldedBlockRows) {
                const float* from = x + row * width + item.first_column;
                int64_t rows = std::min(FoldedBlockRows, item.last_row - row), before = row - item.first_row;
                block.begin(from, width, rows, columns, before, means);
                block.add(from, width, rows, columns);
                block.end(rows, columns, before, means, means + stride);
            }
        });
        int64_t chunks = _shape.chunks(wide_rows), chunk_rows = _shape.chunk_rows;
        for_stored_columns([=](int64_t c) {
            DoubleVec mean{}, squares{};
            for (int64_t chunk = 0; chunk < chunks; ++chunk) {
                const double* means = partials + chunk * Moments * stride + c;
                int64_t before = chunk * chunk_rows, rows = std::min(chunk_rows, wide_rows - before);
                merge_moments(static_cast<double>(before), mean, squares, static_cast<double>(rows), load_doubles(means),
                              load_doubles(means + stride));
            }
            store_doubles(partials + c, mean);
            store_doubles(partials + stride + c, squares);
        });
    }

    void use_moments(const float* x, int64_t rows, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                     float* saved) const {
        const double *means = sums(), *all_squares = means + _shape.stride;
        int64_t channels = _desc.channels, wide_rows = rows / _shape.fold, folded = wide_rows * _shape.fold;
        for (int64_t c = 0; c < channels; ++c) {
            double count = 0.0, mean = 0.0, squares = 0.0;
            for (int64_t column = c; wide_rows > 0 && column < _shape.width; column += channels) {
                merge_moments(count, mean, squares, static_cast<double>(wide_rows), means[column], all_squares[column]);
                count += static_cast<double>(wide_rows);
            }
            for (int64_t row = folded; row < rows; ++row) {
                merge_moments(count, mean, squares, 1.0, static_cast<double>(x[row * channels + c]), 0.0);
                count += 1.0;
            }
            double variance = variance_of(squares, count);
            double inverse = inverse_deviation(variance, _desc.epsilon);
            moving_mean[c] = moved(moving_mean[c], mean, _desc.momentum);
            moving_variance[c] = moved(moving_variance[c], variance, _desc.momentum);
            saved[c] = static_cast<float>(mean);
            saved[channels + c] = static_cast<float>(inverse);
            set(c, {mean, inverse, gamma == nullptr ? 1.0f : gamma[c], beta == nullptr ? 0.0f : beta[c]});
        }
        repeat_all();
    }

    void use_moving(const float* gamma, const float* beta, const float* moving_mean, const float* moving_variance, float* saved) const {
        for (int64_t c = 0; c < _desc.channels; ++c) {
            double inverse = inverse_deviation(static_cast<double>(moving_variance[c]), _desc.epsilon);
            if (saved != nullptr) {
                saved[c] = moving_mean[c];
                saved[_desc.channels + c] = static_cast<float>(inverse);
            }
            set(c, {static_cast<double>(moving_mean[c]), inverse, gamma == nullptr ? 1.0f : gamma[c], beta == nullptr ? 0.0f : beta[c]});
        }
        repeat_all();
    }

    void set(int64_t channel, const Normalization& normalization) const {
        centers()[channel] = normalization.center;
        scales()[channel] = normalization.scale;
        shifts()[channel] = normalization.shift;
    }

    void normalize(const cn_state& state, const float* x, const float* addend, float* y) {
        const float *center = centers(), *scale = scales(), *shift = shifts();
        with_activation(_rule, [&](auto activation) {
            for_wide_rows(state, [=](int64_t first, int64_t columns) {
                for_vectors(0, columns, [=](int64_t c, auto vector) {
                    Vec value = fma(vector.load(x + first + c) - load(center + c), load(scale + c), load(shift + c));
                    if (addend != nullptr) {
                        value = value + vector.load(addend + first + c);
                    }
                    vector.store(y + first + c, activate<activation.value>(_rule, value));
                });
            });
        });
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Backward
    // -----------------------------------------------------------------------------------------------------------------

    // Over the columns of all rows, to the first chunk's place.
    template <int32_t Activation>
    void sum_gradients(const cn_state& state, const Gradients& from, const float* saved) {
        float* center = centers();
        std::copy(saved, saved + _desc.channels, center);
        repeat(_shape, center);
        double* partials = sums();
        int64_t width = _shape.width, stride = _shape.stride;
        int64_t rows = state.rows * _desc.positions, wide_rows = rows / _shape.fold, chunks = _shape.chunks(wide_rows);
        for_folded_items(_context, _shape, wide_rows, [=](const FoldedItem& item) {
            double* own = partials + item.chunk * Sums * stride;
            clear(own, item.first_column, item.last_column);
            for (int64_t row = item.first_row; row < item.last_row; row += FoldedBlockRows) {
                int64_t count = std::min(FoldedBlockRows, item.last_row - row), columns = item.last_column - item.first_column;
                BlockSums block;
                block.clear(columns);
                block.template add<Activation>(from.at(row * width + item.first_column), width, count, columns, center + item.first_column);
                block.add_to(own + item.first_column, stride, columns);
            }
        });
        // The rows that make no wide one.
        double* last = partials + chunks * Sums * stride;
        clear(last, 0, width);
        int64_t left = rows * _desc.channels - wide_rows * width; // less than a wide row, which then has no more than a block of columns
        if (left > 0) {
            BlockSums block;
            block.clear(left);
            block.template add<Activation>(from.at(wide_rows * width), width, 1, left, center);
            block.add_to(last, stride, left);
        }
        for_stored_columns([=](int64_t c) {
            for (int s = 0; s < Sums; ++s) {
                DoubleVec sum{};
                for (int64_t chunk = 0; chunk <= chunks; ++chunk) {
                    sum += load_doubles(partials + (chunk * Sums + s) * stride + c);
                }
                store_doubles(partials + s * stride + c, sum);
            }
        });
    }

    void use_sums(const cn_state& state, const float* gamma, const float* saved, float* dgamma, float* dbeta) const {
        const double* totals = sums();
        int64_t channels = _desc.channels, stride = _shape.stride;
        auto count = static_cast<double>(state.rows * _desc.positions);
        for (int64_t c = 0; c < channels; ++c) {
            double sum[Sums] = {};
            for (int64_t column = c; column < _shape.width; column += channels) {
                for (int s = 0; s < Sums; ++s) {
                    sum[s] += totals[s * stride + column];
                }
            }
            NormalizationGradient gradient(count, sum[0], sum[1], sum[2], static_cast<double>(saved[channels + c]),
                                           gamma == nullptr ? 1.0f : gamma[c]);
            if (dgamma != nullptr) {
                dgamma[c] = static_cast<float>(gradient.dot);
            }
            if (dbeta != nullptr) {
                dbeta[c] = static_cast<float>(sum[0]);
            }
            scales()[c] = gradient.scale;
            shifts()[c] = gradient.shift;
            slopes()[c] = gradient.slope;
        }
        repeat_all();
    }

    void use_saved(const float* gamma, const float* saved) const {
        for (int64_t c = 0; c < _desc.channels; ++c) {
            scales()[c] = saved[_desc.channels + c] * (gamma == nullptr ? 1.0f : gamma[c]);
        }
        repeat(_shape, scales());
    }

    template <int32_t Activation>
    void write_gradients(const cn_state& state, const Gradients& from, float* dx, float* daddend) {
        const float *center = centers(), *scale = scales(), *shift = shifts(), *slope = slopes();
        bool frozen = _desc.frozen != 0;
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        bool accumulate_addend = _desc.addend_gradient == CN_GRADIENT_ACCUMULATE;
        for_wide_rows(state, [=](int64_t first, int64_t columns) {
            Gradients row = from.at(first);
            for_vectors(0, columns, [=](int64_t c, auto vector) {
                Vec gradient = activation_gradient<Activation>(row.rule, vector.load(row.y + c), vector.load(row.dy + c));
                if (daddend != nullptr) {
                    float* target = daddend + first + c;
                    vector.store(target, accumulate_addend ? vector.load(target) + gradient : gradient);
                }
                if (dx != nullptr) {
                    float* target = dx + first + c;
                    Vec value = gradient * load(scale + c);
                    if (!frozen) {
                        value = value + fma(vector.load(row.x + c) - load(center + c), load(slope + c), load(shift + c));
                    }
                    vector.store(target, accumulate ? vector.load(target) + value : value);
                }
            });
        });
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Loops
    // -----------------------------------------------------------------------------------------------------------------

    // body(first element, columns) for all wide rows; the last may have fewer columns.
    template <class Body>
    void for_wide_rows(const cn_state& state, const Body& body) {
        int64_t width = _shape.width, elements = state.rows * _desc.positions * _desc.channels;
        int64_t wide_rows = (elements + width - 1) / width;
        int64_t of_item = std::max<int64_t>(1, ChunkElements / width);
        _context.parallel_for((wide_rows + of_item - 1) / of_item, [=, &body](int64_t item, int) {
            int64_t end = std::min(wide_rows, (item + 1) * of_item);
            for (int64_t row = item * of_item; row < end; ++row) {
                body(row * width, std::min(width, elements - row * width));
            }
        });
    }

    // body(column) for every whole vector of an array with an element for each column.
    template <class Body>
    void for_stored_columns(const Body& body) {
        int64_t stride = _shape.stride;
        _context.parallel_for(_shape.column_blocks(), [=, &body](int64_t block, int) {
            int64_t end = std::min(stride, (block + 1) * FoldedShape::ColumnBlock);
            for (int64_t c = block * FoldedShape::ColumnBlock; c < end; c += Lanes) {
                body(c);
            }
        });
    }

    void clear(double* own, int64_t first, int64_t last) const {
        int64_t end = last == _shape.width ? _shape.stride : last;
        for (int s = 0; s < Sums; ++s) {
            std::fill(own + s * _shape.stride + first, own + s * _shape.stride + end, 0.0);
        }
    }

    Context& _context;
    cn_batch_normalization_desc _desc;
    ActivationRule _rule;
    FoldedShape _shape;
    int64_t _sums; // doubles in scratch
};

} // namespace

std::unique_ptr<BatchNormalizationOp> make_batch_normalization(Context& context, const cn_batch_normalization_desc& desc) {
    return std::make_unique<BatchNormalizationKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
