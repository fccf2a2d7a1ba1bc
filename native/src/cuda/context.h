// The CUDA backend of one cn_context: a device, one stream on which everything runs in the order of the calls, and scratch memory.
//
// Scratch memory: an op states its needs when it is created (reserve_scratch), and the context keeps the largest. The memory is fetched
// anew in every run, because a later op may have made it grow, and holds nothing from one op to the next. The kernels of a graph know the
// address with which it was recorded, so the graph owns that memory, too: when the context's grows, the graph's stays as and where it is,
// until the graph is destroyed. An op that others work for takes the first bytes (ScratchPrefix); theirs come behind.
#pragma once

#include "common/backend.h"
#include "current_device.h"
#include "failure.h"
#include "memory.h"

#include <atomic>
#include <string>

namespace compiled::cuda {

namespace cudnn {
class Handle;
}

class Context final : public Backend {
public:
    explicit Context(const cn_context_desc& desc);
    ~Context() override;

    cudaStream_t stream() const noexcept { return _stream; }
    const char* device_name() const noexcept { return _properties.name; }
    int multiprocessors() const noexcept { return _properties.multiProcessorCount; }

    // At creation of an op. Where there is no room for the old memory and the new one side by side, the old one goes first, unless a graph
    // has it.
    void reserve_scratch(int64_t bytes);
    // Lets `kernel` be launched with so much dynamic shared memory; more than 48 KiB need this.
    template <class Kernel>
    void allow_shared(Kernel* kernel, size_t bytes) {
        raise_shared_limit(reinterpret_cast<const void*>(kernel), bytes);
    }

    // cuDNN on the stream, for whoever uses it first to make (cudnn/handle.h).
    std::shared_ptr<cudnn::Handle>& cudnn() noexcept { return _cudnn; }

    // In a run: what was reserved, aligned to 256, contents undefined.
    template <class T>
    T* scratch() noexcept {
        return _scratch == nullptr ? nullptr : reinterpret_cast<T*>(static_cast<char*>(_scratch->data()) + _scratch_begin);
    }

    int ordinal() const noexcept { return _ordinal; }

    // In a run: gives the kernel to the stream.
    template <class... Parameters, class... Arguments>
    void launch(void (*kernel)(Parameters...), Grid grid, dim3 block, size_t shared_bytes, Arguments&&... arguments) noexcept {
        if (_scratch_is_lost) {
            note_failure(cudaErrorMemoryAllocation, "having scratch memory back");
            return;
        }
        cudaError_t error = cuda::launch(kernel, grid, block, shared_bytes, _stream, std::forward<Arguments>(arguments)...);
        if (error != cudaSuccess) {
            note_failure(error, "launching a kernel");
        }
    }

    cn_device device() const noexcept override { return CN_DEVICE_CUDA; }
    int32_t threads() const noexcept override { return 1; }
    cn_instruction_set instruction_set() const noexcept override { return CN_INSTRUCTION_SET_BASELINE; }
    int64_t scratch_bytes() const noexcept override { return _scratch_bytes.load(std::memory_order_relaxed); }
    const char* description() const noexcept override { return _description.c_str(); }
    MemoryInfo memory() override;
    const Failure* take_failure() noexcept override { return take_noted_failure(); }
    bool host_addressable() const noexcept override { return false; }
    void synchronize() override;
    uint64_t enter() noexcept override;
    void leave(uint64_t saved) noexcept override;

    void* allocate(int64_t bytes) override;
    void release(void* memory, int64_t bytes) noexcept override;
    void write(void* target, const void* host_source, int64_t bytes) override;
    void read(void* host_target, const void* source, int64_t bytes) override;
    void clear(void* target, int64_t bytes) override;
    std::unique_ptr<Feed> make_feed(void* target, int64_t bytes, int32_t areas) override;

    bool records_graphs() const noexcept override { return _records_graphs; }
    void begin_graph() override;
    std::unique_ptr<Graph> end_graph() override;

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
    friend class ScratchPrefix;

    void raise_shared_limit(const void* kernel, size_t bytes);
    void make_scratch(int64_t bytes);
    void make_scratch_instead(int64_t bytes);

    // Runs body with the device as the thread's current one, and notes what it throws.
    template <class Body>
    auto on_device(const Body& body) noexcept {
        OnDevice here(_ordinal);
        return noted([&] {
            here.require();
            return body();
        });
    }

    int _ordinal;
    bool _records_graphs;
    cudaDeviceProp _properties{};
    std::string _description;
    cudaStream_t _stream = nullptr;
    std::shared_ptr<cudnn::Handle> _cudnn;
    std::shared_ptr<DeviceMemory> _scratch;
    int64_t _scratch_begin = 0;
    bool _scratch_is_lost = false;          // another program has taken what was given back for a moment: there are ops that cannot run
    std::atomic<int64_t> _scratch_bytes{0}; // for whoever asks while an op is created
};

// While it lives, ops are made and run behind the first bytes of the scratch memory: those are the op's that made it.
class ScratchPrefix {
public:
    ScratchPrefix(Context& context, int64_t bytes) : _context(context), _before(context._scratch_begin) {
        constexpr int64_t Alignment = 256;
        _context._scratch_begin += (bytes + Alignment - 1) / Alignment * Alignment;
    }
    ScratchPrefix(const ScratchPrefix&) = delete;
    ScratchPrefix& operator=(const ScratchPrefix&) = delete;
    ~ScratchPrefix() { _context._scratch_begin = _before; }

private:
    Context& _context;
    int64_t _before;
};

} // namespace compiled::cuda
