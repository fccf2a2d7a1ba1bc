#include "convolution.h"

#include <cstdio>

namespace compiled::cuda::cudnn {

namespace {

template <class Perf>
void append(std::vector<Offer>& offers, const Perf* results, int count) {
    for (int i = 0; i < count; ++i) {
        const Perf& r = results[i];
        offers.push_back({static_cast<int>(r.algo), static_cast<int>(r.mathType), r.status == CUDNN_STATUS_SUCCESS,
                          r.determinism == CUDNN_DETERMINISTIC, static_cast<int64_t>(r.memory)});
    }
}

int whole(int64_t extent) {
    return static_cast<int>(extent); // Staging::suits
}

} // namespace

Convolution::Convolution(Handle& handle, const cn_conv2d_desc& d, const Staging& staging) : _handle(handle), _library(handle.library()) {
    check(_library.cudnnCreateTensorDescriptor(_x.make_by(_library.cudnnDestroyTensorDescriptor)), "describing x");
    check(_library.cudnnSetTensor4dDescriptor(_x, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, whole(d.batch), whole(d.input_channels),
                                              whole(staging.rows), whole(staging.columns)),
          "describing x");
    check(_library.cudnnCreateTensorDescriptor(_z.make_by(_library.cudnnDestroyTensorDescriptor)), "describing a convolution's result");
    check(_library.cudnnSetTensor4dDescriptor(_z, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, whole(d.batch), whole(d.filters),
                                              whole(d.conv_height), whole(d.conv_width)),
          "describing a convolution's result");
    check(_library.cudnnCreateFilterDescriptor(_kernel.make_by(_library.cudnnDestroyFilterDescriptor)), "describing a kernel");
    check(_library.cudnnSetFilter4dDescriptor(_kernel, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, whole(d.filters), whole(d.input_channels),
                                              whole(d.window.height), whole(d.window.width)),
          "describing a kernel");
    for (Plan& plan : _plans) {
        describe(plan, d.window);
    }
}

void Convolution::describe(Plan& plan, const cn_window& w) {
    check(_library.cudnnCreateConvolutionDescriptor(plan.convolution.make_by(_library.cudnnDestroyConvolutionDescriptor)),
          "describing a convolution");
    check(_library.cudnnSetConvolution2dDescriptor(plan.convolution, 0, 0, whole(w.stride_height), whole(w.stride_width),
                                                   whole(w.dilation_height), whole(w.dilation_width), CUDNN_CROSS_CORRELATION,
                                                   CUDNN_DATA_FLOAT),
          "describing a convolution");
}

void Convolution::check(cudnnStatus_t status, const char* what) const {
    if (status != CUDNN_STATUS_SUCCESS) {
        cudaGetLastError();
        fail(CN_STATUS_UNSUPPORTED, "%s to cuDNN %lld failed: %s", what, static_cast<long long>(_library.version),
             _library.cudnnGetErrorString(status));
    }
}

bool Convolution::set_math(Product product, int math) const {
    return _library.cudnnSetConvolutionMathType(plan(product).convolution, static_cast<cudnnMathType_t>(math)) == CUDNN_STATUS_SUCCESS;
}

std::vector<Offer> Convolution::offers(Product product, int32_t precision) const {
    std::vector<Offer> offers;
    int count = 0;
    if (!set_math(product, precision == CN_PRECISION_FLOAT32 ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH)) {
        return offers;
    }
    const auto& convolution = plan(product).convolution;
    switch (product) {
    case Product::Forward: {
        cudnnConvolutionFwdAlgoPerf_t results[CUDNN_CONVOLUTION_FWD_ALGO_COUNT];
        if (_library.cudnnGetConvolutionForwardAlgorithm_v7(_handle.get(), _x, _kernel, convolution, _z, CUDNN_CONVOLUTION_FWD_ALGO_COUNT,
                                                            &count, results) == CUDNN_STATUS_SUCCESS) {
            append(offers, results, count);
        }
        break;
    }
    case Product::InputGradient: {
        cudnnConvolutionBwdDataAlgoPerf_t results[CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT];
        if (_library.cudnnGetConvolutionBackwardDataAlgorithm_v7(_handle.get(), _kernel, _z, convolution, _x,
                                                                 CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, &count,
                                                                 results) == CUDNN_STATUS_SUCCESS) {
            append(offers, results, count);
        }
        break;
    }
    case Product::KernelGradient: {
        cudnnConvolutionBwdFilterAlgoPerf_t results[CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT];
        if (_library.cudnnGetConvolutionBackwardFilterAlgorithm_v7(_handle.get(), _x, _z, convolution, _kernel,
                                                                   CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, &count,
                                                                   results) == CUDNN_STATUS_SUCCESS) {
            append(offers, results, count);
        }
        break;
    }
    }
    return offers;
}

bool Convolution::use(Product product, Algorithm algorithm) {
    if (!set_math(product, algorithm.math)) {
        return false;
    }
    Plan& p = plan(product);
    p.algorithm = algorithm;
    switch (product) {
    case Product::Forward:
        return _library.cudnnGetConvolutionForwardWorkspaceSize(_handle.get(), _x, _kernel, p.convolution, _z,
                                                                static_cast<cudnnConvolutionFwdAlgo_t>(algorithm.number),
                                                                &p.bytes) == CUDNN_STATUS_SUCCESS;
    case Product::InputGradient:
        return _library.cudnnGetConvolutionBackwardDataWorkspaceSize(_handle.get(), _kernel, _z, p.convolution, _x,
                                                                     static_cast<cudnnConvolutionBwdDataAlgo_t>(algorithm.number),
                                                                     &p.bytes) == CUDNN_STATUS_SUCCESS;
    default:
        return _library.cudnnGetConvolutionBackwardFilterWorkspaceSize(_handle.get(), _x, _z, p.convolution, _kernel,
                                                                       static_cast<cudnnConvolutionBwdFilterAlgo_t>(algorithm.number),
                                                                       &p.bytes) == CUDNN_STATUS_SUCCESS;
    }
}

bool Convolution::run(Product product, const float* first, const float* second, float* result, void* workspace) noexcept {
    const float one = 1.0f, zero = 0.0f;
    const Plan& p = plan(product);
    cudnnStatus_t status{};
    switch (product) {
    case Product::Forward:
        status = _library.cudnnConvolutionForward(_handle.get(), &one, _x, first, _kernel, second, p.convolution,
                                                  static_cast<cudnnConvolutionFwdAlgo_t>(p.algorithm.number), workspace, p.bytes, &zero, _z,
                                                  result);
        break;
    case Product::InputGradient:
        status = _library.cudnnConvolutionBackwardData(_handle.get(), &one, _kernel, second, _z, first, p.convolution,
                                                       static_cast<cudnnConvolutionBwdDataAlgo_t>(p.algorithm.number), workspace, p.bytes,
                                                       &zero, _x, result);
        break;
    case Product::KernelGradient:
        status = _library.cudnnConvolutionBackwardFilter(_handle.get(), &one, _x, first, _z, second, p.convolution,
                                                         static_cast<cudnnConvolutionBwdFilterAlgo_t>(p.algorithm.number), workspace,
                                                         p.bytes, &zero, _kernel, result);
        break;
    }
    return status == CUDNN_STATUS_SUCCESS;
}

} // namespace compiled::cuda::cudnn
