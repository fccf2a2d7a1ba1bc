// Batch normalization stage (compiled.h, cn_batch_normalization_desc), over a matrix of M = rows * positions rows, a column per channel.
//
// Forward    First the moments of the columns, where a convolution has not found them. Then y = activation((x - center) * scale + shift +
//            addend), pooled and dropped, or averaged, where that is wanted before anything is written.
// Backward   First the sums over the columns, then dx and daddend from them. Frozen, the first part falls away. The gradient of what was
//            pooled or averaged is made anew for each part, a piece of the first cache at a time.
// Writes     y, saved, codes, dgamma and dbeta are overwritten; dx and daddend by the descriptor; the moving statistics are moved.
// Codes      The winning cell of the window, row-major, or 0 of what is averaged; 255 where no gradient passes: what is dropped, or dead
//            under ReLU.
// Scratch    shared: the sums of each chunk of rows, then an array of floats per coefficient. Sums are double. Of each thread: the
//            multipliers of a dropout, or a piece of the gradient that is made anew.
// Threads    chunks of rows, and blocks of columns where rows are wide; sums are added in the order of the chunks.
#include "activation_simd.h"
#include "averaged_gradient.h"
#include "column_moments.h"
#include "dropout_mask.h"
#include "folded_rows.h"
#include "ops.h"
#include "pooled_row.h"
#include "position_means.h"
#include "unpooled_gradient.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int Sums = 3; // of g, of g * (x - center), of x - center
constexpr int Coefficients = 4;

// What the backward pass reads of the tensors, from one column of one row on.
struct Gradients {
    const float *x, *y, *dy;
    int64_t row, gradient_row; // floats from row to row: of x; of y and dy
    ActivationRule rule;

    CN_INLINE Gradients at(int64_t element) const { return {x + element, y + element, dy + element, row, gradient_row, rule}; }
};

// The sums of a block of rows and of some columns.
struct alignas(64) BlockSums {
    Columns sums[Sums];

    template <int32_t Activation>
    CN_INLINE void add(const Gradients& from, int64_t rows, int64_t columns, const float* centers) {
        for_strips(rows, [&](int64_t first, auto count) {
            for_vectors(0, columns, [&](int64_t c, auto vector) {
                Vec center = load(centers + c);
                Vec sum = load(sums[0] + c), products = load(sums[1] + c), distances = load(sums[2] + c);
                for (int64_t row = first; row < first + count.value; ++row) {
                    int64_t i = row * from.gradient_row + c;
                    Vec gradient = activation_gradient<Activation>(from.rule, vector.load(from.y + i), vector.load(from.dy + i));
                    Vec distance = vector.load(from.x + row * from.row + c) - center;
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
        : _context(context), _desc(desc), _rule(activation_rule(desc.activation, desc.activation_alpha)), _shape(desc.channels) {
        int64_t wide_rows = desc.batch * desc.positions / _shape.fold;
        _sums = (_shape.chunks(wide_rows) + 1) * Sums * _shape.stride; // and one of the rows that make no wide one
        auto bytes = _sums * static_cast<int64_t>(sizeof(double)) + Coefficients * _shape.stride * static_cast<int64_t>(sizeof(float));
        _context.reserve_shared_scratch(bytes);
        if (is_pooled() || is_averaged()) {
            int64_t sums = FoldedBlockRows * std::min(_shape.width, FoldedShape::ColumnBlock), piece = piece_rows() * _shape.width;
            int64_t multipliers = desc.output_width * desc.channels; // 0 of what is averaged
            int64_t floats = std::max({sums, piece, multipliers}) + 4 * Lanes;
            _context.reserve_thread_scratch(floats * static_cast<int64_t>(sizeof(float)));
        }
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                 const float* addend, const double* moments, float* y, float* saved, uint8_t* codes) override {
        if (_desc.frozen != 0) {
            use_moving(gamma, beta, moving_mean, moving_variance, saved);
        } else {
            int64_t rows = state->rows * _desc.positions;
            if (moments == nullptr) {
                moments = sum_moments(x, rows);
            }
            use_moments(moments, rows, gamma, beta, moving_mean, moving_variance, saved);
        }
        normalize(*state, x, addend, y, codes);
    }

    void predict(const cn_state* state, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, const float* addend, float* y) override {
        use_moving(gamma, beta, moving_mean, moving_variance, nullptr);
        normalize(*state, x, addend, y, nullptr);
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* y, const uint8_t* codes,
                  const float* dy, float* dx, float* daddend, float* dgamma, float* dbeta) override {
        bool sums = _desc.frozen == 0 && (dx != nullptr || dgamma != nullptr || dbeta != nullptr);
        if (_desc.frozen != 0 && dx != nullptr) {
            use_saved(gamma, saved);
        }
        // Sums and writes the gradient that fill(first position, count, first column, last column, target) makes.
        auto from_made = [&](const auto& fill) {
            if (sums) {
                sum_made(*state, x, fill, saved);
                use_sums(*state, gamma, saved, dgamma, dbeta);
            }
            if (dx != nullptr || daddend != nullptr) {
                write_made(*state, x, fill, dx, daddend);
            }
        };
        if (is_pooled()) {
            UnpooledGradient from = unpooled(y, codes, dy);
            with_activation(from.rule,
                            [&](auto activation) { from_made([&](auto... arguments) { from.fill<activation.value>(arguments...); }); });
            return;
        }
        if (is_averaged()) {
            AveragedGradient from{_desc.positions, _desc.channels, codes, dy};
            from_made([&](auto... arguments) { from.fill(arguments...); });
            return;
        }
        Gradients from{x, y, dy, _shape.width, _shape.width, _rule};
        with_activation(_rule, [&](auto activation) {
            if (sums) {
                sum_gradients<activation.value>(*state, from, saved);
                use_sums(*state, gamma, saved, dgamma, dbeta);
            }
            if (dx != nullptr || daddend != nullptr) {
                write_gradients<activation.value>(*state, from, dx, daddend);
            }
        });
    }

private:
    bool is_pooled() const { return _desc.pool.height != 0; }
    bool is_averaged() const { return _desc.global_average != 0; }

    // Wide rows whose gradient is made at a time.
    int64_t piece_rows() const { return std::max<int64_t>(1, ChunkElements / 4 / _shape.width); }

    UnpooledGradient unpooled(const float* y, const uint8_t* codes, const float* dy) const {
        const cn_batch_normalization_desc& d = _desc;
        float scale = d.dropout_rate > 0 ? dropout_rule(d.dropout_rate).scale : 1.0f;
        ActivationRule rule = d.activation == CN_ACTIVATION_RELU ? activation_rule(CN_ACTIVATION_LINEAR) : _rule;
        return {d.pool, d.height, d.width, d.channels, d.output_height, d.output_width, scale, rule, y, codes, dy};
    }

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

    // [2, channels], in the scratch memory.
    const double* sum_moments(const float* x, int64_t rows) {
        double* partials = sums();
        int64_t width = _shape.width, stride = _shape.stride, wide_rows = rows / _shape.fold;
        for_folded_items(_context, _shape, wide_rows, [=](const FoldedItem& item, int) {
            double* means = partials + item.chunk * Moments * stride + item.first_column;
            find_moments(x + item.first_row * width + item.first_column, width, item.last_row - item.first_row,
                         item.last_column - item.first_column, means, means + stride);
        });
        int64_t chunks = _shape.chunks(wide_rows), chunk_rows = _shape.chunk_rows;
        for_stored_columns([=](int64_t c) {
            DoubleVec mean{}, squares{};
            merge_parts(
                partials + c, chunks, stride, [=](int64_t chunk) { return std::min(chunk_rows, wide_rows - chunk * chunk_rows); }, mean,
                squares);
            store_doubles(partials + c, mean);
            store_doubles(partials + stride + c, squares);
        });
        unfold_moments(x, rows, partials);
        return partials;
    }

    // From those of the columns of wide rows, and the rows that make no wide one.
    void unfold_moments(const float* x, int64_t rows, double* moments) const {
        int64_t channels = _desc.channels, wide_rows = rows / _shape.fold, folded = wide_rows * _shape.fold;
        double* all_squares = moments + _shape.stride;
        for (int64_t c = 0; c < channels; ++c) {
            double count = 0.0, mean = 0.0, squares = 0.0;
            for (int64_t column = c; wide_rows > 0 && column < _shape.width; column += channels) {
                merge_moments(count, mean, squares, static_cast<double>(wide_rows), moments[column], all_squares[column]);
                count += static_cast<double>(wide_rows);
            }
            for (int64_t row = folded; row < rows; ++row) {
                merge_moments(count, mean, squares, 1.0, static_cast<double>(x[row * channels + c]), 0.0);
                count += 1.0;
            }
            moments[c] = mean;
            all_squares[c] = squares;
        }
        std::copy(all_squares, all_squares + channels, moments + channels); // to the front: the stride is no less
    }

    void use_moments(const double* moments, int64_t rows, const float* gamma, const float* beta, float* moving_mean, float* moving_variance,
                     float* saved) const {
        int64_t channels = _desc.channels;
        for (int64_t c = 0; c < channels; ++c) {
            double mean = moments[c], variance = variance_of(moments[channels + c], static_cast<double>(rows));
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

    void normalize(const cn_state& state, const float* x, const float* addend, float* y, uint8_t* codes) {
        with_activation(_rule, [&](auto activation) {
            if (is_pooled()) {
                normalize_pooled<activation.value>(state, x, y, codes);
            } else if (is_averaged()) {
                normalize_averaged<activation.value>(state, x, addend, y, codes);
            } else {
                normalize_rows<activation.value>(state, x, addend, y);
            }
        });
    }

    template <int32_t Activation>
    void normalize_rows(const cn_state& state, const float* x, const float* addend, float* y) {
        const float *center = centers(), *scale = scales(), *shift = shifts();
        for_wide_rows(state, [=](int64_t first, int64_t columns) {
            for_vectors(0, columns, [=](int64_t c, auto vector) {
                Vec value = fma(vector.load(x + first + c) - load(center + c), load(scale + c), load(shift + c));
                if (addend != nullptr) {
                    value = value + vector.load(addend + first + c);
                }
                vector.store(y + first + c, activate<Activation>(_rule, value));
            });
        });
    }

    template <int32_t Activation>
    void normalize_averaged(const cn_state& state, const float* x, const float* addend, float* y, uint8_t* codes) {
        int64_t positions = _desc.positions, width = _desc.channels, groups = (width + MeanChannels - 1) / MeanChannels;
        _context.parallel_for(state.rows * groups, [=](int64_t item, int) {
            int64_t sample = item / groups, first = item % groups * MeanChannels, channels = std::min(MeanChannels, width - first);
            const float *center = centers() + first, *scale = scales() + first, *shift = shifts() + first;
            auto value = [=](int64_t position, int64_t c, auto vector) {
                int64_t i = (sample * positions + position) * width + first + c;
                Vec result = fma(vector.load(x + i) - load(center + c), load(scale + c), load(shift + c));
                if (addend != nullptr) {
                    result = result + vector.load(addend + i);
                }
                result = activate<Activation>(_rule, result);
                if (codes != nullptr) {
                    IntVec code = result <= 0.0f ? broadcast_int(NoGradient) : broadcast_int(0);
                    if constexpr (std::is_same_v<decltype(vector), PartialVector>) {
                        store_bytes_partial(codes + i, vector.count, code);
                    } else {
                        store_bytes(codes + i, code);
                    }
                }
                return result;
            };
            write_position_means(positions, channels, value, y + sample * width + first);
        });
    }

    // Without codes, as in prediction, nothing is dropped.
    template <int32_t Activation>
    void normalize_pooled(const cn_state& state, const float* x, float* y, uint8_t* codes) {
        const cn_batch_normalization_desc& d = _desc;
        const float *center = centers(), *scale = scales(), *shift = shifts();
        PooledRow pooled{d.pool, d.height, d.width, d.channels, d.output_width, d.activation == CN_ACTIVATION_RELU};
        _context.parallel_for(state.rows * d.output_height, [&](int64_t item, int thread) {
            const float* image = x + item / d.output_height * d.positions * d.channels;
            auto value = [=, &d](int64_t position, int64_t c, int64_t count) {
                Vec distance = load_upto(image + position * d.channels + c, count) - load(center + c);
                return activate<Activation>(_rule, fma(distance, load(scale + c), load(shift + c)));
            };
            int64_t row = d.output_width * d.channels, at = item * row;
            float* multipliers = nullptr;
            if (codes != nullptr && d.dropout_rate > 0) {
                multipliers = _context.thread_scratch<float>(thread);
                DropoutMask(state, d.dropout_stream, d.dropout_rate).fill(at, row, multipliers);
            }
            pooled.write(item % d.output_height, value, y + at, codes == nullptr ? nullptr : codes + at, multipliers);
        });
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Backward
    // -----------------------------------------------------------------------------------------------------------------

    template <int32_t Activation>
    void sum_gradients(const cn_state& state, const Gradients& from, const float* saved) {
        int64_t width = _shape.width;
        auto add = [=](BlockSums& block, int64_t row, int64_t rows, int64_t column, int64_t columns, const float* center, int) {
            block.add<Activation>(from.at(row * width + column), rows, columns, center);
        };
        sum_columns(state, saved, add);
    }

    template <class Fill>
    void sum_made(const cn_state& state, const float* x, const Fill& fill, const float* saved) {
        int64_t width = _shape.width, fold = _shape.fold, channels = _desc.channels;
        auto add = [=, &fill](BlockSums& block, int64_t row, int64_t rows, int64_t column, int64_t columns, const float* center,
                              int thread) {
            auto* gradient = _context.thread_scratch<float>(thread);
            if (fold == 1) {
                fill(row, rows, column, column + columns, gradient);
            } else {
                fill(row * fold, rows * columns / channels, int64_t{0}, channels, gradient);
            }
            Gradients linear{x + row * width + column, gradient, gradient, width, columns, _rule};
            block.add<CN_ACTIVATION_LINEAR>(linear, rows, columns, center);
        };
        sum_columns(state, saved, add);
    }

    // Over the columns of all rows, to the first chunk's place. add(sums, first row, rows, first column, columns, centers, thread) adds a
    // block of wide rows; the last may have fewer columns.
    template <class Add>
    void sum_columns(const cn_state& state, const float* saved, const Add& add) {
        float* center = centers();
        std::copy(saved, saved + _desc.channels, center);
        repeat(_shape, center);
        double* partials = sums();
        int64_t width = _shape.width, stride = _shape.stride;
        int64_t rows = state.rows * _desc.positions, wide_rows = rows / _shape.fold, chunks = _shape.chunks(wide_rows);
        for_folded_items(_context, _shape, wide_rows, [=](const FoldedItem& item, int thread) {
            double* own = partials + item.chunk * Sums * stride;
            clear(own, item.first_column, item.last_column);
            for (int64_t row = item.first_row; row < item.last_row; row += FoldedBlockRows) {
                int64_t count = std::min(FoldedBlockRows, item.last_row - row), columns = item.last_column - item.first_column;
                BlockSums block;
                block.clear(columns);
                add(block, row, count, item.first_column, columns, center + item.first_column, thread);
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
            add(block, wide_rows, 1, 0, left, center, 0);
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
        for_wide_rows(state, [=](int64_t first, int64_t columns) {
            write_row<Activation>(from.at(first), columns, dx == nullptr ? nullptr : dx + first,
                                  daddend == nullptr ? nullptr : daddend + first);
        });
    }

    template <class Fill>
    void write_made(const cn_state& state, const float* x, const Fill& fill, float* dx, float* daddend) {
        int64_t channels = _desc.channels, width = _shape.width, piece = piece_rows() * _shape.fold,
                positions = state.rows * _desc.positions;
        _context.parallel_for((positions + piece - 1) / piece, [=, &fill](int64_t item, int thread) {
            auto* gradient = _context.thread_scratch<float>(thread);
            int64_t first = item * piece, count = std::min(piece, positions - first);
            fill(first, count, int64_t{0}, channels, gradient);
            for (int64_t i = 0; i < count * channels; i += width) {
                int64_t columns = std::min(width, count * channels - i);
                Gradients linear{x + first * channels + i, gradient + i, gradient + i, width, width, _rule};
                int64_t at = first * channels + i;
                write_row<CN_ACTIVATION_LINEAR>(linear, columns, dx == nullptr ? nullptr : dx + at,
                                                daddend == nullptr ? nullptr : daddend + at);
            }
        });
    }

    template <int32_t Activation>
    CN_INLINE void write_row(const Gradients& row, int64_t columns, float* dx, float* daddend) const {
        const float *center = centers(), *scale = scales(), *shift = shifts(), *slope = slopes();
        bool frozen = _desc.frozen != 0;
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        bool accumulate_addend = _desc.addend_gradient == CN_GRADIENT_ACCUMULATE;
        for_vectors(0, columns, [=](int64_t c, auto vector) {
            Vec gradient = activation_gradient<Activation>(row.rule, vector.load(row.y + c), vector.load(row.dy + c));
            if (daddend != nullptr) {
                vector.store(daddend + c, accumulate_addend ? vector.load(daddend + c) + gradient : gradient);
            }
            if (dx != nullptr) {
                Vec value = gradient * load(scale + c);
                if (!frozen) {
                    value = value + fma(vector.load(row.x + c) - load(center + c), load(slope + c), load(shift + c));
                }
                vector.store(dx + c, accumulate ? vector.load(dx + c) + value : value);
            }
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
