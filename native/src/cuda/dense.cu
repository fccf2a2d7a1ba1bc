// Dense stage (compiled.h, cn_dense_desc): y = dropout(activation(x * kernel + bias)). With M = rows * positions, K = inputs, N = units:
//
// Forward    Tiles of y. Where there are few of them, as for a small batch, several blocks share one: each multiplies a part of the
//            inputs, and the last to finish adds the parts in their order and goes on with bias, activation and dropout.
// Backward   One launch: some blocks sum the bias' gradient, some multiply tiles of the kernel's, some tiles of the input's. The gradient
//            before activation and dropout is computed from y and dy by all that need it, on its way to shared memory.
// Writes     y, dkernel and dbias are overwritten; dx by the descriptor.
// Scratch    The parts of shared tiles.
// Blocks     How tiles are shared depends on the shape alone, so results depend neither on the device nor on timing.
#include "activation.h"
#include "dropout_mask.h"
#include "ops.h"
#include "split_sum.h"
#include "tile_loader.h"

namespace compiled::cuda {

namespace {

constexpr int TileThreads = 128;
constexpr int64_t WantedBlocks = 192; // for one product: enough to keep a large device busy
constexpr int64_t MostSplits = 24;    // blocks that share a tile: their parts are written and read once more
constexpr int64_t LargeTileBlocks = 96;
constexpr int BlocksPerMultiprocessor = 3; // what the registers are meant to allow

constexpr int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// A tile of few rows, as of a small batch, in deep stages, as there are few blocks to keep memory busy; and one that loads less for each
// product.
struct SmallTile {
    static constexpr int Rows = 32, Columns = 64, Depth = 64;
};
struct LargeTile {
    static constexpr int Rows = 64, Columns = 64, Depth = 32;
};

template <int32_t Precision, class Tile, TileOrder OrderOfA, TileOrder OrderOfB>
using DenseProduct = TileProduct<Precision, Tile::Rows, Tile::Columns, Tile::Depth, TileThreads, OrderOfA, OrderOfB>;

template <int32_t Precision>
using Operands = OperandRoom<DenseProduct<Precision, SmallTile, TileOrder::LinesFirst, TileOrder::LinesFirst>,
                             DenseProduct<Precision, SmallTile, TileOrder::DepthFirst, TileOrder::DepthFirst>,
                             DenseProduct<Precision, LargeTile, TileOrder::LinesFirst, TileOrder::LinesFirst>,
                             DenseProduct<Precision, LargeTile, TileOrder::DepthFirst, TileOrder::DepthFirst>>;

// How the blocks of one product share its work: `blocks` of them, `splits` for each tile, tiles row by row.
struct ProductPlan {
    bool large;
    int64_t columns; // of tiles
    int64_t splits;
    int64_t chunk; // p's of one split, a multiple of the tile's depth
    int64_t blocks;
    int64_t tile_floats;

    int64_t tickets() const { return splits == 1 ? 0 : blocks / splits; }
    int64_t partial_floats() const { return splits == 1 ? 0 : blocks * tile_floats; }
};

template <class Tile>
ProductPlan plan_tiles(bool large, int64_t rows, int64_t columns, int64_t depth) {
    int64_t tile_columns = ceil_div(columns, Tile::Columns);
    int64_t tiles = ceil_div(rows, Tile::Rows) * tile_columns;
    int64_t stages = ceil_div(depth, Tile::Depth);
    int64_t of_split = std::max(ceil_div(stages, MostSplits), ceil_div(stages * tiles, WantedBlocks));
    of_split = std::clamp<int64_t>(of_split, 1, stages);
    int64_t splits = ceil_div(stages, of_split);
    return {large, tile_columns, splits, of_split * Tile::Depth, tiles * splits, int64_t{Tile::Rows} * Tile::Columns};
}

// [rows][depth] times [depth][columns].
ProductPlan plan_product(int64_t rows, int64_t columns, int64_t depth) {
    ProductPlan large = plan_tiles<LargeTile>(true, rows, columns, depth);
    bool fits = rows >= LargeTile::Rows && columns >= LargeTile::Columns && large.blocks >= LargeTileBlocks;
    return fits ? large : plan_tiles<SmallTile>(false, rows, columns, depth);
}

// The sums of dz over the rows of the batch: threads are 4 rows of 32 columns, blocks some columns and a chunk of the rows.
struct BiasPlan {
    static constexpr int Columns = 32;
    static constexpr int Lanes = TileThreads / Columns;

    int64_t splits;
    int64_t chunk; // rows of one split
    int64_t blocks;

    int64_t tickets() const { return splits == 1 ? 0 : blocks / splits; }
    int64_t partial_floats() const { return splits == 1 ? 0 : blocks * TileThreads; }
};

BiasPlan plan_bias(int64_t rows, int64_t units) {
    constexpr int64_t FewestRows = 256, MostBiasSplits = 64;
    int64_t chunk = std::max(FewestRows, ceil_div(rows, MostBiasSplits));
    int64_t splits = ceil_div(rows, chunk);
    return {splits, chunk, ceil_div(units, BiasPlan::Columns) * splits};
}

// What the kernels need to know of the op and of the pointers of a run.
struct DenseShape {
    int64_t positions, inputs, units;
    ActivationRule activation;
    bool drops; // in this run
    DropoutPlan dropout;
    bool input_vectors; // rows of `inputs` floats begin at multiples of 16 bytes
    bool unit_vectors;
};

// The first `count` values, or all if it is more. `vectors`: rows begin at multiples of 16 bytes.
template <int Run>
__device__ void store_run(bool vectors, float* target, int64_t count, const float (&values)[Run]) {
    if (vectors && count >= Run) {
        if constexpr (Run == 4) {
            store_vector(target, make_float4(values[0], values[1], values[2], values[3]));
            return;
        } else if constexpr (Run == 2) {
            store_vector(target, make_float2(values[0], values[1]));
            return;
        }
    }
    for (int e = 0; e < Run; ++e) {
        if (e < count) {
            target[e] = values[e];
        }
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Forward
// -----------------------------------------------------------------------------------------------------------------------------------

// From the sums to y.
class DenseOutput {
public:
    __device__ DenseOutput(const DenseShape& shape, const cn_state* state, int64_t rows, const float* bias, float* y)
        : _shape(shape), _mask(shape.dropout, state), _rows(rows), _bias(bias), _y(y) {}

    template <int Run>
    __device__ void write(int64_t row, int64_t column, float (&values)[Run]) const {
        if (row >= _rows || column >= _shape.units) {
            return;
        }
        int64_t element = row * _shape.units + column;
        for (int e = 0; _bias != nullptr && e < Run; ++e) {
            values[e] += column + e < _shape.units ? _bias[column + e] : 0.0f;
        }
        activate(_shape.activation, values);
        if (_shape.drops) {
            _mask.apply(element, values);
        }
        store_run(_shape.unit_vectors, _y + element, _shape.units - column, values);
    }

private:
    const DenseShape& _shape;
    DropoutMask _mask;
    int64_t _rows;
    const float* _bias;
    float* _y;
};

// The tile of a block, and its part of the p's.
template <class Tile>
struct TileWork {
    int64_t tile, row, column, split, first, last;

    __device__ TileWork(const ProductPlan& plan, int64_t block, int64_t depth)
        : tile(block / plan.splits), row(tile / plan.columns * Tile::Rows), column(tile % plan.columns * Tile::Columns),
          split(block % plan.splits), first(split * plan.chunk), last(first + plan.chunk < depth ? first + plan.chunk : depth) {}

    // Adds what the blocks of this tile have summed: see sum_splits.
    template <int Count>
    __device__ bool sum(const ProductPlan& plan, float (&values)[Count], float* partials, int64_t splits, unsigned* tickets) const {
        if (plan.splits == 1) {
            return true; // there is neither a partial nor a ticket
        }
        return sum_splits<TileThreads>(values, partials + tile * plan.splits * plan.tile_floats, static_cast<int>(split),
                                       static_cast<int>(splits), tickets + tile);
    }
};

template <int32_t Precision, class Tile>
__device__ void dense_forward_tile(const ProductPlan& plan, const DenseShape& shape, const DenseOutput& output, int64_t rows,
                                   Operands<Precision>& operands, const float* x, const float* kernel, float* partials, unsigned* tickets) {
    TileWork<Tile> work(plan, blockIdx.x, shape.inputs);
    if (work.row >= rows) {
        return;
    }
    using Product = DenseProduct<Precision, Tile, TileOrder::DepthFirst, TileOrder::LinesFirst>;
    Product product;
    MatrixSource a(x, rows, shape.inputs, shape.input_vectors);
    MatrixSource b(kernel, shape.inputs, shape.units, shape.unit_vectors);
    multiply_tile(product, operands.template a<Product>(), a, work.row, operands.template b<Product>(), b, work.column, work.first,
                  work.last);
    if (work.sum(plan, product.values, partials, plan.splits, tickets)) {
        product.for_each_pack([&](int row, int column, auto& values) { output.write(work.row + row, work.column + column, values); });
    }
}

template <int32_t Precision>
__global__ void __launch_bounds__(TileThreads, BlocksPerMultiprocessor)
    dense_forward_kernel(const cn_state* state, DenseShape shape, ProductPlan plan, const float* x, const float* kernel, const float* bias,
                         float* y, float* partials, unsigned* tickets) {
    CN_SHARED(operands, Operands<Precision>);
    int64_t rows = state->rows * shape.positions;
    DenseOutput output(shape, state, rows, bias, y);
    if (plan.large) {
        dense_forward_tile<Precision, LargeTile>(plan, shape, output, rows, operands, x, kernel, partials, tickets);
    } else {
        dense_forward_tile<Precision, SmallTile>(plan, shape, output, rows, operands, x, kernel, partials, tickets);
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// Backward
// -----------------------------------------------------------------------------------------------------------------------------------

// The gradient before activation and dropout, [rows][units], as a factor.
class DenseGradient {
public:
    struct Raw {
        Pack<4> y, dy;
    };

    __device__ DenseGradient(const DenseShape& shape, const cn_state* state, int64_t rows, const float* y, const float* dy)
        : _y(y, rows, shape.units, shape.unit_vectors), _dy(dy, rows, shape.units, shape.unit_vectors), _mask(shape.dropout, state),
          _units(shape.units), _activation(shape.activation), _scale(shape.drops ? shape.dropout.rule.scale : 1.0f),
          _unscale(1.0f / _scale),
          // A dropped element is 0 in y, where ReLU passes nothing on anyway.
          _redraws(shape.drops && shape.activation.form != ActivationForm::Relu) {}

    __device__ bool is_whole(int64_t row_end, int64_t column_end) const { return _y.is_whole(row_end, column_end); }
    __device__ Raw load_whole(int64_t row, int64_t column) const { return {_y.load_whole(row, column), _dy.load_whole(row, column)}; }
    __device__ Raw load(int64_t row, int64_t column) const { return {_y.load(row, column), _dy.load(row, column)}; }

    __device__ Pack<4> finish(const Raw& raw, int64_t row, int64_t column) const {
        Pack<4> result = raw.dy;
        finish(row * _units + column, raw.y.values, result.values);
        return result;
    }

    // From y and dy of some neighbouring elements, the first of which is `element`.
    template <int Count>
    __device__ void finish(int64_t element, const float (&y)[Count], float (&gradients)[Count]) const {
        if (_redraws) {
            _mask.apply(element, gradients);
        } else {
            for (float& gradient : gradients) {
                gradient *= _scale;
            }
        }
        float undropped[Count];
        for (int e = 0; e < Count; ++e) {
            undropped[e] = y[e] * _unscale;
        }
        activation_gradient(_activation, undropped, gradients);
    }

private:
    MatrixSource _y, _dy;
    DropoutMask _mask;
    int64_t _units;
    ActivationRule _activation;
    float _scale;
    float _unscale;
    bool _redraws;
};

struct BackwardPlan {
    BiasPlan bias;
    ProductPlan kernel, input;
    int32_t input_gradient;

    int64_t blocks() const { return bias.blocks + kernel.blocks + input.blocks; }
    int64_t tickets() const { return bias.tickets() + kernel.tickets() + input.tickets(); }
    int64_t partial_floats() const { return bias.partial_floats() + kernel.partial_floats() + input.partial_floats(); }
};

struct BackwardPointers {
    const float *x, *kernel, *y, *dy;
    float *dx, *dkernel, *dbias;
    float *bias_partials, *kernel_partials, *input_partials;
    unsigned *bias_tickets, *kernel_tickets, *input_tickets;
};

__device__ void sum_bias_gradient(const BiasPlan& plan, int64_t block, int64_t rows, int64_t units, const DenseGradient& gradient,
                                  float* shared, const BackwardPointers& p) {
    int64_t tile = block / plan.splits, split = block % plan.splits;
    int64_t splits = (rows + plan.chunk - 1) / plan.chunk;
    if (split >= splits) {
        return;
    }
    int lane = static_cast<int>(threadIdx.x) / BiasPlan::Columns, place = static_cast<int>(threadIdx.x) % BiasPlan::Columns;
    int64_t column = tile * BiasPlan::Columns + place;
    int64_t end = (split + 1) * plan.chunk < rows ? (split + 1) * plan.chunk : rows;
    float sum[1] = {};
    for (int64_t row = split * plan.chunk + lane; column < units && row < end; row += BiasPlan::Lanes) {
        int64_t element = row * units + column;
        float y[1] = {p.y[element]}, dz[1] = {p.dy[element]};
        gradient.finish(element, y, dz);
        sum[0] += dz[0];
    }
    if (plan.splits > 1 && !sum_splits<TileThreads>(sum, p.bias_partials + tile * plan.splits * TileThreads, static_cast<int>(split),
                                                    static_cast<int>(splits), p.bias_tickets + tile)) {
        return;
    }
    shared[threadIdx.x] = sum[0];
    __syncthreads();
    if (lane == 0 && column < units) {
        float total = shared[place];
        for (int other = 1; other < BiasPlan::Lanes; ++other) {
            total += shared[other * BiasPlan::Columns + place];
        }
        p.dbias[column] = total;
    }
}

template <int32_t Precision, class Tile>
__device__ void dense_kernel_gradient_tile(const ProductPlan& plan, int64_t block, const DenseShape& shape, int64_t rows,
                                           const DenseGradient& gradient, Operands<Precision>& operands, const BackwardPointers& p) {
    TileWork<Tile> work(plan, block, rows);
    if (work.first >= rows) {
        return;
    }
    using Product = DenseProduct<Precision, Tile, TileOrder::LinesFirst, TileOrder::LinesFirst>;
    Product product;
    MatrixSource a(p.x, rows, shape.inputs, shape.input_vectors);
    multiply_tile(product, operands.template a<Product>(), a, work.row, operands.template b<Product>(), gradient, work.column, work.first,
                  work.last);
    if (!work.sum(plan, product.values, p.kernel_partials, (rows + plan.chunk - 1) / plan.chunk, p.kernel_tickets)) {
        return;
    }
    product.for_each_pack([&](int row, int column, auto& values) {
        int64_t i = work.row + row, j = work.column + column;
        if (i < shape.inputs && j < shape.units) {
            store_run(shape.unit_vectors, p.dkernel + i * shape.units + j, shape.units - j, values);
        }
    });
}

template <int32_t Precision, class Tile>
__device__ void dense_input_gradient_tile(const ProductPlan& plan, int64_t block, const DenseShape& shape, int64_t rows, bool accumulate,
                                          const DenseGradient& gradient, Operands<Precision>& operands, const BackwardPointers& p) {
    TileWork<Tile> work(plan, block, shape.units);
    if (work.row >= rows) {
        return;
    }
    using Product = DenseProduct<Precision, Tile, TileOrder::DepthFirst, TileOrder::DepthFirst>;
    Product product;
    MatrixSource b(p.kernel, shape.inputs, shape.units, shape.unit_vectors);
    multiply_tile(product, operands.template a<Product>(), gradient, work.row, operands.template b<Product>(), b, work.column, work.first,
                  work.last);
    if (!work.sum(plan, product.values, p.input_partials, plan.splits, p.input_tickets)) {
        return;
    }
    product.for_each_pack([&](int row, int column, auto& values) {
        int64_t i = work.row + row, j = work.column + column;
        if (i >= rows || j >= shape.inputs) {
            return;
        }
        float* target = p.dx + i * shape.inputs + j;
        int64_t count = shape.inputs - j;
        for (int e = 0; accumulate && e < Product::Pack; ++e) {
            values[e] += e < count ? target[e] : 0.0f;
        }
        store_run(shape.input_vectors, target, count, values);
    });
}

template <int32_t Precision>
__global__ void __launch_bounds__(TileThreads, BlocksPerMultiprocessor)
    dense_backward_kernel(const cn_state* state, DenseShape shape, BackwardPlan plan, BackwardPointers p) {
    CN_SHARED(operands, Operands<Precision>);
    int64_t rows = state->rows * shape.positions;
    DenseGradient gradient(shape, state, rows, p.y, p.dy);
    int64_t block = blockIdx.x;
    if (block < plan.input.blocks) { // first, as they take longest
        bool accumulate = plan.input_gradient == CN_GRADIENT_ACCUMULATE;
        if (plan.input.large) {
            dense_input_gradient_tile<Precision, LargeTile>(plan.input, block, shape, rows, accumulate, gradient, operands, p);
        } else {
            dense_input_gradient_tile<Precision, SmallTile>(plan.input, block, shape, rows, accumulate, gradient, operands, p);
        }
        return;
    }
    block -= plan.input.blocks;
    if (block < plan.kernel.blocks) {
        if (plan.kernel.large) {
            dense_kernel_gradient_tile<Precision, LargeTile>(plan.kernel, block, shape, rows, gradient, operands, p);
        } else {
            dense_kernel_gradient_tile<Precision, SmallTile>(plan.kernel, block, shape, rows, gradient, operands, p);
        }
        return;
    }
    sum_bias_gradient(plan.bias, block - plan.kernel.blocks, rows, shape.units, gradient, operands.floats(), p);
}

// -----------------------------------------------------------------------------------------------------------------------------------
// The op
// -----------------------------------------------------------------------------------------------------------------------------------

template <int32_t Precision>
class DenseKernel final : public DenseOp {
public:
    DenseKernel(Context& context, const cn_dense_desc& desc)
        : _context(context), _desc(desc), _forward(plan_forward(desc)), _backward(plan_backward(desc)),
          _tickets(std::max(_forward.tickets(), _backward.tickets()) * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
        int64_t floats = std::max(_forward.partial_floats(), _backward.partial_floats());
        context.reserve_scratch(floats * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        run_forward(_desc.dropout_rate > 0, state, x, kernel, bias, y);
    }

    void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        run_forward(false, state, x, kernel, bias, y);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx, float* dkernel,
                  float* dbias) override {
        DenseShape shape = shape_of(_desc.dropout_rate > 0);
        shape.input_vectors = pack_width(_desc.inputs, x, dx) == 4;
        shape.unit_vectors = pack_width(_desc.units, kernel, y, dy, dkernel) == 4;
        BackwardPointers pointers{x, kernel, y, dy, dx, dkernel, dbias, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
        pointers.bias_partials = _context.scratch<float>();
        pointers.kernel_partials = pointers.bias_partials + _backward.bias.partial_floats();
        pointers.input_partials = pointers.kernel_partials + _backward.kernel.partial_floats();
        pointers.bias_tickets = tickets();
        pointers.kernel_tickets = pointers.bias_tickets + _backward.bias.tickets();
        pointers.input_tickets = pointers.kernel_tickets + _backward.kernel.tickets();
        BackwardPlan plan = _backward;
        plan.kernel.blocks = dkernel != nullptr ? plan.kernel.blocks : 0;
        plan.bias.blocks = dbias != nullptr ? plan.bias.blocks : 0;
        _context.launch(dense_backward_kernel<Precision>, static_cast<unsigned>(plan.blocks()), TileThreads, 0, state, shape, plan,
                        pointers);
    }

private:
    static ProductPlan plan_forward(const cn_dense_desc& desc) {
        return plan_product(desc.batch * desc.positions, desc.units, desc.inputs);
    }

    static BackwardPlan plan_backward(const cn_dense_desc& desc) {
        int64_t rows = desc.batch * desc.positions;
        BackwardPlan plan{{1, 1, 0}, plan_product(desc.inputs, desc.units, rows), {false, 1, 1, 1, 0, 0}, desc.input_gradient};
        if (desc.use_bias != 0) {
            plan.bias = plan_bias(rows, desc.units);
        }
        if (desc.input_gradient != CN_GRADIENT_NONE) {
            plan.input = plan_product(rows, desc.inputs, desc.units);
        }
        return plan;
    }

    void run_forward(bool drops, const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) {
        DenseShape shape = shape_of(drops);
        shape.input_vectors = pack_width(_desc.inputs, x) == 4;
        shape.unit_vectors = pack_width(_desc.units, kernel, y) == 4;
        _context.launch(dense_forward_kernel<Precision>, static_cast<unsigned>(_forward.blocks), TileThreads, 0, state, shape, _forward, x,
                        kernel, bias, y, _context.scratch<float>(), tickets());
    }

    DenseShape shape_of(bool drops) const {
        DropoutPlan dropout = dropout_plan(_desc.dropout_rate, _desc.dropout_stream);
        return {_desc.positions, _desc.inputs, _desc.units, activation_rule(_desc.activation, _desc.activation_alpha),
                drops,           dropout,      false,       false};
    }

    unsigned* tickets() const { return static_cast<unsigned*>(_tickets.data()); }

    Context& _context;
    cn_dense_desc _desc;
    ProductPlan _forward;
    BackwardPlan _backward;
    DeviceMemory _tickets;
};

} // namespace

std::unique_ptr<DenseOp> make_dense(Context& context, const cn_dense_desc& desc) {
    switch (desc.precision) {
    case CN_PRECISION_TF32:
        return std::make_unique<DenseKernel<CN_PRECISION_TF32>>(context, desc);
    case CN_PRECISION_BFLOAT16:
        return std::make_unique<DenseKernel<CN_PRECISION_BFLOAT16>>(context, desc);
    default:
        return std::make_unique<DenseKernel<CN_PRECISION_FLOAT32>>(context, desc);
    }
}

} // namespace compiled::cuda
