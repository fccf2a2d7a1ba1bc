// (c) The best that cuDNN does for each convolution of the CIFAR-10 network, by its own search and its own clock.
#include "experiments.h"

#include <cudnn.h>

#include <array>

namespace experiments {

namespace {

void check(cudnnStatus_t status, const char* what) {
    if (status != CUDNN_STATUS_SUCCESS) {
        std::fprintf(stderr, "%s: %s\n", what, cudnnGetErrorString(status));
        std::exit(1);
    }
}

struct Layer {
    const char* name;
    int input, channels, filters, padding, output;
};

struct Precision {
    const char* name;
    cudnnDataType_t type;
    cudnnMathType_t math;
};

// What cuDNN wants to be told about one convolution.
struct Convolution {
    cudnnTensorDescriptor_t x = nullptr, y = nullptr;
    cudnnFilterDescriptor_t kernel = nullptr;
    cudnnConvolutionDescriptor_t window = nullptr;

    Convolution(const Layer& layer, int batch, const Precision& precision) {
        check(cudnnCreateTensorDescriptor(&x), "describing the input");
        check(cudnnCreateTensorDescriptor(&y), "describing the output");
        check(cudnnCreateFilterDescriptor(&kernel), "describing the kernel");
        check(cudnnCreateConvolutionDescriptor(&window), "describing the window");
        check(cudnnSetTensor4dDescriptor(x, CUDNN_TENSOR_NHWC, precision.type, batch, layer.channels, layer.input, layer.input),
              "describing the input");
        check(cudnnSetTensor4dDescriptor(y, CUDNN_TENSOR_NHWC, precision.type, batch, layer.filters, layer.output, layer.output),
              "describing the output");
        check(cudnnSetFilter4dDescriptor(kernel, precision.type, CUDNN_TENSOR_NHWC, layer.filters, layer.channels, 3, 3),
              "describing the kernel");
        check(cudnnSetConvolution2dDescriptor(window, layer.padding, layer.padding, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
              "describing the window");
        check(cudnnSetConvolutionMathType(window, precision.math), "choosing the arithmetic");
    }
    Convolution(const Convolution&) = delete;
    Convolution& operator=(const Convolution&) = delete;
    ~Convolution() {
        cudnnDestroyTensorDescriptor(x);
        cudnnDestroyTensorDescriptor(y);
        cudnnDestroyFilterDescriptor(kernel);
        cudnnDestroyConvolutionDescriptor(window);
    }
};

// Runs one of cuDNN's searches and prints the time of its winner. A search that finds nothing is no failure.
template <class Result, class Search>
void report_best(const std::string& name, Search search) {
    std::array<Result, 16> results{};
    int count = 0;
    cudnnStatus_t status = search(static_cast<int>(results.size()), &count, results.data());
    double best = 0;
    for (int i = 0; status == CUDNN_STATUS_SUCCESS && i < count; ++i) {
        const Result& result = results[static_cast<size_t>(i)];
        if (result.status == CUDNN_STATUS_SUCCESS && (best == 0 || result.time < best)) {
            best = static_cast<double>(result.time);
        }
    }
    if (best == 0) {
        std::fprintf(stderr, "(c) cuDNN has nothing for %s\n", name.c_str());
        return;
    }
    report("c", name, best * 1000, "us");
}

} // namespace

void convolutions(cudaStream_t stream) {
    const Layer layers[] = {
        {"conv1", 32, 3, 32, 1, 32}, {"conv2", 32, 32, 32, 0, 30}, {"conv3", 15, 32, 64, 1, 15}, {"conv4", 15, 64, 64, 0, 13}};
    const Precision precisions[] = {{"float32", CUDNN_DATA_FLOAT, CUDNN_FMA_MATH},
                                    {"tf32", CUDNN_DATA_FLOAT, CUDNN_TENSOR_OP_MATH},
                                    {"bf16", CUDNN_DATA_BFLOAT16, CUDNN_TENSOR_OP_MATH}};
    cudnnHandle_t handle = nullptr;
    check(cudnnCreate(&handle), "starting cuDNN");
    check(cudnnSetStream(handle, stream), "giving cuDNN the stream");
    for (const Layer& layer : layers) {
        for (int batch : {32, 1024}) {
            for (const Precision& precision : precisions) {
                Convolution conv(layer, batch, precision);
                std::string name = std::string(layer.name) + ", batch " + std::to_string(batch) + ", " + precision.name;
                report_best<cudnnConvolutionFwdAlgoPerf_t>(name + ", forward", [&](int room, int* count, auto* results) {
                    return cudnnFindConvolutionForwardAlgorithm(handle, conv.x, conv.kernel, conv.window, conv.y, room, count, results);
                });
                report_best<cudnnConvolutionBwdDataAlgoPerf_t>(name + ", input gradient", [&](int room, int* count, auto* results) {
                    return cudnnFindConvolutionBackwardDataAlgorithm(handle, conv.kernel, conv.y, conv.window, conv.x, room, count,
                                                                     results);
                });
                report_best<cudnnConvolutionBwdFilterAlgoPerf_t>(name + ", kernel gradient", [&](int room, int* count, auto* results) {
                    return cudnnFindConvolutionBackwardFilterAlgorithm(handle, conv.x, conv.y, conv.window, conv.kernel, room, count,
                                                                       results);
                });
            }
        }
    }
    check(cudnnDestroy(handle), "ending cuDNN");
}

} // namespace experiments
