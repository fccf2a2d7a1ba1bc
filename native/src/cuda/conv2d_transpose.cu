// Transposed convolution stage (compiled.h, cn_conv2d_transpose_desc): y = activation(conv'(x, kernel) + bias).
//
// Everything is a part of the convolution that takes y to x, with the roles swapped: x is its result, and the kernel's rows are filters.
//
// Forward    As that convolution makes the gradient of its input, phase by phase of the stride (conv2d_general_input_tile.h), with bias and
//            activation at the end.
// Backward   dz, the gradient before the activation, and its sums for the bias by a launch of their own, where there is either; then the
//            convolution of dz for dx, and its kernel's gradient, by the general kernels.
// Writes     y, dkernel and dbias are overwritten; dx by the descriptor.
// Scratch    What the general kernels need; behind it the parts of the bias' sums and dz.
#include "columns.h"
#include "common/conv2d_transpose.h"
#include "conv2d_general_forward.h"
#include "conv2d_general_input_tile.h"
#include "ops.h"

namespace compiled::cuda {

using namespace general;

namespace {

// -----------------------------------------------------------------------------------------------------------------------------------
// Forward
// -----------------------------------------------------------------------------------------------------------------------------------

struct TransposeRun {
    const float *x, *kernel, *bias;
    float* y;
    bool channel_vectors; // channels come in fours, and x and kernel are aligned to them
    bool filter_vectors;  // filters do, and y is
};

// The channels of the convolution's input are the filters of this one.
struct FinishOutput {
    const Conv2DShape& shape;
    const ActivationRule& activation;
    const TransposeRun& r;

    template <int Count>
    __device__ __forceinline__ void operator()(const Pixel& pixel, int64_t filter, int64_t count, float (&values)[Count]) const {
        CN_UNROLL
        for (int e = 0; e < Count; ++e) {
            values[e] += r.bias != nullptr && e < count ? r.bias[filter + e] : 0.0f;
        }
        activate(activation, values);
        store_values(r.filter_vectors, r.y + pixel.in(shape.input) * shape.channels + filter, count, values);
    }
};

template <int32_t Precision>
__global__ void __launch_bounds__(TileThreads, 3)
    conv2d_transpose_forward_kernel(const cn_state* state, Conv2DShape shape, InputPlan plan, ActivationRule activation, TransposeRun r) {
    CN_SHARED(operands, Operands<Precision>);
    GradientPointers pointers{r.x, r.x, nullptr, r.channel_vectors, 0};
    GradientReader<false> reader(shape, state, pointers);
    FinishOutput store{shape, activation, r};
    TurnedFactors<false> factors{reader, r.kernel, r.channel_vectors, r.channel_vectors};
    if (plan.tiles.wide) {
        input_gradient_tile<Precision, WideColumns>(shape, plan, blockIdx.x, factors, state->rows, operands, store);
    } else {
        input_gradient_tile<Precision, NarrowColumns>(shape, plan, blockIdx.x, factors, state->rows, operands, store);
    }
}

auto* forward_kernel(int32_t precision) {
    switch (precision) {
    case CN_PRECISION_TF32:
        return conv2d_transpose_forward_kernel<CN_PRECISION_TF32>;
    case CN_PRECISION_BFLOAT16:
        return conv2d_transpose_forward_kernel<CN_PRECISION_BFLOAT16>;
    default:
        return conv2d_transpose_forward_kernel<CN_PRECISION_FLOAT32>;
    }
}

// -----------------------------------------------------------------------------------------------------------------------------------
// dz and the bias
// -----------------------------------------------------------------------------------------------------------------------------------

struct OutputGradient {
    const float *y, *dy;
    float* dz;    // null: it is dy
    float* dbias; // null: not wanted
    float* partials;
    unsigned* tickets;
};

template <int Width>
__global__ void __launch_bounds__(ColumnThreads)
    conv2d_transpose_output_gradient_kernel(const cn_state* state, ColumnPlan plan, ActivationRule activation, OutputGradient g) {
    ColumnThread<Width> thread(plan, state);
    Pack<Width> sums{};
    if (thread.has_column) {
        for (int64_t row = thread.first_row(); row < thread.last_row(); row += thread.lines) {
            int64_t at = row * plan.columns + thread.column;
            Pack<Width> gradient = Pack<Width>::load(g.dy + at);
            if (g.dz != nullptr) {
                activation_gradient(activation, Pack<Width>::load(g.y + at).values, gradient.values);
                gradient.store(g.dz + at);
            }
            CN_UNROLL
            for (int e = 0; e < Width; ++e) {
                sums.values[e] += gradient.values[e];
            }
        }
    }
    if (g.dbias == nullptr) {
        return;
    }
    merge_lines(sums, plan.lanes, [](Pack<Width>& own, const Pack<Width>& other) {
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            own.values[e] += other.values[e];
        }
    });
    bool writes = thread.line == 0 && thread.has_column;
    unsigned splits = gridDim.x / plan.groups;
    if (writes) {
        sums.store(g.partials + thread.split * plan.columns + thread.column);
    }
    if (!is_last_block(g.tickets + thread.group, splits) || !writes) {
        return;
    }
    sums = Pack<Width>{};
    for (unsigned split = 0; split < splits; ++split) {
        Pack<Width> part = Pack<Width>::load(g.partials + split * plan.columns + thread.column);
        CN_UNROLL
        for (int e = 0; e < Width; ++e) {
            sums.values[e] += part.values[e];
        }
    }
    sums.store(g.dbias + thread.column);
}

// -----------------------------------------------------------------------------------------------------------------------------------
// The op
// -----------------------------------------------------------------------------------------------------------------------------------

class Conv2DTransposeKernel final : public Conv2DTransposeOp {
public:
    Conv2DTransposeKernel(Context& context, const cn_conv2d_transpose_desc& desc)
        : _context(context), _desc(desc), _shape(as_convolution(desc, CN_GRADIENT_OVERWRITE)),
          _plan(as_convolution(desc, CN_GRADIENT_OVERWRITE)),
          _activation(activation_rule(desc.activation, desc.activation_alpha)), _columns{column_plan(4), column_plan(1)},
          _convolution(context, as_convolution(desc, CN_GRADIENT_NONE)), _kernel_gradient(context, as_convolution(desc, CN_GRADIENT_NONE)),
          _tickets(int64_t{_columns[1].groups} * static_cast<int64_t>(sizeof(unsigned)), context.stream()) {
        require_blocks(_plan.tiles.blocks(), 1);
        int64_t parts = std::max(_columns[0].splits(desc.batch), _columns[1].splits(desc.batch)) * desc.filters;
        _gradient_floats = _kernel_gradient.scratch_floats();
        _part_floats = (parts + 3) / 4 * 4;
        context.reserve_scratch((_gradient_floats + _part_floats + (writes_gradient() ? outputs() : 0)) *
                                static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) override {
        TransposeRun run{x, kernel, bias, y, pack_width(_desc.input_channels, x, kernel) == 4, pack_width(_desc.filters, y) == 4};
        _context.launch(forward_kernel(_desc.precision), static_cast<unsigned>(_plan.tiles.blocks()), TileThreads, 0, state, _shape, _plan,
                        _activation, run);
    }

    void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx, float* dkernel,
                  float* dbias) override {
        const float* dz = dy;
        if (writes_gradient() || dbias != nullptr) {
            float* partials = _context.scratch<float>() + _gradient_floats;
            float* written = writes_gradient() ? partials + _part_floats : nullptr;
            dz = written != nullptr ? written : dy;
            OutputGradient gradient{y, dy, written, dbias, partials, static_cast<unsigned*>(_tickets.data())};
            bool fours = pack_width(_desc.filters, y, dy, dbias) == 4;
            const ColumnPlan& plan = _columns[fours ? 0 : 1];
            _context.launch(fours ? conv2d_transpose_output_gradient_kernel<4> : conv2d_transpose_output_gradient_kernel<1>,
                            plan.grid(_desc.batch), ColumnThreads, 0, state, plan, _activation, gradient);
        }
        if (dx != nullptr) {
            bool accumulates = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
            _convolution.run(state, dz, kernel, nullptr, accumulates ? dx : nullptr, dx, nullptr, false);
        }
        if (dkernel != nullptr) {
            _kernel_gradient.run(state, dz, kernel, x, nullptr, x, nullptr, dkernel, nullptr);
        }
    }

private:
    bool writes_gradient() const { return _desc.activation != CN_ACTIVATION_LINEAR; }
    int64_t outputs() const { return _desc.batch * _desc.output_height * _desc.output_width * _desc.filters; }

    ColumnPlan column_plan(int width) const {
        constexpr int64_t RowsOfLine = 16, MostBlocks = 512;
        return ColumnPlan(_desc.batch, _desc.output_height * _desc.output_width, _desc.filters, width, RowsOfLine, MostBlocks);
    }

    Context& _context;
    cn_conv2d_transpose_desc _desc;
    Conv2DShape _shape; // of the convolution from y to x
    InputPlan _plan;
    ActivationRule _activation;
    ColumnPlan _columns[2]; // by fours, one by one
    GeneralConv2DForward _convolution;
    GeneralConv2DGradient _kernel_gradient;
    DeviceMemory _tickets;
    int64_t _gradient_floats, _part_floats;
};

} // namespace

std::unique_ptr<Conv2DTransposeOp> make_conv2d_transpose(Context& context, const cn_conv2d_transpose_desc& desc) {
    return std::make_unique<Conv2DTransposeKernel>(context, desc);
}

} // namespace compiled::cuda
