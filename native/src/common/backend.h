// What a device backend is to the C ABI: memory, and one factory per op. The CPU implements it in cpu/; the ABI layer (abi/) is the
// only caller, and has validated every descriptor and pointer before it gets here.
//
// Rules for implementers
//   state      Pointers to cn_state and cn_metrics are device memory, like every data pointer: only ops read them.
//   create     make_... chooses, allocates and reserves scratch memory; it may throw Error or std::bad_alloc.
//   run        forward, backward, predict and step only compute: no allocation, no validation, no throw in normal operation.
//   gradients  Those of weights are null where they are not wanted.
//   lifetime   An op may keep a reference to its backend, which outlives it. The ops of one backend run one at a time.
//   plugins    Exceptions do not cross from one library into another: a backend in a library of its own (plugin.h) notes what it would
//              throw, returns null or nothing, and hands the reason out when the ABI layer asks for it after each call.
#pragma once

#include "compiled.h"
#include "error.h"

#include <cstdint>
#include <memory>

namespace compiled {

// What a context may ask for.
constexpr int32_t MaxThreads = 1024;

class Op {
public:
    Op() = default;
    Op(const Op&) = delete;
    Op& operator=(const Op&) = delete;
    virtual ~Op();
};

class GatherOp : public Op {
public:
    virtual void forward(const cn_state* state, const void* inputs, const void* targets, const int32_t* order, cn_cursor* cursor, float* x,
                         void* t) = 0;
};

class ActivationOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* y, const float* dy, float* dx) = 0;
};

class SoftmaxOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* y, const float* dy, float* dx) = 0;
};

class GluOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* dy, float* dx) = 0;
};

class DropoutOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* dx) = 0;
};

class AddOp : public Op {
public:
    // Null where there is no such input, or no gradient of it is wanted.
    virtual void forward(const cn_state* state, const float* const (&x)[4], float* y) = 0;
    virtual void backward(const cn_state* state, const float* y, const float* dy, float* const (&dx)[4]) = 0;
};

class ConcatenateOp : public Op {
public:
    // Null where there is no such input, or no gradient of it is wanted.
    virtual void forward(const cn_state* state, const float* const (&x)[4], float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* const (&dx)[4]) = 0;
};

class Padding2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* dx) = 0;
};

class UpSampling2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* dx) = 0;
};

class GaussianNoiseOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* dx) = 0;
};

class MaxPooling2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y, uint8_t* codes) = 0;
    virtual void backward(const cn_state* state, const uint8_t* codes, const float* dy, float* dx) = 0;
};

class AveragePooling2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y) = 0;
    virtual void backward(const cn_state* state, const float* dy, float* dx) = 0;
};

class GlobalPooling2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, float* y, int32_t* indices) = 0;
    virtual void backward(const cn_state* state, const int32_t* indices, const float* dy, float* dx) = 0;
};

class BatchNormalizationOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* moving_mean,
                         float* moving_variance, const float* addend, const double* moments, float* y, float* saved, uint8_t* codes) = 0;
    virtual void predict(const cn_state* state, const float* x, const float* gamma, const float* beta, const float* moving_mean,
                         const float* moving_variance, const float* addend, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* y,
                          const uint8_t* codes, const float* dy, float* dx, float* daddend, float* dgamma, float* dbeta) = 0;
};

class NormalizationFoldOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* kernel, const float* bias, const float* gamma, const float* beta,
                         const float* moving_mean, const float* moving_variance, float* folded_kernel, float* folded_bias) = 0;
};

class LayerNormalizationOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, const float* gamma, const float* beta, float* y, float* saved) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* gamma, const float* saved, const float* dy, float* dx,
                          float* dgamma, float* dbeta) = 0;
};

class Conv2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y, uint8_t* codes,
                         double* moments) = 0;
    virtual void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, const float* addend, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const uint8_t* codes, const float* dy,
                          float* dx, float* dkernel, float* dbias) = 0;
};

// Inputs and gradients that do not exist are null.
class JoinedConv2DOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, float* y,
                         uint8_t* codes, double* moments) = 0;
    virtual void predict(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* bias, const float* addend,
                         float* y) = 0;
    virtual void backward(const cn_state* state, const float* const (&x)[4], const float* kernel, const float* y, const uint8_t* codes,
                          const float* dy, float* const (&dx)[4], float* dkernel, float* dbias) = 0;
};

class Conv2DTransposeOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx,
                          float* dkernel, float* dbias) = 0;
};

class DenseOp : public Op {
public:
    virtual void forward(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) = 0;
    virtual void predict(const cn_state* state, const float* x, const float* kernel, const float* bias, float* y) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* kernel, const float* y, const float* dy, float* dx,
                          float* dkernel, float* dbias) = 0;
};

class LossOp : public Op {
public:
    // Weights, gradient and probabilities may be null.
    virtual void forward(const cn_state* state, const float* predictions, const void* targets, const float* weights, float* gradient,
                         float* probabilities, cn_metrics* metrics) = 0;
};

class MetricOp : public Op {
public:
    virtual void add(const cn_state* state, const float* predictions, const void* targets, const float* weights, double* sums) = 0;
};

class RegularizerOp : public Op {
public:
    // Gradients may be null.
    virtual void add(const cn_state* state, const float* parameters, float* gradients, cn_metrics* metrics) = 0;
};

class ActivityRegularizationOp : public Op {
public:
    // Metrics may be null.
    virtual void forward(const cn_state* state, const float* x, float* y, cn_metrics* metrics) = 0;
    virtual void backward(const cn_state* state, const float* x, const float* dy, float* dx) = 0;
};

class ConstraintOp : public Op {
public:
    virtual void apply(float* parameters) = 0;
};

class OptimizerOp : public Op {
public:
    // Null where the rule has no such slot, or no average is kept.
    virtual void step(cn_state* state, float* parameters, const float* gradients, float* const (&slots)[3], float* ema, int64_t steps) = 0;
};

// A ring of host areas on their way to one place in device memory (compiled.h, cn_feed).
class Feed {
public:
    Feed() = default;
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;
    virtual ~Feed();

    virtual void* next() = 0;
    virtual void send(int64_t bytes) = 0;
};

// Recorded runs (compiled.h, cn_graph).
class Graph {
public:
    Graph() = default;
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    virtual ~Graph();

    virtual void launch() = 0;
    virtual int64_t nodes() const noexcept = 0;
    virtual int64_t kernels() const noexcept = 0;
};

struct MemoryInfo {
    int64_t total_bytes = 0;
    int64_t free_bytes = 0;
};

// One device of one context.
class Backend {
public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend();

    virtual cn_device device() const noexcept = 0;
    virtual int32_t threads() const noexcept = 0;
    virtual cn_instruction_set instruction_set() const noexcept = 0;
    virtual int64_t scratch_bytes() const noexcept = 0;
    virtual const char* description() const noexcept = 0;
    virtual MemoryInfo memory() { return {}; }

    // What went wrong on this thread since it was last asked for; null: nothing. Only plugins have something to say.
    virtual const Failure* take_failure() noexcept { return nullptr; }

    // Whether the host can read device memory directly: then the ABI checks cn_state before each run.
    virtual bool host_addressable() const noexcept = 0;
    virtual void synchronize() = 0;

    // Called on the thread that runs an op, before and after: `leave` puts back what `enter` changed of the thread.
    virtual uint64_t enter() noexcept { return 0; }
    virtual void leave(uint64_t) noexcept {}

    virtual void* allocate(int64_t bytes) = 0; // zeroed, aligned to 64
    virtual void release(void* memory, int64_t bytes) noexcept = 0;
    virtual void write(void* target, const void* host_source, int64_t bytes) = 0;
    virtual void read(void* host_target, const void* source, int64_t bytes) = 0;
    virtual void clear(void* target, int64_t bytes) = 0;
    virtual std::unique_ptr<Feed> make_feed(void* target, int64_t bytes, int32_t areas) = 0;

    // Between the two, ops are recorded instead of run.
    virtual bool records_graphs() const noexcept { return false; }
    virtual void begin_graph() {}
    virtual std::unique_ptr<Graph> end_graph() { return nullptr; }

    virtual std::unique_ptr<GatherOp> make_gather(const cn_gather_desc& desc) = 0;
    virtual std::unique_ptr<ActivationOp> make_activation(const cn_activation_desc& desc) = 0;
    virtual std::unique_ptr<SoftmaxOp> make_softmax(const cn_softmax_desc& desc) = 0;
    virtual std::unique_ptr<DropoutOp> make_dropout(const cn_dropout_desc& desc) = 0;
    virtual std::unique_ptr<AddOp> make_add(const cn_add_desc& desc) = 0;
    virtual std::unique_ptr<ConcatenateOp> make_concatenate(const cn_concatenate_desc& desc) = 0;
    virtual std::unique_ptr<Padding2DOp> make_padding2d(const cn_padding2d_desc& desc) = 0;
    virtual std::unique_ptr<UpSampling2DOp> make_upsampling2d(const cn_upsampling2d_desc& desc) = 0;
    virtual std::unique_ptr<GaussianNoiseOp> make_gaussian_noise(const cn_gaussian_noise_desc& desc) = 0;
    virtual std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(const cn_max_pooling2d_desc& desc) = 0;
    virtual std::unique_ptr<AveragePooling2DOp> make_average_pooling2d(const cn_average_pooling2d_desc& desc) = 0;
    virtual std::unique_ptr<GlobalPooling2DOp> make_global_pooling2d(const cn_global_pooling2d_desc& desc) = 0;
    virtual std::unique_ptr<BatchNormalizationOp> make_batch_normalization(const cn_batch_normalization_desc& desc) = 0;
    virtual std::unique_ptr<NormalizationFoldOp> make_normalization_fold(const cn_normalization_fold_desc& desc) = 0;
    virtual std::unique_ptr<LayerNormalizationOp> make_layer_normalization(const cn_layer_normalization_desc& desc) = 0;
    virtual std::unique_ptr<Conv2DOp> make_conv2d(const cn_conv2d_desc& desc) = 0;
    virtual std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(const cn_joined_conv2d_desc& desc) = 0;
    virtual std::unique_ptr<Conv2DTransposeOp> make_conv2d_transpose(const cn_conv2d_transpose_desc& desc) = 0;
    virtual std::unique_ptr<DenseOp> make_dense(const cn_dense_desc& desc) = 0;
    virtual std::unique_ptr<LossOp> make_loss(const cn_loss_desc& desc) = 0;
    virtual std::unique_ptr<MetricOp> make_metric(const cn_metric_desc& desc) = 0;
    virtual std::unique_ptr<RegularizerOp> make_regularizer(const cn_regularizer_desc& desc, const cn_penalty* penalties) = 0;
    virtual std::unique_ptr<ActivityRegularizationOp> make_activity_regularization(const cn_activity_regularization_desc& desc) = 0;
    virtual std::unique_ptr<ConstraintOp> make_constraint(const cn_constraint_desc& desc, const cn_constraint* constraints) = 0;
    virtual std::unique_ptr<OptimizerOp> make_optimizer(const cn_optimizer_desc& desc, const int64_t* offsets,
                                                        const cn_matrix* matrices) = 0;
    virtual std::unique_ptr<GluOp> make_glu(const cn_glu_desc& desc) = 0;
};

} // namespace compiled
