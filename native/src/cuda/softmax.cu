// Softmax over the last axis: y = exp(x - max x) / sum; dx = y * (dy - sum(dy * y)).
//
// Shapes   x, y, dy, dx: [rows, positions, classes].
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Blocks   several positions, or one if it is long. Sums are double.
#include "ops.h"
#include "row_group.h"

namespace compiled::cuda {

namespace {

// The row of a thread's group, or -1 if there is none.
template <bool Whole>
__device__ int64_t own_row(const RowGroup<Whole>& group, int groups, int64_t rows) {
    int64_t row = static_cast<int64_t>(blockIdx.x) * groups + group.index();
    return row < rows ? row : -1;
}

template <bool Whole>
__global__ void __launch_bounds__(RowThreads)
    softmax_forward_kernel(const cn_state* state, int64_t positions, int64_t classes, int size, const float* x, float* y) {
    RowGroup<Whole> group(size);
    int64_t row = own_row(group, RowThreads / size, state->rows * positions);
    if (row < 0) {
        return;
    }
    const float* logits = x + row * classes;
    float* probabilities = y + row * classes;
    SoftmaxSum softmax = softmax_sum(group, logits, classes);
    auto factor = static_cast<float>(1.0 / softmax.sum);
    group.for_own(classes, [&](int64_t i) { probabilities[i] = expf(logits[i] - softmax.maximum) * factor; });
}

template <bool Whole>
__global__ void __launch_bounds__(RowThreads) softmax_backward_kernel(const cn_state* state, int64_t positions, int64_t classes, int size,
                                                                      bool accumulate, const float* y, const float* dy, float* dx) {
    RowGroup<Whole> group(size);
    int64_t row = own_row(group, RowThreads / size, state->rows * positions);
    if (row < 0) {
        return;
    }
    const float* values = y + row * classes;
    const float* gradients = dy + row * classes;
    float* target = dx + row * classes;
    double dot = 0.0;
    group.for_own(classes, [&](int64_t i) { dot += static_cast<double>(values[i]) * static_cast<double>(gradients[i]); });
    auto shift = static_cast<float>(group.sum(dot));
    group.for_own(classes, [&](int64_t i) {
        float gradient = values[i] * (gradients[i] - shift);
        target[i] = accumulate ? target[i] + gradient : gradient;
    });
}

class SoftmaxKernel final : public SoftmaxOp {
public:
    SoftmaxKernel(Context& context, const cn_softmax_desc& desc) : _context(context), _desc(desc), _size(row_group_size(desc.classes)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        auto* kernel = whole() ? softmax_forward_kernel<true> : softmax_forward_kernel<false>;
        _context.launch(kernel, blocks(), RowThreads, 0, state, _desc.positions, _desc.classes, _size, x, y);
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        auto* kernel = whole() ? softmax_backward_kernel<true> : softmax_backward_kernel<false>;
        _context.launch(kernel, blocks(), RowThreads, 0, state, _desc.positions, _desc.classes, _size, accumulate, y, dy, dx);
    }

private:
    bool whole() const { return _size == RowThreads; }

    unsigned blocks() const {
        int64_t groups = RowThreads / _size;
        return static_cast<unsigned>((_desc.batch * _desc.positions + groups - 1) / groups);
    }

    Context& _context;
    cn_softmax_desc _desc;
    int _size;
};

} // namespace

std::unique_ptr<SoftmaxOp> make_softmax(Context& context, const cn_softmax_desc& desc) {
    return std::make_unique<SoftmaxKernel>(context, desc);
}

} // namespace compiled::cuda
