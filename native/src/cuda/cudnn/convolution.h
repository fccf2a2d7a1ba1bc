// The three products of a convolution by cuDNN, between tensors as Staging describes them.
#pragma once

#include "choice.h"
#include "handle.h"
#include "staging.h"

namespace compiled::cuda::cudnn {

// Something of cuDNN's that is made and destroyed by its functions.
template <class T>
class Descriptor {
public:
    using Function = cudnnStatus_t(CUDNNWINAPI*)(T);

    Descriptor() = default;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (_descriptor != nullptr) {
            _destroy(_descriptor);
        }
    }

    T* make_by(Function destroy) {
        _destroy = destroy;
        return &_descriptor;
    }
    operator T() const { return _descriptor; }

private:
    T _descriptor = nullptr;
    Function _destroy = nullptr;
};

class Convolution {
public:
    // Throws where cuDNN refuses the shapes.
    Convolution(Handle& handle, const cn_conv2d_desc& desc, const Staging& staging);

    // What cuDNN would take, the best first; nothing where it refuses.
    std::vector<Offer> offers(Product product, int32_t precision) const;

    // Decides for an algorithm. False: cuDNN refuses it.
    bool use(Product product, Algorithm algorithm);
    int64_t workspace_bytes(Product product) const { return static_cast<int64_t>(plan(product).bytes); }

    // In a run, of `product` with the algorithm decided for:
    //     Forward           x [images, staged rows, staged columns, channels], kernel -> z [images, conv rows, conv columns, filters]
    //     InputGradient     dz, kernel -> dx, shaped like x
    //     KernelGradient    x, dz -> dkernel
    // Kernels are [filters][taps]. False: cuDNN refused.
    bool run(Product product, const float* first, const float* second, float* result, void* workspace) noexcept;

private:
    struct Plan {
        Descriptor<cudnnConvolutionDescriptor_t> convolution;
        Algorithm algorithm;
        size_t bytes = 0;
    };

    void check(cudnnStatus_t status, const char* what) const;
    void describe(Plan& plan, const cn_window& window);
    bool set_math(Product product, int math) const;
    const Plan& plan(Product product) const { return _plans[static_cast<int>(product)]; }
    Plan& plan(Product product) { return _plans[static_cast<int>(product)]; }

    Handle& _handle;
    const Library& _library;
    Descriptor<cudnnTensorDescriptor_t> _x, _z;
    Descriptor<cudnnFilterDescriptor_t> _kernel;
    Plan _plans[3];
};

} // namespace compiled::cuda::cudnn
