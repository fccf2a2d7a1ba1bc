// Muon (compiled.h, CN_OPTIMIZER_MUON): the momentum of all matrices and their norms, the orthogonalization of one batch of them after the
// other, and then a pass over all parameters.
//
// Matrices stay as they lie in the arena. Of one with rows and columns, the shorter side being n, an iteration is
//     a = x x' or x' x [n][n], b = B a + C a a, x <- A x + b x or x b
// and a and b are symmetric, so that each product has either both factors by their rows or both by their columns.
//
// Shapes   parameters, gradients, slots, ema: [count].
// Writes   updates parameters, slots and ema in place; the last block counts in state, which all have read by then. Of a matrix the second
//          slot has x, at the end the orthogonalized direction.
// Scratch  the sums of clipping, or one per chunk of the matrices and then, for a batch, a second x and a and b. Tables belong to the op.
// Blocks   chunks; tiles of all products of a batch, of symmetric ones only half; elements.
#include "common/muon.h"

#include "clipping.h"
#include "elementwise.h"
#include "ops.h"
#include "optimizer_arrays.h"
#include "reduce.h"
#include "ticket.h"
#include "tile_loader.h"

#include <algorithm>

namespace compiled::cuda {

namespace {

constexpr int TileThreads = 128;
constexpr int TileSide = 64, TileDepth = 32;

template <TileOrder Order>
using MuonTile = TileProduct<CN_PRECISION_FLOAT32, TileSide, TileSide, TileDepth, TileThreads, Order, Order>;
using Operands = OperandRoom<MuonTile<TileOrder::LinesFirst>, MuonTile<TileOrder::DepthFirst>>;

CN_HOST_DEVICE int64_t tiles_of(int64_t extent) {
    return (extent + TileSide - 1) / TileSide;
}

// Where a matrix lies: x in the arena, the other x and the squares in the scratch of its batch.
struct MatrixPlace {
    int64_t offset, rows, columns;
    int64_t other, squares;

    CN_HOST_DEVICE bool is_tall() const { return rows > columns; }
    CN_HOST_DEVICE int64_t side() const { return is_tall() ? columns : rows; }
    CN_HOST_DEVICE int64_t count() const { return rows * columns; }
};

// On the device. Chunks and tiles are numbered through all matrices: matrix m has those from ..._begins[m] on.
struct MuonTable {
    const MatrixPlace* places;
    const int64_t* offsets;
    const int64_t* chunk_begins;
    const int64_t* square_tile_begins;
    const int64_t* tile_begins;
    int64_t count, chunks;
    float* scales; // what makes x of each direction
};

// The matrices of a launch, and what it writes to.
struct MuonBatch {
    int64_t first, count;
    float* in_arena;
    float* in_scratch;
};

// Which matrix a chunk or a tile belongs to.
__device__ int64_t matrix_of(const MuonBatch& batch, const int64_t* begins, int64_t item) {
    return batch.first + find_group(begins + batch.first, batch.count, item);
}

struct Chunk {
    int64_t matrix, begin, end;

    __device__ Chunk(const MuonTable& table, const MuonBatch& batch, int64_t chunk) : matrix(matrix_of(batch, table.chunk_begins, chunk)) {
        const MatrixPlace& place = table.places[matrix];
        begin = (chunk - table.chunk_begins[matrix]) * MuonPlan::ChunkElements;
        end = begin + MuonPlan::ChunkElements < place.count() ? begin + MuonPlan::ChunkElements : place.count();
    }
};

// The momentum, the direction in the second slot, and what makes x of it; the last block takes the matrices, one for a warp.
__global__ void __launch_bounds__(ElementThreads)
    muon_direction_kernel(const cn_state* state, cn_optimizer_desc desc, OptimizerArrays arrays, ClippingFactors factors, MuonTable table,
                          double* sums, unsigned* ticket) {
    AroundCoefficients around = around_coefficients(desc, *state);
    MuonDirection direction{static_cast<float>(desc.momentum), desc.nesterov != 0};
    MuonBatch all{0, table.count, nullptr, nullptr};
    for (int64_t number = blockIdx.x; number < table.chunks; number += gridDim.x) {
        Chunk chunk(table, all, number);
        int64_t offset = table.places[chunk.matrix].offset;
        double sum = 0.0;
        for (int64_t i = offset + chunk.begin + threadIdx.x; i < offset + chunk.end; i += ElementThreads) {
            float mean = arrays.slots[0][i];
            float next = direction.next(mean, clipped<FloatMaths>(around, factors.of(i), arrays.gradients[i]));
            arrays.slots[0][i] = mean;
            arrays.slots[1][i] = next;
            sum += static_cast<double>(next) * static_cast<double>(next);
        }
        sum = block_sum<static_cast<int>(ElementThreads)>(sum);
        if (threadIdx.x == 0) {
            sums[number] = sum;
        }
    }
    if (!is_last_block(ticket, gridDim.x)) {
        return;
    }
    int lane = static_cast<int>(threadIdx.x) % WarpLanes;
    for (int64_t m = threadIdx.x / WarpLanes; m < table.count; m += ElementThreads / WarpLanes) {
        double squares = 0.0;
        for (int64_t chunk = table.chunk_begins[m] + lane; chunk < table.chunk_begins[m + 1]; chunk += WarpLanes) {
            squares += sums[chunk];
        }
        squares = warp_sum(squares);
        if (lane == 0) {
            table.scales[m] = muon::first_scale(squares);
        }
    }
}

// The first x, in the arena or in scratch.
__global__ void __launch_bounds__(ElementThreads) muon_scale_kernel(MuonTable table, MuonBatch batch, bool to_scratch) {
    Chunk chunk(table, batch, table.chunk_begins[batch.first] + blockIdx.x);
    const MatrixPlace& place = table.places[chunk.matrix];
    const float* source = batch.in_arena + place.offset;
    float* target = to_scratch ? batch.in_scratch + place.other : batch.in_arena + place.offset;
    float scale = table.scales[chunk.matrix];
    for (int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += ElementThreads) {
        target[i] = source[i] * scale;
    }
}

// target = keep * before + take * left * right. By rows, a factor's lines are the rows of what is in memory; else its columns.
struct MuonProduct {
    const float* left;
    int64_t left_rows, left_columns;
    const float* right;
    int64_t right_rows, right_columns;
    bool by_rows;
    int64_t rows, columns, depth;
    const float* before; // null: there is nothing to keep
    float keep, take;
    float* target;
    bool symmetric;
};

__device__ __forceinline__ bool has_vectors(const float* data, int64_t columns) {
    return columns % 4 == 0 && reinterpret_cast<uintptr_t>(data) % sizeof(float4) == 0;
}

template <TileOrder Order>
__device__ void multiply(const MuonProduct& p, int64_t row, int64_t column, Operands& operands) {
    MuonTile<Order> product;
    MatrixSource left(p.left, p.left_rows, p.left_columns, has_vectors(p.left, p.left_columns));
    MatrixSource right(p.right, p.right_rows, p.right_columns, has_vectors(p.right, p.right_columns));
    multiply_tile(product, operands.a<MuonTile<Order>>(), left, row, operands.b<MuonTile<Order>>(), right, column, 0, p.depth);
    product.for_each([&](int i, int j, float value) {
        int64_t at_row = row + i, at_column = column + j;
        if (at_row >= p.rows || at_column >= p.columns) {
            return;
        }
        int64_t at = at_row * p.columns + at_column;
        float result = p.take * value;
        if (p.before != nullptr) {
            result += p.keep * p.before[at];
        }
        p.target[at] = result;
        if (p.symmetric && column > row) {
            p.target[at_column * p.columns + at_row] = result;
        }
    });
}

__device__ void multiply(const MuonProduct& p, int64_t tile, Operands& operands) {
    int64_t tile_columns = tiles_of(p.columns);
    int64_t row = tile / tile_columns * TileSide, column = tile % tile_columns * TileSide;
    if (p.symmetric && column < row) {
        return; // mirrored by the block of the other half
    }
    if (p.by_rows) {
        multiply<TileOrder::DepthFirst>(p, row, column, operands);
    } else {
        multiply<TileOrder::LinesFirst>(p, row, column, operands);
    }
}

// The x that an iteration begins with, and the one that it ends with.
struct Iterates {
    float *x, *next;

    __device__ Iterates(const MuonBatch& batch, const MatrixPlace& place, bool from_scratch)
        : x(from_scratch ? batch.in_scratch + place.other : batch.in_arena + place.offset),
          next(from_scratch ? batch.in_arena + place.offset : batch.in_scratch + place.other) {}
};

// a.
__global__ void __launch_bounds__(TileThreads) muon_gram_kernel(MuonTable table, MuonBatch batch, bool from_scratch) {
    CN_SHARED(operands, Operands);
    int64_t tile = table.square_tile_begins[batch.first] + blockIdx.x;
    int64_t matrix = matrix_of(batch, table.square_tile_begins, tile);
    const MatrixPlace& place = table.places[matrix];
    const float* x = Iterates(batch, place, from_scratch).x;
    int64_t side = place.side(), depth = place.is_tall() ? place.rows : place.columns;
    MuonProduct product{x,    place.rows, place.columns, x,       place.rows, place.columns, !place.is_tall(),
                        side, side,       depth,         nullptr, 0.0f,       1.0f,          batch.in_scratch + place.squares,
                        true};
    multiply(product, tile - table.square_tile_begins[matrix], operands);
}

// b.
__global__ void __launch_bounds__(TileThreads) muon_square_kernel(MuonTable table, MuonBatch batch) {
    CN_SHARED(operands, Operands);
    int64_t tile = table.square_tile_begins[batch.first] + blockIdx.x;
    int64_t matrix = matrix_of(batch, table.square_tile_begins, tile);
    const MatrixPlace& place = table.places[matrix];
    int64_t side = place.side();
    float* a = batch.in_scratch + place.squares;
    MuonProduct product{a, side, side, a, side, side, true, side, side, side, a, muon::B, muon::C, a + side * side, true};
    multiply(product, tile - table.square_tile_begins[matrix], operands);
}

// The next x.
__global__ void __launch_bounds__(TileThreads) muon_advance_kernel(MuonTable table, MuonBatch batch, bool from_scratch) {
    CN_SHARED(operands, Operands);
    int64_t tile = table.tile_begins[batch.first] + blockIdx.x;
    int64_t matrix = matrix_of(batch, table.tile_begins, tile);
    const MatrixPlace& place = table.places[matrix];
    Iterates iterates(batch, place, from_scratch);
    int64_t side = place.side();
    const float* b = batch.in_scratch + place.squares + side * side;
    MuonProduct product{iterates.x,    place.rows, place.columns, b,       side, side,          true, place.rows,
                        place.columns, side,       iterates.x,    muon::A, 1.0f, iterates.next, false};
    if (!place.is_tall()) {
        product.left = b, product.left_rows = side, product.left_columns = side;
        product.right = iterates.x, product.right_rows = place.rows, product.right_columns = place.columns;
        product.by_rows = false;
    }
    multiply(product, tile - table.tile_begins[matrix], operands);
}

struct MuonCoefficients {
    AroundCoefficients around;
    AdamRule::Coefficients adam;
};

__global__ void __launch_bounds__(ElementThreads)
    muon_update_kernel(cn_state* state, cn_optimizer_desc desc, OptimizerArrays arrays, ClippingFactors factors, MuonTable table,
                       uint64_t steps, unsigned* ticket) {
    CN_SHARED(coefficients, MuonCoefficients);
    if (threadIdx.x == 0) {
        coefficients.around = around_coefficients(desc, *state);
        coefficients.adam = muon_adam_coefficients(desc, *state);
    }
    __syncthreads();
    for_packs<1>(desc.count, [&](int64_t i) {
        float parameter = arrays.parameters[i], gradient = arrays.gradients[i], factor = factors.of(i);
        int64_t m = find_group(table.offsets, table.count, i);
        bool in_matrix = table.count > 0 && i >= table.offsets[m] && i < table.offsets[m] + table.places[m].count();
        if (in_matrix) {
            float slots[OptimizerSlots] = {arrays.slots[1][i]};
            const MatrixPlace& place = table.places[m];
            MuonStepRule::Coefficients step = MuonStepRule::coefficients({place.offset, place.rows, place.columns}, *state);
            optimizer_update<MuonStepRule, FloatMaths>(coefficients.around, step, factor, parameter, gradient, slots);
        } else {
            float slots[OptimizerSlots] = {arrays.slots[0][i], arrays.slots[1][i]};
            optimizer_update<AdamRule, FloatMaths>(coefficients.around, coefficients.adam, factor, parameter, gradient, slots);
            arrays.slots[0][i] = slots[0];
            arrays.slots[1][i] = slots[1];
        }
        if (arrays.ema != nullptr) {
            float ema = arrays.ema[i];
            average_update(coefficients.around, parameter, ema);
            arrays.ema[i] = ema;
        }
        arrays.parameters[i] = parameter;
    });
    if (is_last_block(ticket, gridDim.x) && threadIdx.x == 0) {
        state->updates += 1;
        state->step += steps;
    }
}

// Floats of a batch's scratch, to which vectors can be written.
int64_t round_up(int64_t floats) {
    return (floats + 3) / 4 * 4;
}

std::vector<int64_t> floats_of(const cn_optimizer_desc& desc, const cn_matrix* matrices) {
    std::vector<int64_t> floats;
    for (int64_t m = 0; m < desc.matrices; ++m) {
        int64_t side = std::min(matrices[m].rows, matrices[m].columns);
        floats.push_back(round_up(matrices[m].rows * matrices[m].columns) + round_up(2 * side * side));
    }
    return floats;
}

class MuonKernel final : public OptimizerOp {
public:
    MuonKernel(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices)
        : _context(context), _desc(desc), _clipping(context, ClippingPlan(desc, offsets)), _plan(desc, matrices, floats_of(desc, matrices)),
          _memory(table_bytes(), context.stream()) {
        std::vector<MatrixPlace> places;
        int64_t most = 0;
        for (size_t b = 0; b + 1 < _plan.batches.size(); ++b) {
            int64_t floats = 0;
            for (int64_t m = _plan.batches[b]; m < _plan.batches[b + 1]; ++m) {
                const cn_matrix& matrix = _plan.matrices[static_cast<size_t>(m)];
                int64_t squares = floats + round_up(matrix.rows * matrix.columns);
                places.push_back({matrix.offset, matrix.rows, matrix.columns, floats, squares});
                floats = squares + round_up(2 * places.back().side() * places.back().side());
                _square_tile_begins.push_back(_square_tile_begins.back() + tiles_of(places.back().side()) * tiles_of(places.back().side()));
                _tile_begins.push_back(_tile_begins.back() + tiles_of(matrix.rows) * tiles_of(matrix.columns));
            }
            most = std::max(most, floats);
        }
        _context.reserve_scratch(sum_bytes() + most * static_cast<int64_t>(sizeof(float)));
        if (places.empty()) {
            return;
        }
        _context.write(table_places(), places.data(), static_cast<int64_t>(places.size() * sizeof(MatrixPlace)));
        write(_plan.offsets, numbers(0));
        write(_plan.chunk_begins, numbers(1));
        write(_square_tile_begins, numbers(2));
        write(_tile_begins, numbers(3));
    }

    void step(cn_state* state, float* parameters, const float* gradients, float* const (&slots)[OptimizerSlots], float* ema,
              int64_t steps) override {
        _clipping.find_factors(gradients);
        OptimizerArrays arrays{parameters, gradients, {slots[0], slots[1], nullptr}, ema};
        if (_plan.count() > 0) {
            int64_t most = _context.multiprocessors() * OptimizerBlocksPerMultiprocessor;
            _context.launch(muon_direction_kernel, Grid(static_cast<unsigned>(std::min(_plan.chunk_count(), most))), ElementThreads, 0,
                            state, _desc, arrays, _clipping.factors(), table(), _context.scratch<double>(), ticket());
        }
        for (size_t b = 0; b + 1 < _plan.batches.size(); ++b) {
            orthogonalize(_plan.batches[b], _plan.batches[b + 1], slots[1]);
        }
        _context.launch(muon_update_kernel, element_grid(_context, _desc.count, 1, OptimizerBlocksPerMultiprocessor), ElementThreads, 0,
                        state, _desc, arrays, _clipping.factors(), table(), static_cast<uint64_t>(steps), ticket());
    }

private:
    // The last x is that in the arena.
    void orthogonalize(int64_t first, int64_t end, float* directions) {
        float* scratch = reinterpret_cast<float*>(_context.scratch<char>() + sum_bytes());
        MuonBatch batch{first, end - first, directions, scratch};
        _context.launch(muon_scale_kernel, grid(_plan.chunk_begins, first, end), ElementThreads, 0, table(), batch,
                        _desc.iterations % 2 != 0);
        for (int32_t left = _desc.iterations; left > 0; --left) {
            bool from_scratch = left % 2 != 0;
            _context.launch(muon_gram_kernel, grid(_square_tile_begins, first, end), TileThreads, 0, table(), batch, from_scratch);
            _context.launch(muon_square_kernel, grid(_square_tile_begins, first, end), TileThreads, 0, table(), batch);
            _context.launch(muon_advance_kernel, grid(_tile_begins, first, end), TileThreads, 0, table(), batch, from_scratch);
        }
    }

    static Grid grid(const std::vector<int64_t>& begins, int64_t first, int64_t end) {
        return Grid(static_cast<unsigned>(begins[static_cast<size_t>(end)] - begins[static_cast<size_t>(first)]));
    }

    int64_t sum_bytes() const { return (_plan.chunk_count() * static_cast<int64_t>(sizeof(double)) + 15) / 16 * 16; }

    // Places, four lists of numbers, the ticket, and the scales.
    int64_t table_bytes() const {
        int64_t numbers = _plan.count() + 1;
        return numbers * static_cast<int64_t>(sizeof(MatrixPlace) + 5 * sizeof(int64_t)) + 2 * static_cast<int64_t>(sizeof(int64_t));
    }
    MatrixPlace* table_places() const { return static_cast<MatrixPlace*>(_memory.data()); }
    int64_t* numbers(int64_t list) const { return reinterpret_cast<int64_t*>(table_places() + _plan.count()) + list * (_plan.count() + 1); }
    unsigned* ticket() const { return reinterpret_cast<unsigned*>(numbers(4)); }
    float* scales() const { return reinterpret_cast<float*>(ticket() + 2); }

    MuonTable table() const {
        return {table_places(), numbers(0), numbers(1), numbers(2), numbers(3), _plan.count(), _plan.chunk_count(), scales()};
    }

    void write(const std::vector<int64_t>& values, int64_t* target) {
        _context.write(target, values.data(), static_cast<int64_t>(values.size() * sizeof(int64_t)));
    }

    Context& _context;
    cn_optimizer_desc _desc;
    Clipping _clipping;
    MuonPlan _plan;
    std::vector<int64_t> _square_tile_begins{0}, _tile_begins{0};
    DeviceMemory _memory;
};

} // namespace

std::unique_ptr<OptimizerOp> make_muon(Context& context, const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) {
    return std::make_unique<MuonKernel>(context, desc, offsets, matrices);
}

} // namespace compiled::cuda
