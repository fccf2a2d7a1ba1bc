// cuDNN, loaded at run time: this library needs it neither to be built nor to be loaded.
#pragma once

#include "cuda.h"

#include <cudnn.h>

#include <cstdint>
#include <string>

namespace compiled::cuda::cudnn {

#define CN_CUDNN_FUNCTIONS(FUNCTION)                                                                                                       \
    FUNCTION(cudnnGetVersion)                                                                                                              \
    FUNCTION(cudnnGetErrorString)                                                                                                          \
    FUNCTION(cudnnCreate)                                                                                                                  \
    FUNCTION(cudnnDestroy)                                                                                                                 \
    FUNCTION(cudnnSetStream)                                                                                                               \
    FUNCTION(cudnnCreateTensorDescriptor)                                                                                                  \
    FUNCTION(cudnnSetTensor4dDescriptor)                                                                                                   \
    FUNCTION(cudnnDestroyTensorDescriptor)                                                                                                 \
    FUNCTION(cudnnCreateFilterDescriptor)                                                                                                  \
    FUNCTION(cudnnSetFilter4dDescriptor)                                                                                                   \
    FUNCTION(cudnnDestroyFilterDescriptor)                                                                                                 \
    FUNCTION(cudnnCreateConvolutionDescriptor)                                                                                             \
    FUNCTION(cudnnSetConvolution2dDescriptor)                                                                                              \
    FUNCTION(cudnnSetConvolutionMathType)                                                                                                  \
    FUNCTION(cudnnDestroyConvolutionDescriptor)                                                                                            \
    FUNCTION(cudnnGetConvolutionForwardAlgorithm_v7)                                                                                       \
    FUNCTION(cudnnGetConvolutionBackwardDataAlgorithm_v7)                                                                                  \
    FUNCTION(cudnnGetConvolutionBackwardFilterAlgorithm_v7)                                                                                \
    FUNCTION(cudnnGetConvolutionForwardWorkspaceSize)                                                                                      \
    FUNCTION(cudnnGetConvolutionBackwardDataWorkspaceSize)                                                                                 \
    FUNCTION(cudnnGetConvolutionBackwardFilterWorkspaceSize)                                                                               \
    FUNCTION(cudnnConvolutionForward)                                                                                                      \
    FUNCTION(cudnnConvolutionBackwardData)                                                                                                 \
    FUNCTION(cudnnConvolutionBackwardFilter)

// cuDNN's functions, by their names.
struct Library {
#define CN_CUDNN_MEMBER(name) decltype(&::name) name = nullptr;
    CN_CUDNN_FUNCTIONS(CN_CUDNN_MEMBER)
#undef CN_CUDNN_MEMBER
    int64_t version = 0; // CUDNN_VERSION
};

// The library that the environment variable COMPILED_CUDNN_LIBRARY names; then it must be there, or this throws. Else cuDNN 9 or 8 from
// where the system looks for libraries, null where it has neither. Stays loaded.
const Library* find_library();

// False: COMPILED_CUDNN=off.
bool is_wanted();

} // namespace compiled::cuda::cudnn
