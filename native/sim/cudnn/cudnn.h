// The part of cuDNN's interface that the backend uses, with cuDNN's names and numbers: for builds without cuDNN's own header.
//
// Names, numbers, and the members of the structs are those of cuDNN 8 and 9, which agree in all that is here: what is compiled with this
// header can call cuDNN itself. Only success has the same number in both, so there are no other status codes.
#pragma once

#include <cstddef>

#if defined(__CUDACC__)
#include <cuda_runtime.h>
#else
#include "runtime.h"
#endif

extern "C" {

using cudnnHandle_t = struct cudnnContext*;
using cudnnTensorDescriptor_t = struct cudnnTensorStruct*;
using cudnnFilterDescriptor_t = struct cudnnFilterStruct*;
using cudnnConvolutionDescriptor_t = struct cudnnConvolutionStruct*;

enum cudnnStatus_t : int { CUDNN_STATUS_SUCCESS = 0 };
enum cudnnDataType_t { CUDNN_DATA_FLOAT = 0 };
enum cudnnTensorFormat_t { CUDNN_TENSOR_NCHW = 0, CUDNN_TENSOR_NHWC = 1 };
enum cudnnConvolutionMode_t { CUDNN_CONVOLUTION = 0, CUDNN_CROSS_CORRELATION = 1 };
enum cudnnDeterminism_t { CUDNN_NON_DETERMINISTIC = 0, CUDNN_DETERMINISTIC = 1 };
enum cudnnMathType_t {
    CUDNN_DEFAULT_MATH = 0,
    CUDNN_TENSOR_OP_MATH = 1,
    CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION = 2,
    CUDNN_FMA_MATH = 3,
};

enum cudnnConvolutionFwdAlgo_t {
    CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM = 0,
    CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM = 1,
    CUDNN_CONVOLUTION_FWD_ALGO_GEMM = 2,
    CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD = 6,
    CUDNN_CONVOLUTION_FWD_ALGO_COUNT = 8,
};
enum cudnnConvolutionBwdDataAlgo_t {
    CUDNN_CONVOLUTION_BWD_DATA_ALGO_0 = 0,
    CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 = 1,
    CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT = 6,
};
enum cudnnConvolutionBwdFilterAlgo_t {
    CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0 = 0,
    CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1 = 1,
    CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3 = 3,
    CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT = 7,
};

struct cudnnConvolutionFwdAlgoPerf_t {
    cudnnConvolutionFwdAlgo_t algo;
    cudnnStatus_t status;
    float time;
    size_t memory;
    cudnnDeterminism_t determinism;
    cudnnMathType_t mathType;
    int reserved[3];
};
struct cudnnConvolutionBwdDataAlgoPerf_t {
    cudnnConvolutionBwdDataAlgo_t algo;
    cudnnStatus_t status;
    float time;
    size_t memory;
    cudnnDeterminism_t determinism;
    cudnnMathType_t mathType;
    int reserved[3];
};
struct cudnnConvolutionBwdFilterAlgoPerf_t {
    cudnnConvolutionBwdFilterAlgo_t algo;
    cudnnStatus_t status;
    float time;
    size_t memory;
    cudnnDeterminism_t determinism;
    cudnnMathType_t mathType;
    int reserved[3];
};

#if defined(_WIN32)
#define CUDNNWINAPI __stdcall
#else
#define CUDNNWINAPI
#endif
#if defined(CN_CUDNN_SIM_BUILD)
#define CN_CUDNN_API __attribute__((visibility("default")))
#else
#define CN_CUDNN_API
#endif

CN_CUDNN_API size_t CUDNNWINAPI cudnnGetVersion();
CN_CUDNN_API const char* CUDNNWINAPI cudnnGetErrorString(cudnnStatus_t status);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnCreate(cudnnHandle_t* handle);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnDestroy(cudnnHandle_t handle);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream);

CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                                                  cudnnDataType_t type, int n, int c, int h, int w);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                                                  cudnnTensorFormat_t format, int k, int c, int h, int w);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convolution);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                                                       int stride_h, int stride_w, int dilation_h, int dilation_w,
                                                                       cudnnConvolutionMode_t mode, cudnnDataType_t type);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convolution);

CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                                              const cudnnFilterDescriptor_t w,
                                                                              const cudnnConvolutionDescriptor_t convolution,
                                                                              const cudnnTensorDescriptor_t y, const int most, int* count,
                                                                              cudnnConvolutionFwdAlgoPerf_t* results);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t handle, const cudnnFilterDescriptor_t w,
                                                                                   const cudnnTensorDescriptor_t dy,
                                                                                   const cudnnConvolutionDescriptor_t convolution,
                                                                                   const cudnnTensorDescriptor_t dx, const int most,
                                                                                   int* count, cudnnConvolutionBwdDataAlgoPerf_t* results);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy, const cudnnConvolutionDescriptor_t convolution,
    const cudnnFilterDescriptor_t dw, const int most, int* count, cudnnConvolutionBwdFilterAlgoPerf_t* results);

CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t handle, const cudnnTensorDescriptor_t x,
                                                                               const cudnnFilterDescriptor_t w,
                                                                               const cudnnConvolutionDescriptor_t convolution,
                                                                               const cudnnTensorDescriptor_t y,
                                                                               cudnnConvolutionFwdAlgo_t algorithm, size_t* bytes);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t handle, const cudnnFilterDescriptor_t w,
                                                                                    const cudnnTensorDescriptor_t dy,
                                                                                    const cudnnConvolutionDescriptor_t convolution,
                                                                                    const cudnnTensorDescriptor_t dx,
                                                                                    cudnnConvolutionBwdDataAlgo_t algorithm, size_t* bytes);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t handle, const cudnnTensorDescriptor_t x, const cudnnTensorDescriptor_t dy, const cudnnConvolutionDescriptor_t convolution,
    const cudnnFilterDescriptor_t dw, cudnnConvolutionBwdFilterAlgo_t algorithm, size_t* bytes);

// alpha and beta are floats of the host: result = alpha * product + beta * result.
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha,
                                                               const cudnnTensorDescriptor_t x_tensor, const void* x,
                                                               const cudnnFilterDescriptor_t w_filter, const void* w,
                                                               const cudnnConvolutionDescriptor_t convolution,
                                                               cudnnConvolutionFwdAlgo_t algorithm, void* workspace, size_t bytes,
                                                               const void* beta, const cudnnTensorDescriptor_t y_tensor, void* y);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                                                    const cudnnFilterDescriptor_t w_filter, const void* w,
                                                                    const cudnnTensorDescriptor_t dy_tensor, const void* dy,
                                                                    const cudnnConvolutionDescriptor_t convolution,
                                                                    cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace, size_t bytes,
                                                                    const void* beta, const cudnnTensorDescriptor_t dx_tensor, void* dx);
CN_CUDNN_API cudnnStatus_t CUDNNWINAPI cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_tensor, const void* x, const cudnnTensorDescriptor_t dy_tensor,
    const void* dy, const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace,
    size_t bytes, const void* beta, const cudnnFilterDescriptor_t dw_filter, void* dw);
}
