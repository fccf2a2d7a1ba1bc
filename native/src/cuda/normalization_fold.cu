// Folding of a batch normalization (compiled.h, cn_normalization_fold_desc).
//
// Shapes   kernel, folded_kernel: [outer, channels, inner]; all else [channels].
// Writes   folded_kernel and folded_bias are overwritten; each may be what it is made of.
// Blocks   a part of the columns, channels by inner, of some rows each: a thread finds the factor of its column once.
#include "common/normalization.h"
#include "divider.h"
#include "elementwise.h"
#include "ops.h"

namespace compiled::cuda {

namespace {

struct FoldArguments {
    const float *kernel, *bias, *gamma, *beta, *moving_mean, *moving_variance;
    float *folded_kernel, *folded_bias;
    float epsilon;
    int64_t outer, columns, inner;
    int64_t column_blocks, row_blocks;
};

__device__ __forceinline__ float read(const float* values, int64_t channel, float otherwise) {
    return values == nullptr ? otherwise : values[channel];
}

// The bias is read and written by one thread of the whole grid.
__global__ void __launch_bounds__(ElementThreads) normalization_fold_kernel(FoldArguments a) {
    int64_t block = blockIdx.x, column = block % a.column_blocks * ElementThreads + threadIdx.x, row_block = block / a.column_blocks;
    if (column >= a.columns) {
        return;
    }
    int64_t channel = column / a.inner;
    bool writes_bias = row_block == 0 && column % a.inner == 0;
    FoldedNormalization folded(a.moving_mean[channel], a.moving_variance[channel], a.epsilon, read(a.gamma, channel, 1.0f),
                               read(a.beta, channel, 0.0f), writes_bias ? read(a.bias, channel, 0.0f) : 0.0f);
    for (int64_t row = row_block; row < a.outer; row += a.row_blocks) {
        a.folded_kernel[row * a.columns + column] = a.kernel[row * a.columns + column] * folded.factor;
    }
    if (writes_bias) {
        a.folded_bias[channel] = folded.bias;
    }
}

class NormalizationFoldKernel final : public NormalizationFoldOp {
public:
    NormalizationFoldKernel(Context& context, const cn_normalization_fold_desc& desc) : _context(context), _desc(desc) {
        constexpr int64_t MaxBlocks = 0x7FFFFFFF; // of a launch
        _columns = desc.channels * desc.inner;
        _column_blocks = (_columns + ElementThreads - 1) / ElementThreads;
        if (_column_blocks > MaxBlocks) {
            fail(CN_STATUS_UNSUPPORTED, "a kernel of %lld x %lld columns needs more blocks than a CUDA device runs",
                 static_cast<long long>(desc.channels), static_cast<long long>(desc.inner));
        }
        int64_t most = std::max<int64_t>(1, context.multiprocessors() * BlocksPerMultiprocessor / _column_blocks);
        _row_blocks = std::min(desc.outer, most);
    }

    void forward(const cn_state*, const float* kernel, const float* bias, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, float* folded_kernel, float* folded_bias) override {
        FoldArguments a{kernel,      bias,          gamma,       beta,     moving_mean, moving_variance, folded_kernel,
                        folded_bias, _desc.epsilon, _desc.outer, _columns, _desc.inner, _column_blocks,  _row_blocks};
        _context.launch(normalization_fold_kernel, Grid(static_cast<unsigned>(_column_blocks * _row_blocks)), ElementThreads, 0, a);
    }

private:
    static constexpr int64_t BlocksPerMultiprocessor = 8;

    Context& _context;
    cn_normalization_fold_desc _desc;
    int64_t _columns, _column_blocks, _row_blocks;
};

} // namespace

std::unique_ptr<NormalizationFoldOp> make_normalization_fold(Context& context, const cn_normalization_fold_desc& desc) {
    return std::make_unique<NormalizationFoldKernel>(context, desc);
}

} // namespace compiled::cuda
