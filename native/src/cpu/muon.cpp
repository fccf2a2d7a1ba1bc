// Muon (compiled.h, CN_OPTIMIZER_MUON): the momentum of all matrices and their norms, the orthogonalization of one batch of them after the
// other, and then the pass over all parameters that every optimizer makes.
//
// Of each matrix the long side is taken for the rows: x is [long][short], and an iteration is a = x' x, b = B a + C a a, x <- A x + x b.
// All of them are stored by tiles of TileWidth columns, filled up with zeros, and so each is a factor on either side without being packed:
//     [tile][row][TileWidth]
//
// Shapes   parameters, gradients, slots, ema: [count].
// Writes   updates parameters, slots and ema in place, then counts in state. Of a matrix the second slot has the orthogonalized direction.
// Scratch  shared: the sums and factors of clipping; a sum of squares per chunk of the matrices; x, the next x, a and b of a batch.
// Threads  chunks of elements, blocks of rows, pairs of tiles. Every sum is made by one item in a fixed order.
#include "common/muon.h"
#include "ops.h"
#include "optimizer_update.h"
#include "outer_kernel.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu::CN_ISA {

namespace {

constexpr int64_t RowBlock = 4 * TilePixels;

// A matrix in the working memory of its batch.
class MuonShape {
public:
    explicit MuonShape(const cn_matrix& matrix)
        : _is_tall(matrix.rows >= matrix.columns), _long(std::max(matrix.rows, matrix.columns)),
          _short(std::min(matrix.rows, matrix.columns)) {
        for (int64_t tile = 0; tile < tiles(); ++tile) {
            int64_t width = std::min(TileWidth, _short - tile * TileWidth);
            _runs.push_back({tile * _long * TileWidth, width});
            _square_runs.push_back({tile * _short * TileWidth, width});
        }
    }

    int64_t tiles() const { return tile_count(_short); }
    int64_t pairs() const { return tiles() * (tiles() + 1) / 2; }
    int64_t row_blocks() const { return (_long + RowBlock - 1) / RowBlock; }
    int64_t square_blocks() const { return (_short + RowBlock - 1) / RowBlock; }
    int64_t x_floats() const { return _long * tiles() * TileWidth; }
    int64_t square_floats() const { return _short * tiles() * TileWidth; }
    int64_t floats() const { return 2 * (x_floats() + square_floats()); }

    // Block `block` of the rows of x, from the direction that lies in the arena.
    void read(const float* direction, float scale, float* x, int64_t block) const {
        int64_t begin = block * RowBlock, end = std::min(_long, begin + RowBlock);
        for (int64_t tile = 0; tile < tiles(); ++tile) {
            float* target = x + tile * _long * TileWidth;
            int64_t first = tile * TileWidth, width = std::min(TileWidth, _short - first);
            std::memset(target + begin * TileWidth, 0, static_cast<size_t>((end - begin) * TileWidth) * sizeof(float));
            for_cells(begin, end, width, [=](int64_t row, int64_t column) {
                target[row * TileWidth + column] = direction[place(row, first + column)] * scale;
            });
        }
    }

    void write(const float* x, float* direction, int64_t block) const {
        int64_t begin = block * RowBlock, end = std::min(_long, begin + RowBlock);
        for (int64_t tile = 0; tile < tiles(); ++tile) {
            const float* source = x + tile * _long * TileWidth;
            int64_t first = tile * TileWidth, width = std::min(TileWidth, _short - first);
            for_cells(begin, end, width,
                      [=](int64_t row, int64_t column) { direction[place(row, first + column)] = source[row * TileWidth + column]; });
        }
    }

    // a = x' x, where two tiles of its columns meet, and mirrored.
    void sum_products(const float* x, float* a, int64_t pair) const {
        int64_t right = 0;
        while (pair > right) {
            pair -= ++right;
        }
        int64_t left = pair;
        alignas(64) float sums[TileWidth * TileWidth] = {};
        int64_t left_width = std::min(TileWidth, _short - left * TileWidth), right_width = std::min(TileWidth, _short - right * TileWidth);
        accumulate_outer({1, _long, 0, TileWidth, 0, TileWidth}, x + left * _long * TileWidth, left_width, x + right * _long * TileWidth,
                         TileVectors, sums, TileWidth);
        float* target = a + (right * _short + left * TileWidth) * TileWidth;
        std::memcpy(target, sums, static_cast<size_t>(left_width * TileWidth) * sizeof(float));
        if (left == right) {
            return;
        }
        float* mirrored = a + (left * _short + right * TileWidth) * TileWidth;
        for (int64_t row = 0; row < right_width; ++row) {
            for (int64_t column = 0; column < TileWidth; ++column) {
                mirrored[row * TileWidth + column] = sums[column * TileWidth + row];
            }
        }
    }

    // b = B a + C a a.
    void square(const float* a, float* b, int64_t block) const { multiply(a, _short, _square_runs, a, muon::B, muon::C, b, block); }

    // next = A x + x b.
    void advance(const float* x, const float* b, float* next, int64_t block) const {
        multiply(x, _long, _runs, b, muon::A, 1.0f, next, block);
    }

private:
    int64_t place(int64_t row, int64_t column) const { return _is_tall ? row * _short + column : column * _long + row; }

    // In the order of the arena.
    template <class Body>
    void for_cells(int64_t begin, int64_t end, int64_t width, const Body& body) const {
        if (_is_tall) {
            for (int64_t row = begin; row < end; ++row) {
                for (int64_t column = 0; column < width; ++column) {
                    body(row, column);
                }
            }
            return;
        }
        for (int64_t column = 0; column < width; ++column) {
            for (int64_t row = begin; row < end; ++row) {
                body(row, column);
            }
        }
    }

    // target = keep * source + take * source * factor, for a block of rows.
    void multiply(const float* source, int64_t rows, const std::vector<Run>& runs, const float* factor, float keep, float take,
                  float* target, int64_t block) const {
        int64_t begin = block * RowBlock, count = std::min(RowBlock, rows - begin);
        for (int64_t tile = 0; tile < tiles(); ++tile) {
            int64_t first = (tile * rows + begin) * TileWidth;
            run_tiles(source + begin * TileWidth, TileWidth, count, {runs.data(), static_cast<int64_t>(runs.size())},
                      factor + tile * _short * TileWidth, [=](int64_t row, const Vec(&sum)[TileVectors]) {
                          for (int v = 0; v < TileVectors; ++v) {
                              int64_t at = first + row * TileWidth + v * Lanes;
                              store(target + at, keep * load(source + at) + take * sum[v]);
                          }
                      });
        }
    }

    bool _is_tall;
    int64_t _long, _short;
    std::vector<Run> _runs, _square_runs; // a row of x, a row of a
};

// The items of a step of a batch: those of its matrices, one after the other.
class MuonItems {
public:
    void add(int64_t count) { _begins.push_back(_begins.back() + count); }

    // body(number of the matrix in its batch, its item).
    template <class Body>
    void run(Context& context, const Body& body) const {
        const int64_t* begins = _begins.data();
        auto matrices = static_cast<int64_t>(_begins.size()) - 1;
        context.parallel_for(_begins.back(), [&](int64_t item, int) {
            int64_t matrix = find_group(begins, matrices, item);
            body(matrix, item - begins[matrix]);
        });
    }

private:
    std::vector<int64_t> _begins{0};
};

class MuonKernel final : public OptimizerOp {
public:
    MuonKernel(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices)
        : _context(context), _desc(desc), _clipping(context, desc, offsets), _shapes(matrices, matrices + desc.matrices),
          _plan(desc, matrices, floats_of(_shapes)) {
        int64_t floats = 0;
        for (size_t b = 0; b + 1 < _plan.batches.size(); ++b) {
            _batches.emplace_back(_plan.batches[b], _plan.batches[b + 1], _shapes);
            floats = std::max(floats, _batches.back().floats);
        }
        _context.reserve_shared_scratch(memory_offset() + floats * FloatBytes);
    }

    void step(cn_state* state, float* parameters, const float* gradients, float* const (&slots)[OptimizerSlots], float* ema,
              int64_t steps) override {
        const float* factors = _clipping.find(gradients);
        AroundCoefficients around = around_coefficients(_desc, *state);
        OptimizerArrays arrays{parameters, gradients, {slots[0], slots[1], nullptr}, ema};
        OptimizerArrays along{parameters, gradients, {slots[1], nullptr, nullptr}, ema};
        find_directions(around, factors, arrays);
        for (const Batch& batch : _batches) {
            orthogonalize(batch, slots[1]);
        }
        AdamRule::Coefficients adam = muon_adam_coefficients(_desc, *state);
        for_chunks(_context, _desc.count, [&](int64_t begin, int64_t end) {
            _clipping.for_groups(factors, begin, end, [&](int64_t first, int64_t last, float factor) {
                for_parts(
                    first, last,
                    [&](const cn_matrix& matrix, int64_t from, int64_t to) {
                        update_range<MuonStepRule>(around, MuonStepRule::coefficients(matrix, *state), factor, along, from, to);
                    },
                    [&](int64_t from, int64_t to) { update_range<AdamRule>(around, adam, factor, arrays, from, to); });
            });
        });
        state->updates += 1;
        state->step += static_cast<uint64_t>(steps);
    }

private:
    static constexpr int64_t FloatBytes = sizeof(float), DoubleBytes = sizeof(double);

    struct Batch {
        int64_t first;
        std::vector<int64_t> places; // of each matrix in the working memory
        int64_t floats = 0;
        MuonItems rows, squares, pairs;

        Batch(int64_t first_, int64_t end, const std::vector<MuonShape>& shapes) : first(first_) {
            for (int64_t m = first; m < end; ++m) {
                const MuonShape& shape = shapes[static_cast<size_t>(m)];
                places.push_back(floats);
                floats += shape.floats();
                rows.add(shape.row_blocks());
                squares.add(shape.square_blocks());
                pairs.add(shape.pairs());
            }
        }
    };

    // What a matrix works on.
    struct Memory {
        float *x, *next, *a, *b;
    };

    static std::vector<int64_t> floats_of(const std::vector<MuonShape>& shapes) {
        std::vector<int64_t> floats;
        for (const MuonShape& shape : shapes) {
            floats.push_back(shape.floats());
        }
        return floats;
    }

    int64_t memory_offset() const { return round_up(_clipping.bytes() + _plan.chunk_count() * DoubleBytes, 64); }
    double* squares() const { return reinterpret_cast<double*>(_context.shared_scratch<char>() + _clipping.bytes()); }
    float* working_memory() const { return reinterpret_cast<float*>(_context.shared_scratch<char>() + memory_offset()); }

    // The momentum, the direction in the second slot, and the sums of its squares.
    void find_directions(const AroundCoefficients& around, const float* factors, const OptimizerArrays& arrays) {
        MuonDirection direction{static_cast<float>(_desc.momentum), _desc.nesterov != 0};
        double* sums = squares();
        _context.parallel_for(_plan.chunk_count(), [&](int64_t chunk, int) {
            auto m = static_cast<size_t>(find_group(_plan.chunk_begins.data(), _plan.count(), chunk));
            const cn_matrix& matrix = _plan.matrices[m];
            int64_t begin = matrix.offset + (chunk - _plan.chunk_begins[m]) * MuonPlan::ChunkElements;
            int64_t end = std::min(begin + MuonPlan::ChunkElements, matrix.offset + matrix.rows * matrix.columns);
            DoubleVec sum{};
            _clipping.for_groups(factors, begin, end, [&](int64_t from, int64_t to, float factor) {
                for_vectors(from, to, [&](int64_t i, auto vector) {
                    Vec mean = vector.load(arrays.slots[0] + i);
                    Vec next = direction.next(mean, clipped<VectorMaths>(around, factor, vector.load(arrays.gradients + i)));
                    vector.store(arrays.slots[0] + i, mean);
                    vector.store(arrays.slots[1] + i, next);
                    sum += to_double(next) * to_double(next); // 0 in the lanes beyond the end
                });
            });
            sums[chunk] = reduce_sum(sum);
        });
    }

    void orthogonalize(const Batch& batch, float* directions) {
        batch.rows.run(_context, [&](int64_t m, int64_t block) {
            shape(batch, m).read(directions + matrix(batch, m).offset, first_scale(batch.first + m), memory(batch, m, 0).x, block);
        });
        for (int64_t i = 0; i < _desc.iterations; ++i) {
            batch.pairs.run(_context, [&](int64_t m, int64_t pair) {
                Memory of = memory(batch, m, i);
                shape(batch, m).sum_products(of.x, of.a, pair);
            });
            batch.squares.run(_context, [&](int64_t m, int64_t block) {
                Memory of = memory(batch, m, i);
                shape(batch, m).square(of.a, of.b, block);
            });
            batch.rows.run(_context, [&](int64_t m, int64_t block) {
                Memory of = memory(batch, m, i);
                shape(batch, m).advance(of.x, of.b, of.next, block);
            });
        }
        batch.rows.run(_context, [&](int64_t m, int64_t block) {
            shape(batch, m).write(memory(batch, m, _desc.iterations).x, directions + matrix(batch, m).offset, block);
        });
    }

    const MuonShape& shape(const Batch& batch, int64_t m) const { return _shapes[static_cast<size_t>(batch.first + m)]; }
    const cn_matrix& matrix(const Batch& batch, int64_t m) const { return _plan.matrices[static_cast<size_t>(batch.first + m)]; }

    float first_scale(int64_t m) const {
        double sum = 0.0;
        for (int64_t chunk = _plan.chunk_begins[static_cast<size_t>(m)]; chunk < _plan.chunk_begins[static_cast<size_t>(m) + 1]; ++chunk) {
            sum += squares()[chunk];
        }
        return muon::first_scale(sum);
    }

    // x and the next x change places with every iteration.
    Memory memory(const Batch& batch, int64_t m, int64_t iteration) const {
        float* first = working_memory() + batch.places[static_cast<size_t>(m)];
        float* second = first + shape(batch, m).x_floats();
        float* a = second + shape(batch, m).x_floats();
        return {iteration % 2 == 0 ? first : second, iteration % 2 == 0 ? second : first, a, a + shape(batch, m).square_floats()};
    }

    // of_matrix(matrix, begin, end) and of_rest(begin, end) for what of them lies in [begin, end).
    template <class OfMatrix, class OfRest>
    void for_parts(int64_t begin, int64_t end, const OfMatrix& of_matrix, const OfRest& of_rest) const {
        const std::vector<cn_matrix>& matrices = _plan.matrices;
        auto m = static_cast<size_t>(find_group(_plan.offsets.data(), _plan.count(), begin));
        while (begin < end) {
            int64_t to = end;
            if (m == matrices.size()) {
                of_rest(begin, end);
            } else if (begin < matrices[m].offset) {
                to = std::min(end, matrices[m].offset);
                of_rest(begin, to);
            } else if (int64_t last = matrices[m].offset + matrices[m].rows * matrices[m].columns; begin < last) {
                to = std::min(end, last);
                of_matrix(matrices[m], begin, to);
            } else {
                to = begin;
                ++m;
            }
            begin = to;
        }
    }

    Context& _context;
    cn_optimizer_desc _desc;
    ClippingFactors _clipping;
    std::vector<MuonShape> _shapes;
    MuonPlan _plan;
    std::vector<Batch> _batches;
};

} // namespace

std::unique_ptr<OptimizerOp> make_muon(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) {
    return std::make_unique<MuonKernel>(context, desc, offsets, matrices);
}

} // namespace compiled::cpu::CN_ISA
