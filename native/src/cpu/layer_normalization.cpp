// Layer normalization: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, over the features of each position.
//
// Shapes   x, y, dy, dx: [rows, positions, features]; gamma, beta, dgamma, dbeta: [features]; saved: [2, batch * positions].
// Writes   forward overwrites y and, unless null, saved; backward overwrites dgamma and dbeta, and dx or adds to it.
// Scratch  shared: the sums of each chunk of positions for dgamma and dbeta, double; per thread: those of a few positions, float.
// Threads  chunks of positions, whose size depends on the features alone; their sums are added in the order of the chunks.
#include "common/normalization.h"

#include "folded_rows.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int64_t MostLanes = FoldedShape::MostLanes;

// The features that a vector moves: beyond them there is no x, but a center.
CN_INLINE Vec only_real(const WholeVector&, Vec value) {
    return value;
}
CN_INLINE Vec only_real(const PartialVector& vector, Vec value) {
    return select(first_lanes(vector.count), value, zero());
}

class LayerNormalizationKernel final : public LayerNormalizationOp {
public:
    LayerNormalizationKernel(Context& context, const cn_layer_normalization_desc& desc)
        : _context(context), _desc(desc), _stride((desc.features + MostLanes - 1) / MostLanes * MostLanes),
          _chunk(std::max(FoldedBlockRows, ChunkElements / desc.features)) {
        _context.reserve_shared_scratch(chunks(desc.batch * desc.positions) * 2 * _stride * static_cast<int64_t>(sizeof(double)));
        _context.reserve_thread_scratch(2 * _stride * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* y, float* saved) override {
        int64_t features = _desc.features, all = _desc.batch * _desc.positions;
        for_chunks_of_rows(state->rows * _desc.positions, [=](int64_t, int64_t first, int64_t last, int) {
            for (int64_t row = first; row < last; ++row) {
                forward_row(x + row * features, gamma, beta, y + row * features, saved == nullptr ? nullptr : saved + row, all);
            }
        });
    }

    void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* dy, float* dx, float* dgamma,
                  float* dbeta) override {
        int64_t features = _desc.features, all = _desc.batch * _desc.positions, stride = _stride;
        int64_t rows = state->rows * _desc.positions;
        bool sums = dgamma != nullptr || dbeta != nullptr;
        auto* partials = _context.shared_scratch<double>();
        if (!sums && dx == nullptr) {
            return;
        }
        for_chunks_of_rows(rows, [=](int64_t chunk, int64_t first, int64_t last, int thread) {
            double* totals = partials + chunk * 2 * stride;
            auto* block = _context.thread_scratch<float>(thread);
            std::fill(totals, totals + 2 * stride, 0.0);
            for (int64_t begin = first; begin < last; begin += FoldedBlockRows) {
                int64_t end = std::min(last, begin + FoldedBlockRows);
                std::fill(block, block + 2 * stride, 0.0f);
                for (int64_t row = begin; row < end; ++row) {
                    int64_t at = row * features;
                    backward_row(x + at, gamma, saved[row], saved[all + row], dy + at, dx == nullptr ? nullptr : dx + at,
                                 sums ? block : nullptr);
                }
                for (int64_t i = 0; sums && i < 2 * stride; i += Lanes) {
                    store_doubles(totals + i, load_doubles(totals + i) + to_double(load(block + i)));
                }
            }
        });
        add_chunks(chunks(rows), partials, dgamma);
        add_chunks(chunks(rows), partials + stride, dbeta);
    }

private:
    int64_t chunks(int64_t rows) const { return (rows + _chunk - 1) / _chunk; }

    // body(chunk, first row, last row, thread)
    template <class Body>
    void for_chunks_of_rows(int64_t rows, const Body& body) {
        int64_t size = _chunk;
        _context.parallel_for(
            chunks(rows), [=, &body](int64_t chunk, int thread) { body(chunk, chunk * size, std::min(rows, (chunk + 1) * size), thread); });
    }

    void forward_row(const float* x, const float* gamma, const float* beta, float* y, float* saved, int64_t all) const {
        int64_t features = _desc.features;
        auto count = static_cast<double>(features);
        DoubleVec sum{}, squares{};
        for_vectors(0, features, [&](int64_t i, auto vector) { sum += to_double(vector.load(x + i)); });
        double mean = reduce_sum(sum) / count;
        Vec pivot = broadcast(static_cast<float>(mean));
        for_vectors(0, features, [&](int64_t i, auto vector) {
            DoubleVec distance = to_double(only_real(vector, vector.load(x + i) - pivot));
            squares += distance * distance;
        });
        double lacking = mean - static_cast<double>(static_cast<float>(mean));
        double inverse = inverse_deviation(variance_of(reduce_sum(squares) - lacking * lacking * count, count), _desc.epsilon);
        if (saved != nullptr) {
            saved[0] = static_cast<float>(mean);
            saved[all] = static_cast<float>(inverse);
        }
        Normalization normalization(mean, inverse, 1.0f, 0.0f);
        Vec center = broadcast(normalization.center), scale = broadcast(normalization.scale), shift = broadcast(normalization.shift);
        for_vectors(0, features, [=](int64_t i, auto vector) {
            Vec value = fma(vector.load(x + i) - center, scale, shift);
            if (gamma != nullptr) {
                value = value * vector.load(gamma + i);
            }
            if (beta != nullptr) {
                value = value + vector.load(beta + i);
            }
            vector.store(y + i, value);
        });
    }

    // `block`: where the row joins sums of dy * xhat and, _stride behind them, of dy; null where they are not wanted.
    void backward_row(const float* x, const float* gamma, float mean, float inverse, const float* dy, float* dx, float* block) const {
        int64_t features = _desc.features;
        auto count = static_cast<double>(features);
        Vec center = broadcast(mean);
        DoubleVec sums{}, products{}, distances{};
        auto gradient_at = [=](int64_t i, auto vector) {
            Vec gradient = vector.load(dy + i);
            return gamma == nullptr ? gradient : gradient * vector.load(gamma + i);
        };
        for_vectors(0, features, [&](int64_t i, auto vector) {
            DoubleVec gradient = to_double(gradient_at(i, vector));
            DoubleVec distance = to_double(only_real(vector, vector.load(x + i) - center));
            sums += gradient;
            products += gradient * distance;
            distances += distance;
        });
        double distance_sum = reduce_sum(distances);
        if (dx != nullptr) {
            NormalizationGradient of(count, reduce_sum(sums), reduce_sum(products), distance_sum, static_cast<double>(inverse), 1.0f);
            Vec scale = broadcast(of.scale), slope = broadcast(of.slope), shift = broadcast(of.shift);
            bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
            for_vectors(0, features, [=](int64_t i, auto vector) {
                Vec value = gradient_at(i, vector) * scale + fma(vector.load(x + i) - center, slope, shift);
                vector.store(dx + i, accumulate ? vector.load(dx + i) + value : value);
            });
        }
        if (block != nullptr) {
            Vec scale = broadcast(inverse);
            Vec shift = broadcast(static_cast<float>(-distance_sum / count * static_cast<double>(inverse)));
            for_vectors(0, features, [=](int64_t i, auto vector) {
                Vec gradient = vector.load(dy + i), xhat = fma(vector.load(x + i) - center, scale, shift);
                store(block + i, fma(gradient, xhat, load(block + i)));
                store(block + _stride + i, load(block + _stride + i) + gradient);
            });
        }
    }

    void add_chunks(int64_t chunks, const double* partials, float* target) {
        if (target == nullptr) {
            return;
        }
        constexpr int64_t Block = FoldedShape::ColumnBlock;
        int64_t features = _desc.features, stride = _stride;
        _context.parallel_for((features + Block - 1) / Block, [=](int64_t block, int) {
            for_vectors(block * Block, std::min(features, (block + 1) * Block), [=](int64_t i, auto vector) {
                DoubleVec sum{};
                for (int64_t chunk = 0; chunk < chunks; ++chunk) {
                    sum += load_doubles(partials + chunk * 2 * stride + i);
                }
                vector.store(target + i, to_float(sum));
            });
        });
    }

    Context& _context;
    cn_layer_normalization_desc _desc;
    int64_t _stride; // of arrays with an element for each feature, which may be read and written by whole vectors
    int64_t _chunk;  // positions
};

} // namespace

std::unique_ptr<LayerNormalizationOp> make_layer_normalization(Context& context, const cn_layer_normalization_desc& desc) {
    return std::make_unique<LayerNormalizationKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
