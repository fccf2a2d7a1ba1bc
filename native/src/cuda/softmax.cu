// Softmax over the last axis, and what is made like it (compiled.h, cn_softmax_function).
//
// Shapes   x, y, dy, dx: [rows, positions, classes].
// Writes   forward overwrites y (which may be x); backward overwrites dx (which may then be dy) or adds to it.
// Blocks   several positions, or one if it is long. Sums are double.
#include "ops.h"
#include "row_group.h"

namespace compiled::cuda {

namespace {

// Each function gives a thread what makes y of its x, and dx of its y and dy.
struct Softmax {
    template <class Group>
    __device__ static auto output(const Group& group, const float* x, int64_t classes) {
        SoftmaxSum softmax = softmax_sum(group, x, classes);
        auto factor = static_cast<float>(1.0 / softmax.sum);
        return [=](float value) { return expf(value - softmax.maximum) * factor; };
    }
    template <class Group>
    __device__ static auto gradient(const Group& group, const float* y, const float* dy, int64_t classes) {
        double dot = 0.0;
        group.for_own(classes, [&](int64_t i) { dot += static_cast<double>(y[i]) * static_cast<double>(dy[i]); });
        auto shift = static_cast<float>(group.sum(dot));
        return [=](float value, float of) { return value * (of - shift); };
    }
};

struct LogSoftmax {
    template <class Group>
    __device__ static auto output(const Group& group, const float* x, int64_t classes) {
        SoftmaxSum softmax = softmax_sum(group, x, classes);
        auto logarithm = static_cast<float>(log(softmax.sum));
        return [=](float value) { return (value - softmax.maximum) - logarithm; };
    }
    template <class Group>
    __device__ static auto gradient(const Group& group, const float*, const float* dy, int64_t classes) {
        double own = 0.0;
        group.for_own(classes, [&](int64_t i) { own += static_cast<double>(dy[i]); });
        auto sum = static_cast<float>(group.sum(own));
        return [=](float value, float of) { return of - expf(value) * sum; };
    }
};

struct Sparsemax {
    template <class Group>
    __device__ static auto output(const Group& group, const float* x, int64_t classes) {
        float largest = -INFINITY;
        group.for_own(classes, [&](int64_t i) { largest = fmaxf(largest, x[i]); });
        largest = group.maximum(largest);
        auto tau = static_cast<float>(find_threshold(group, x, classes, largest));
        return [=](float value) {
            float rest = (value - largest) - tau;
            return rest <= 0.0f ? 0.0f : rest; // a NaN stays one
        };
    }
    template <class Group>
    __device__ static auto gradient(const Group& group, const float* y, const float* dy, int64_t classes) {
        double sum = 0.0, count = 0.0;
        group.for_own(classes, [&](int64_t i) {
            if (!(y[i] <= 0.0f)) {
                sum += static_cast<double>(dy[i]);
                count += 1.0;
            }
        });
        sum = group.sum(sum);
        count = group.sum(count);
        auto mean = static_cast<float>(sum / count);
        return [=](float value, float of) { return value <= 0.0f ? 0.0f : of - mean; };
    }

private:
    // tau of x - largest (Michelot, 1986): of the candidates, those that lie below the tau that they would have together drop out, until
    // none does. What is not above -1 never is a candidate. NaN where x has one, or no finite maximum.
    template <class Group>
    __device__ static double find_threshold(const Group& group, const float* x, int64_t classes, float largest) {
        double tau = -1.0, candidates = -1.0;
        while (true) {
            auto bound = static_cast<float>(tau);
            double sum = 0.0, count = 0.0;
            group.for_own(classes, [&](int64_t i) {
                float value = x[i] - largest;
                if (!(value <= bound)) {
                    sum += static_cast<double>(value);
                    count += 1.0;
                }
            });
            sum = group.sum(sum);
            count = group.sum(count);
            if (!(sum <= 0.0)) {
                return NAN;
            }
            if (count == candidates) {
                return tau;
            }
            candidates = count;
            double next = (sum - 1.0) / count;
            tau = next > tau ? next : tau;
        }
    }
};

// The row of a thread's group, or -1 if there is none.
template <bool Whole>
__device__ int64_t own_row(const RowGroup<Whole>& group, int groups, int64_t rows) {
    int64_t row = static_cast<int64_t>(blockIdx.x) * groups + group.index();
    return row < rows ? row : -1;
}

template <class Function, bool Whole>
__global__ void __launch_bounds__(RowThreads)
    softmax_forward_kernel(const cn_state* state, int64_t positions, int64_t classes, int size, const float* x, float* y) {
    RowGroup<Whole> group(size);
    int64_t row = own_row(group, RowThreads / size, state->rows * positions);
    if (row < 0) {
        return;
    }
    const float* inputs = x + row * classes;
    float* outputs = y + row * classes;
    auto output_of = Function::output(group, inputs, classes);
    group.for_own(classes, [&](int64_t i) { outputs[i] = output_of(inputs[i]); });
}

template <class Function, bool Whole>
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
    auto gradient_of = Function::gradient(group, values, gradients, classes);
    group.for_own(classes, [&](int64_t i) {
        float gradient = gradient_of(values[i], gradients[i]);
        target[i] = accumulate ? target[i] + gradient : gradient;
    });
}

template <class Function>
class SoftmaxKernel final : public SoftmaxOp {
public:
    SoftmaxKernel(Context& context, const cn_softmax_desc& desc) : _context(context), _desc(desc), _size(row_group_size(desc.classes)) {}

    void forward(const cn_state* state, const float* x, float* y) override {
        auto* kernel = whole() ? softmax_forward_kernel<Function, true> : softmax_forward_kernel<Function, false>;
        _context.launch(kernel, blocks(), RowThreads, 0, state, _desc.positions, _desc.classes, _size, x, y);
    }

    void backward(const cn_state* state, const float* y, const float* dy, float* dx) override {
        if (_desc.input_gradient == CN_GRADIENT_NONE) {
            return;
        }
        bool accumulate = _desc.input_gradient == CN_GRADIENT_ACCUMULATE;
        auto* kernel = whole() ? softmax_backward_kernel<Function, true> : softmax_backward_kernel<Function, false>;
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
    switch (desc.function) {
    case CN_SOFTMAX_FUNCTION_LOG_SOFTMAX:
        return std::make_unique<SoftmaxKernel<LogSoftmax>>(context, desc);
    case CN_SOFTMAX_FUNCTION_SPARSEMAX:
        return std::make_unique<SoftmaxKernel<Sparsemax>>(context, desc);
    default:
        return std::make_unique<SoftmaxKernel<Softmax>>(context, desc);
    }
}

} // namespace compiled::cuda
