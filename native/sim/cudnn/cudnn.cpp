// A stand-in for cuDNN on the simulator, for tests: the functions of cudnn.h by plain loops over NHWC tensors of floats.
//
// It refuses what cuDNN refuses: descriptors that were not set, extents that do not fit together, a workspace that is too small.
// Algorithms that cuDNN does not promise an order of sums for add forwards and backwards in turns here. Where math is left open, or
// tensor cores are asked for, factors lose what TF32 does not keep.
//
// COMPILED_CUDNN_SIM_VERSION is another CUDNN_VERSION for it to have.
#include "cudnn.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

struct cudnnContext {
    cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
    int64_t n = 0, h = 0, w = 0, c = 0;

    int64_t elements() const { return n * h * w * c; }
    size_t bytes() const { return static_cast<size_t>(elements()) * sizeof(float); }
    int64_t at(int64_t image, int64_t row, int64_t column) const { return ((image * h + row) * w + column) * c; }
};
struct cudnnFilterStruct {
    int64_t k = 0, h = 0, w = 0, c = 0;

    size_t bytes() const { return static_cast<size_t>(k * h * w * c) * sizeof(float); }
};
struct cudnnConvolutionStruct {
    int64_t pad_h = 0, pad_w = 0, stride_h = 0, stride_w = 0, dilation_h = 0, dilation_w = 0;
    cudnnMathType_t math = CUDNN_DEFAULT_MATH;

    int64_t outputs_h(int64_t input, int64_t window) const { return (input + 2 * pad_h - (window - 1) * dilation_h - 1) / stride_h + 1; }
    int64_t outputs_w(int64_t input, int64_t window) const { return (input + 2 * pad_w - (window - 1) * dilation_w - 1) / stride_w + 1; }
};

namespace {

// Of cuDNN 9.
constexpr auto BadParameter = static_cast<cudnnStatus_t>(2000);
constexpr auto NotSupported = static_cast<cudnnStatus_t>(3000);
constexpr auto ExecutionFailed = static_cast<cudnnStatus_t>(5000);

constexpr size_t Version = 90100;

enum Product { Forward, BackwardData, BackwardFilter, Products };
constexpr int Algorithms = 8;

std::atomic<int64_t> calls[Products][Algorithms];

// A convolution, whichever of its tensors is wanted. All three are there when it runs.
struct Task {
    cudnnTensorStruct x, y;
    cudnnFilterStruct w;
    cudnnConvolutionStruct convolution;
    float alpha, beta;
    bool turns_round = false; // the order of sums

    bool is_consistent() const {
        const auto& c = convolution;
        bool are_set = x.n > 0 && y.n > 0 && w.k > 0 && c.stride_h > 0;
        return are_set && x.n == y.n && x.c == w.c && y.c == w.k && y.h == c.outputs_h(x.h, w.h) && y.w == c.outputs_w(x.w, w.w);
    }

    float factor(float value) const {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof(bits));
        bits &= convolution.math == CUDNN_FMA_MATH ? 0xFFFFFFFFu : 0xFFFFE000u;
        std::memcpy(&value, &bits, sizeof(bits));
        return value;
    }

    // body(x's element, w's element, y's element) for all products, of channel 0 and filter 0.
    template <class Body>
    void for_places(const Body& body) const {
        for (int64_t turn = 0; turn < x.n * y.h * y.w * w.h * w.w; ++turn) {
            int64_t place = turns_round ? x.n * y.h * y.w * w.h * w.w - 1 - turn : turn;
            int64_t kx = place % w.w, ky = place / w.w % w.h, rest = place / w.w / w.h;
            int64_t ox = rest % y.w, oy = rest / y.w % y.h, image = rest / y.w / y.h;
            int64_t row = oy * convolution.stride_h - convolution.pad_h + ky * convolution.dilation_h;
            int64_t column = ox * convolution.stride_w - convolution.pad_w + kx * convolution.dilation_w;
            if (row >= 0 && row < x.h && column >= 0 && column < x.w) {
                body(x.at(image, row, column), (ky * w.w + kx) * w.c, y.at(image, oy, ox));
            }
        }
    }

    // What a product is added to: beta times what is there, which is not read where beta is 0.
    void begin(float* result, int64_t elements) const {
        for (int64_t i = 0; i < elements; ++i) {
            result[i] = beta == 0.0f ? 0.0f : beta * result[i];
        }
    }

    void forward(const float* in, const float* weights, float* out) const {
        begin(out, y.elements());
        for_places([&](int64_t from, int64_t weight, int64_t to) {
            for (int64_t k = 0; k < w.k; ++k) {
                for (int64_t c = 0; c < w.c; ++c) {
                    out[to + k] += alpha * factor(in[from + c]) * factor(weights[k * w.h * w.w * w.c + weight + c]);
                }
            }
        });
    }

    void backward_data(const float* weights, const float* gradient, float* out) const {
        begin(out, x.elements());
        for_places([&](int64_t to, int64_t weight, int64_t from) {
            for (int64_t k = 0; k < w.k; ++k) {
                for (int64_t c = 0; c < w.c; ++c) {
                    out[to + c] += alpha * factor(gradient[from + k]) * factor(weights[k * w.h * w.w * w.c + weight + c]);
                }
            }
        });
    }

    void backward_filter(const float* in, const float* gradient, float* out) const {
        begin(out, w.k * w.h * w.w * w.c);
        for_places([&](int64_t from, int64_t weight, int64_t of) {
            for (int64_t k = 0; k < w.k; ++k) {
                for (int64_t c = 0; c < w.c; ++c) {
                    out[k * w.h * w.w * w.c + weight + c] += alpha * factor(in[from + c]) * factor(gradient[of + k]);
                }
            }
        });
    }
};

// The workspace of an algorithm; it is filled with NaN before each run.
size_t workspace_of(Product product, int algorithm, const Task& task) {
    bool needs = algorithm == 1;
    return needs ? 512 + (product == BackwardFilter ? task.w.bytes() : 0) : 0;
}

bool exists(Product product, int algorithm) {
    return algorithm == 0 || algorithm == 1 || (product == BackwardFilter && algorithm == 3);
}

bool has_order(Product product, int algorithm) {
    return product == Forward || algorithm == 1;
}

Task task_of(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y) {
    if (x == nullptr || w == nullptr || convolution == nullptr || y == nullptr) {
        return {};
    }
    return {*x, *y, *w, *convolution, 1.0f, 0.0f};
}

// The algorithms of a product, the supposed fastest first: what has no order is always faster.
template <class Perf>
cudnnStatus_t find(cudnnHandle_t handle, Product product, const Task& task, int most, int* count, Perf* results) {
    if (handle == nullptr || count == nullptr || results == nullptr || most < 1 || !task.is_consistent()) {
        return BadParameter;
    }
    struct Entry {
        int algorithm;
        cudnnDeterminism_t determinism; // as it is said to be, which is wrong for the third of the filter's
        cudnnStatus_t status;
    };
    const Entry of_products[Products][3] = {
        {{6, CUDNN_DETERMINISTIC, NotSupported},
         {1, CUDNN_DETERMINISTIC, CUDNN_STATUS_SUCCESS},
         {0, CUDNN_DETERMINISTIC, CUDNN_STATUS_SUCCESS}},
        {{0, CUDNN_NON_DETERMINISTIC, CUDNN_STATUS_SUCCESS},
         {1, CUDNN_DETERMINISTIC, CUDNN_STATUS_SUCCESS},
         {5, CUDNN_DETERMINISTIC, NotSupported}},
        {{3, CUDNN_DETERMINISTIC, CUDNN_STATUS_SUCCESS},
         {0, CUDNN_NON_DETERMINISTIC, CUDNN_STATUS_SUCCESS},
         {1, CUDNN_DETERMINISTIC, CUDNN_STATUS_SUCCESS}},
    };
    *count = 0;
    for (const Entry& entry : of_products[product]) {
        if (*count < most) {
            Perf perf{};
            perf.algo = static_cast<decltype(perf.algo)>(entry.algorithm);
            perf.status = entry.status;
            perf.time = -1.0f;
            perf.memory = workspace_of(product, entry.algorithm, task);
            perf.determinism = entry.determinism;
            perf.mathType = task.convolution.math;
            results[(*count)++] = perf;
        }
    }
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t measure(cudnnHandle_t handle, Product product, const Task& task, int algorithm, size_t* bytes) {
    if (handle == nullptr || bytes == nullptr || !task.is_consistent()) {
        return BadParameter;
    }
    if (!exists(product, algorithm)) {
        return NotSupported;
    }
    *bytes = workspace_of(product, algorithm, task);
    return CUDNN_STATUS_SUCCESS;
}

struct Operand {
    const void* data;
    size_t bytes;
};

// Gives body(task) to the stream.
template <class Body>
cudnnStatus_t run(cudnnHandle_t handle, Product product, Task task, int algorithm, const void* alpha, const void* beta, void* workspace,
                  size_t bytes, const std::vector<Operand>& operands, const Body& body) {
    if (handle == nullptr || alpha == nullptr || beta == nullptr || !task.is_consistent()) {
        return BadParameter;
    }
    if (!exists(product, algorithm)) {
        return NotSupported;
    }
    size_t needed = workspace_of(product, algorithm, task);
    if (bytes < needed || (needed > 0 && workspace == nullptr)) {
        return BadParameter;
    }
    task.alpha = *static_cast<const float*>(alpha);
    task.beta = *static_cast<const float*>(beta);
    int64_t call = ++calls[product][algorithm];
    task.turns_round = !has_order(product, algorithm) && call % 2 == 0;
    compiled::sim::LibraryWork work{"a convolution of the simulated cuDNN", {}, {}};
    for (const Operand& operand : operands) {
        work.ranges.push_back({operand.data, operand.bytes});
    }
    if (needed > 0) {
        work.ranges.push_back({workspace, needed});
    }
    work.body = [=] {
        if (needed > 0) {
            std::memset(workspace, 0xFF, needed);
        }
        body(task);
    };
    return compiled::sim::launch(std::move(work), handle->stream) == cudaSuccess ? CUDNN_STATUS_SUCCESS : ExecutionFailed;
}

template <class T>
cudnnStatus_t create(T** created) {
    if (created == nullptr) {
        return BadParameter;
    }
    *created = new T;
    return CUDNN_STATUS_SUCCESS;
}

template <class T>
cudnnStatus_t destroy(T* object) {
    delete object;
    return CUDNN_STATUS_SUCCESS;
}

bool are_extents(int a, int b, int c, int d) {
    return a > 0 && b > 0 && c > 0 && d > 0;
}

} // namespace

extern "C" {

// For tests: how often a product (0: forward, 1: data, 2: filter) was asked for by an algorithm.
CN_CUDNN_API int64_t compiled_cudnn_sim_calls(int product, int algorithm) {
    return calls[product][algorithm];
}

size_t cudnnGetVersion() {
    const char* other = std::getenv("COMPILED_CUDNN_SIM_VERSION");
    return other == nullptr ? Version : static_cast<size_t>(std::strtoull(other, nullptr, 10));
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
    switch (static_cast<int>(status)) {
    case CUDNN_STATUS_SUCCESS:
        return "CUDNN_STATUS_SUCCESS";
    case BadParameter:
        return "CUDNN_STATUS_BAD_PARAM";
    case NotSupported:
        return "CUDNN_STATUS_NOT_SUPPORTED";
    default:
        return "CUDNN_STATUS_EXECUTION_FAILED";
    }
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
    return create(handle);
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
    return destroy(handle);
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
    if (handle == nullptr) {
        return BadParameter;
    }
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
    return create(tensor);
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format, cudnnDataType_t type, int n, int c,
                                         int h, int w) {
    if (tensor == nullptr || !are_extents(n, c, h, w)) {
        return BadParameter;
    }
    if (format != CUDNN_TENSOR_NHWC || type != CUDNN_DATA_FLOAT || int64_t{n} * h * w * c > INT32_MAX) {
        return NotSupported;
    }
    *tensor = {n, h, w, c};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
    return destroy(tensor);
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
    return create(filter);
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type, cudnnTensorFormat_t format, int k, int c,
                                         int h, int w) {
    if (filter == nullptr || !are_extents(k, c, h, w)) {
        return BadParameter;
    }
    if (format != CUDNN_TENSOR_NHWC || type != CUDNN_DATA_FLOAT) {
        return NotSupported;
    }
    *filter = {k, h, w, c};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
    return destroy(filter);
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution) {
    return create(convolution);
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w, int stride_h, int stride_w,
                                              int dilation_h, int dilation_w, cudnnConvolutionMode_t mode, cudnnDataType_t type) {
    if (convolution == nullptr || pad_h < 0 || pad_w < 0 || !are_extents(stride_h, stride_w, dilation_h, dilation_w)) {
        return BadParameter;
    }
    if (mode != CUDNN_CROSS_CORRELATION || type != CUDNN_DATA_FLOAT) {
        return NotSupported;
    }
    *convolution = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, convolution->math};
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
    if (convolution == nullptr || math < CUDNN_DEFAULT_MATH || math > CUDNN_FMA_MATH) {
        return BadParameter;
    }
    convolution->math = math;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution) {
    return destroy(convolution);
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnFilterDescriptor_t w,
                                                     const cudnnConvolutionDescriptor_t convolution, const cudnnTensorDescriptor_t y,
                                                     const int most, int* count, cudnnConvolutionFwdAlgoPerf_t* results) {
    return find(handle, Forward, task_of(x, w, convolution, y), most, count, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, const cudnnFilterDescriptor_t w,
                                                          const cudnnTensorDescriptor_t dy, const cudnnConvolutionDescriptor_t convolution,
                                                          const cudnnTensorDescriptor_t dx, const int most, int* count,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* results) {
    return find(handle, BackwardData, task_of(dx, w, convolution, dy), most, count, results);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                            const cudnnTensorDescriptor_t dy,
                                                            const cudnnConvolutionDescriptor_t convolution,
                                                            const cudnnFilterDescriptor_t dw, const int most, int* count,
                                                            cudnnConvolutionBwdFilterAlgoPerf_t* results) {
    return find(handle, BackwardFilter, task_of(x, dw, convolution, dy), most, count, results);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w, const cudnnConvolutionDescriptor_t convolution,
                                                      const cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t algorithm, size_t* bytes) {
    return measure(handle, Forward, task_of(x, w, convolution, y), algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, const cudnnFilterDescriptor_t w,
                                                           const cudnnTensorDescriptor_t dy, const cudnnConvolutionDescriptor_t convolution,
                                                           const cudnnTensorDescriptor_t dx, cudnnConvolutionBwdDataAlgo_t algorithm,
                                                           size_t* bytes) {
    return measure(handle, BackwardData, task_of(dx, w, convolution, dy), algorithm, bytes);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                             const cudnnTensorDescriptor_t dy,
                                                             const cudnnConvolutionDescriptor_t convolution,
                                                             const cudnnFilterDescriptor_t dw, cudnnConvolutionBwdFilterAlgo_t algorithm,
                                                             size_t* bytes) {
    return measure(handle, BackwardFilter, task_of(x, dw, convolution, dy), algorithm, bytes);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_tensor, const void* x,
                                      const cudnnFilterDescriptor_t w_filter, const void* w, const cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionFwdAlgo_t algorithm, void* workspace, size_t bytes, const void* beta,
                                      const cudnnTensorDescriptor_t y_tensor, void* y) {
    Task task = task_of(x_tensor, w_filter, convolution, y_tensor);
    return run(handle, Forward, task, algorithm, alpha, beta, workspace, bytes,
               {{x, task.x.bytes()}, {w, task.w.bytes()}, {y, task.y.bytes()}},
               [=](const Task& t) { t.forward(static_cast<const float*>(x), static_cast<const float*>(w), static_cast<float*>(y)); });
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha, const cudnnFilterDescriptor_t w_filter, const void* w,
                                           const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                           const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdDataAlgo_t algorithm,
                                           void* workspace, size_t bytes, const void* beta, const cudnnTensorDescriptor_t dx_tensor,
                                           void* dx) {
    Task task = task_of(dx_tensor, w_filter, convolution, dy_tensor);
    return run(handle, BackwardData, task, algorithm, alpha, beta, workspace, bytes,
               {{w, task.w.bytes()}, {dy, task.y.bytes()}, {dx, task.x.bytes()}}, [=](const Task& t) {
                   t.backward_data(static_cast<const float*>(w), static_cast<const float*>(dy), static_cast<float*>(dx));
               });
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_tensor, const void* x,
                                             const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                             const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algorithm,
                                             void* workspace, size_t bytes, const void* beta, const cudnnFilterDescriptor_t dw_filter,
                                             void* dw) {
    Task task = task_of(x_tensor, dw_filter, convolution, dy_tensor);
    return run(handle, BackwardFilter, task, algorithm, alpha, beta, workspace, bytes,
               {{x, task.x.bytes()}, {dy, task.y.bytes()}, {dw, task.w.bytes()}}, [=](const Task& t) {
                   t.backward_filter(static_cast<const float*>(x), static_cast<const float*>(dy), static_cast<float*>(dw));
               });
}
}
