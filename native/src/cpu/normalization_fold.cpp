// Folding of a batch normalization (compiled.h, cn_normalization_fold_desc).
//
// Shapes   kernel, folded_kernel: [outer, channels, inner]; all else [channels].
// Writes   folded_kernel and folded_bias are overwritten; each may be what it is made of.
// Threads  rows of the kernel, after the factors, which are made by one.
#include "common/normalization.h"
#include "elementwise.h"
#include "ops.h"

#include <algorithm>

namespace compiled::cpu::CN_ISA {

namespace {

class NormalizationFoldKernel final : public NormalizationFoldOp {
public:
    NormalizationFoldKernel(Context& context, const cn_normalization_fold_desc& desc) : _context(context), _desc(desc) {
        _context.reserve_shared_scratch(desc.channels * static_cast<int64_t>(sizeof(float)));
    }

    void forward(const cn_state*, const float* kernel, const float* bias, const float* gamma, const float* beta, const float* moving_mean,
                 const float* moving_variance, float* folded_kernel, float* folded_bias) override {
        float* factors = _context.shared_scratch<float>();
        for (int64_t c = 0; c < _desc.channels; ++c) {
            FoldedNormalization folded(moving_mean[c], moving_variance[c], _desc.epsilon, gamma == nullptr ? 1.0f : gamma[c],
                                       beta == nullptr ? 0.0f : beta[c], bias == nullptr ? 0.0f : bias[c]);
            factors[c] = folded.factor;
            folded_bias[c] = folded.bias;
        }
        int64_t row = _desc.channels * _desc.inner, block = std::max<int64_t>(1, ChunkElements / row);
        _context.parallel_for((_desc.outer + block - 1) / block, [&](int64_t item, int) {
            int64_t end = std::min(_desc.outer, (item + 1) * block);
            for (int64_t o = item * block; o < end; ++o) {
                fold_row(kernel + o * row, factors, folded_kernel + o * row);
            }
        });
    }

private:
    CN_INLINE void fold_row(const float* kernel, const float* factors, float* folded) const {
        if (_desc.inner == 1) {
            for_vectors(0, _desc.channels,
                        [=](int64_t c, auto vector) { vector.store(folded + c, vector.load(kernel + c) * vector.load(factors + c)); });
            return;
        }
        for (int64_t c = 0; c < _desc.channels; ++c) {
            Vec factor = broadcast(factors[c]);
            for_vectors(c * _desc.inner, (c + 1) * _desc.inner,
                        [=](int64_t i, auto vector) { vector.store(folded + i, vector.load(kernel + i) * factor); });
        }
    }

    Context& _context;
    cn_normalization_fold_desc _desc;
};

} // namespace

std::unique_ptr<NormalizationFoldOp> make_normalization_fold(Context& context, const cn_normalization_fold_desc& desc) {
    return std::make_unique<NormalizationFoldKernel>(context, desc);
}

} // namespace compiled::cpu::CN_ISA
