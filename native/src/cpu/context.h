// The CPU backend of one cn_context: its threads, its scratch memory and the kernels of the chosen instruction set.
//
// Scratch memory: an op states its needs when it is created (reserve_...), and the context keeps the largest. The memory is fetched anew
// in every run, because a later op may have made it grow, and holds nothing from one run to the next.
#pragma once

#include "common/backend.h"
#include "float_environment.h"
#include "memory.h"
#include "thread_pool.h"

#include <atomic>
#include <string>

namespace compiled::cpu {

struct OpTable;

class Context final : public Backend {
public:
    explicit Context(const cn_context_desc& desc);
    ~Context() override;

    int32_t threads() const noexcept override { return _pool.threads(); }

    // See ThreadPool::parallel_for.
    template <class Body>
    void parallel_for(int64_t items, const Body& body) {
        _pool.parallel_for(items, body);
    }

    // At creation of an op: at least `bytes` for each thread; at least `bytes` for all together.
    void reserve_thread_scratch(int64_t bytes);
    void reserve_shared_scratch(int64_t bytes);

    // In a run: what was reserved, aligned to 64, contents undefined.
    template <class T>
    T* thread_scratch(int thread) noexcept {
        return reinterpret_cast<T*>(static_cast<char*>(_thread_scratch.data()) + thread * _thread_scratch_stride);
    }
    template <class T>
    T* shared_scratch() noexcept {
        return static_cast<T*>(_shared_scratch.data());
    }

    cn_device device() const noexcept override { return CN_DEVICE_CPU; }
    cn_instruction_set instruction_set() const noexcept override { return _instruction_set; }
    int64_t scratch_bytes() const noexcept override { return _scratch_bytes.load(std::memory_order_relaxed); }
    const char* description() const noexcept override { return _description.c_str(); }
    bool host_addressable() const noexcept override { return true; }
    void synchronize() override {}
    uint64_t enter() noexcept override { return FloatEnvironment::enter(); }
    void leave(uint64_t saved) noexcept override { FloatEnvironment::leave(saved); }

    void* allocate(int64_t bytes) override;
    void release(void* memory, int64_t bytes) noexcept override;
    void write(void* target, const void* host_source, int64_t bytes) override;
    void read(void* host_target, const void* source, int64_t bytes) override;
    void clear(void* target, int64_t bytes) override;
    std::unique_ptr<Feed> make_feed(void* target, int64_t bytes, int32_t areas) override;

    std::unique_ptr<GatherOp> make_gather(const cn_gather_desc& desc) override;
    std::unique_ptr<ActivationOp> make_activation(const cn_activation_desc& desc) override;
    std::unique_ptr<SoftmaxOp> make_softmax(const cn_softmax_desc& desc) override;
    std::unique_ptr<GluOp> make_glu(const cn_glu_desc& desc) override;
    std::unique_ptr<DropoutOp> make_dropout(const cn_dropout_desc& desc) override;
    std::unique_ptr<AddOp> make_add(const cn_add_desc& desc) override;
    std::unique_ptr<ConcatenateOp> make_concatenate(const cn_concatenate_desc& desc) override;
    std::unique_ptr<Padding2DOp> make_padding2d(const cn_padding2d_desc& desc) override;
    std::unique_ptr<UpSampling2DOp> make_upsampling2d(const cn_upsampling2d_desc& desc) override;
    std::unique_ptr<GaussianNoiseOp> make_gaussian_noise(const cn_gaussian_noise_desc& desc) override;
    std::unique_ptr<MaxPooling2DOp> make_max_pooling2d(const cn_max_pooling2d_desc& desc) override;
    std::unique_ptr<AveragePooling2DOp> make_average_pooling2d(const cn_average_pooling2d_desc& desc) override;
    std::unique_ptr<GlobalPooling2DOp> make_global_pooling2d(const cn_global_pooling2d_desc& desc) override;
    std::unique_ptr<BatchNormalizationOp> make_batch_normalization(const cn_batch_normalization_desc& desc) override;
    std::unique_ptr<NormalizationFoldOp> make_normalization_fold(const cn_normalization_fold_desc& desc) override;
    std::unique_ptr<LayerNormalizationOp> make_layer_normalization(const cn_layer_normalization_desc& desc) override;
    std::unique_ptr<Conv2DOp> make_conv2d(const cn_conv2d_desc& desc) override;
    std::unique_ptr<JoinedConv2DOp> make_joined_conv2d(const cn_joined_conv2d_desc& desc) override;
    std::unique_ptr<Conv2DTransposeOp> make_conv2d_transpose(const cn_conv2d_transpose_desc& desc) override;
    std::unique_ptr<DenseOp> make_dense(const cn_dense_desc& desc) override;
    std::unique_ptr<LossOp> make_loss(const cn_loss_desc& desc) override;
    std::unique_ptr<MetricOp> make_metric(const cn_metric_desc& desc) override;
    std::unique_ptr<RegularizerOp> make_regularizer(const cn_regularizer_desc& desc, const cn_penalty* penalties) override;
    std::unique_ptr<ActivityRegularizationOp> make_activity_regularization(const cn_activity_regularization_desc& desc) override;
    std::unique_ptr<ConstraintOp> make_constraint(const cn_constraint_desc& desc, const cn_constraint* constraints) override;
    std::unique_ptr<OptimizerOp> make_optimizer(const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) override;

private:
    cn_instruction_set _instruction_set;
    const OpTable& _table;
    ThreadPool _pool;
    Memory _thread_scratch;
    int64_t _thread_scratch_stride = 0;
    Memory _shared_scratch;
    std::string _description;
    std::atomic<int64_t> _scratch_bytes{0}; // of both, for whoever asks while an op is created
};

} // namespace compiled::cpu
