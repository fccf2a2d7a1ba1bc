#include "context.h"

#include "common/error.h"
#include "op_table.h"
#include "processor.h"

#include <algorithm>
#include <cstring>

namespace compiled::cpu {

namespace {

cn_instruction_set choose_instruction_set(const cn_context_desc& desc) {
    auto wanted = static_cast<cn_instruction_set>(desc.instruction_set);
    if (wanted == CN_INSTRUCTION_SET_BEST) {
        return best_instruction_set();
    }
    if (!supports(wanted)) {
        fail(CN_STATUS_UNSUPPORTED,
             "instruction_set is %s, which this processor (%s)%s does not have; use CN_INSTRUCTION_SET_BEST, here %s",
             instruction_set_name(wanted), processor_name().c_str(), " or this build", instruction_set_name(best_instruction_set()));
    }
    return wanted;
}

const OpTable& table_of(cn_instruction_set set) {
    switch (set) {
#if defined(CN_HAVE_X86_SETS)
    case CN_INSTRUCTION_SET_AVX2:
        return avx2::op_table();
    case CN_INSTRUCTION_SET_AVX512:
        return avx512::op_table();
#endif
#if defined(CN_HAVE_WIDE)
    case CN_INSTRUCTION_SET_WIDE:
        return wide::op_table();
#endif
    default:
        return baseline::op_table();
    }
}

int choose_threads(const cn_context_desc& desc) {
    return desc.threads == 0 ? std::min(processor_count(), MaxThreads) : desc.threads;
}

// Host memory is device memory: there is nothing to send.
class DirectFeed final : public Feed {
public:
    explicit DirectFeed(void* target) : _target(target) {}
    void* next() override { return _target; }
    void send(int64_t) override {}

private:
    void* _target;
};

std::string describe(cn_instruction_set set, int threads) {
    return processor_name() + ", " + instruction_set_name(set) + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

} // namespace

Context::Context(const cn_context_desc& desc)
    : _instruction_set(choose_instruction_set(desc)), _table(table_of(_instruction_set)), _pool(choose_threads(desc)),
      _description(describe(_instruction_set, _pool.threads())) {}

Context::~Context() = default;

void Context::reserve_thread_scratch(int64_t bytes) {
    // Two cache lines apart, so that no thread's scratch shares one (or its prefetched neighbour) with another's.
    constexpr int64_t Line = 128;
    if (bytes > INT64_MAX / 2 / MaxThreads) {
        fail(CN_STATUS_OUT_OF_MEMORY, "the op needs %lld bytes of scratch memory per thread; use a smaller batch or smaller layers",
             static_cast<long long>(bytes));
    }
    int64_t stride = (bytes + Line - 1) / Line * Line;
    if (stride > _thread_scratch_stride) {
        Memory grown(stride * threads());
        _thread_scratch.swap(grown);
        _thread_scratch_stride = stride;
        _scratch_bytes = _thread_scratch.bytes() + _shared_scratch.bytes();
    }
}

void Context::reserve_shared_scratch(int64_t bytes) {
    if (bytes > _shared_scratch.bytes()) {
        Memory grown(bytes);
        _shared_scratch.swap(grown);
        _scratch_bytes = _thread_scratch.bytes() + _shared_scratch.bytes();
    }
}

void* Context::allocate(int64_t bytes) {
    return allocate_memory(bytes);
}
void Context::release(void* memory, int64_t bytes) noexcept {
    release_memory(memory, bytes);
}
void Context::write(void* target, const void* host_source, int64_t bytes) {
    std::memmove(target, host_source, static_cast<size_t>(bytes));
}
void Context::read(void* host_target, const void* source, int64_t bytes) {
    std::memmove(host_target, source, static_cast<size_t>(bytes));
}
void Context::clear(void* target, int64_t bytes) {
    std::memset(target, 0, static_cast<size_t>(bytes));
}

std::unique_ptr<Feed> Context::make_feed(void* target, int64_t, int32_t) {
    return std::make_unique<DirectFeed>(target);
}

std::unique_ptr<GatherOp> Context::make_gather(const cn_gather_desc& desc) {
    return _table.make_gather(*this, desc);
}
std::unique_ptr<ActivationOp> Context::make_activation(const cn_activation_desc& desc) {
    return _table.make_activation(*this, desc);
}
std::unique_ptr<SoftmaxOp> Context::make_softmax(const cn_softmax_desc& desc) {
    return _table.make_softmax(*this, desc);
}
std::unique_ptr<GluOp> Context::make_glu(const cn_glu_desc& desc) {
    return _table.make_glu(*this, desc);
}
std::unique_ptr<DropoutOp> Context::make_dropout(const cn_dropout_desc& desc) {
    return _table.make_dropout(*this, desc);
}
std::unique_ptr<AddOp> Context::make_add(const cn_add_desc& desc) {
    return _table.make_add(*this, desc);
}
std::unique_ptr<ConcatenateOp> Context::make_concatenate(const cn_concatenate_desc& desc) {
    return _table.make_concatenate(*this, desc);
}
std::unique_ptr<Padding2DOp> Context::make_padding2d(const cn_padding2d_desc& desc) {
    return _table.make_padding2d(*this, desc);
}
std::unique_ptr<UpSampling2DOp> Context::make_upsampling2d(const cn_upsampling2d_desc& desc) {
    return _table.make_upsampling2d(*this, desc);
}
std::unique_ptr<GaussianNoiseOp> Context::make_gaussian_noise(const cn_gaussian_noise_desc& desc) {
    return _table.make_gaussian_noise(*this, desc);
}
std::unique_ptr<MaxPooling2DOp> Context::make_max_pooling2d(const cn_max_pooling2d_desc& desc) {
    return _table.make_max_pooling2d(*this, desc);
}
std::unique_ptr<AveragePooling2DOp> Context::make_average_pooling2d(const cn_average_pooling2d_desc& desc) {
    return _table.make_average_pooling2d(*this, desc);
}
std::unique_ptr<GlobalPooling2DOp> Context::make_global_pooling2d(const cn_global_pooling2d_desc& desc) {
    return _table.make_global_pooling2d(*this, desc);
}
std::unique_ptr<BatchNormalizationOp> Context::make_batch_normalization(const cn_batch_normalization_desc& desc) {
    return _table.make_batch_normalization(*this, desc);
}
std::unique_ptr<NormalizationFoldOp> Context::make_normalization_fold(const cn_normalization_fold_desc& desc) {
    return _table.make_normalization_fold(*this, desc);
}

std::unique_ptr<LayerNormalizationOp> Context::make_layer_normalization(const cn_layer_normalization_desc& desc) {
    return _table.make_layer_normalization(*this, desc);
}
std::unique_ptr<Conv2DOp> Context::make_conv2d(const cn_conv2d_desc& desc) {
    return _table.make_conv2d(*this, desc);
}

std::unique_ptr<JoinedConv2DOp> Context::make_joined_conv2d(const cn_joined_conv2d_desc& desc) {
    return _table.make_joined_conv2d(*this, desc);
}
std::unique_ptr<Conv2DTransposeOp> Context::make_conv2d_transpose(const cn_conv2d_transpose_desc& desc) {
    return _table.make_conv2d_transpose(*this, desc);
}
std::unique_ptr<DenseOp> Context::make_dense(const cn_dense_desc& desc) {
    return _table.make_dense(*this, desc);
}
std::unique_ptr<LossOp> Context::make_loss(const cn_loss_desc& desc) {
    return _table.make_loss(*this, desc);
}

std::unique_ptr<MetricOp> Context::make_metric(const cn_metric_desc& desc) {
    return _table.make_metric(*this, desc);
}

std::unique_ptr<RegularizerOp> Context::make_regularizer(const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    return _table.make_regularizer(*this, desc, penalties);
}

std::unique_ptr<ActivityRegularizationOp> Context::make_activity_regularization(const cn_activity_regularization_desc& desc) {
    return _table.make_activity_regularization(*this, desc);
}

std::unique_ptr<ConstraintOp> Context::make_constraint(const cn_constraint_desc& desc, const cn_constraint* constraints) {
    return _table.make_constraint(*this, desc, constraints);
}

std::unique_ptr<OptimizerOp> Context::make_optimizer(const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) {
    return _table.make_optimizer(*this, desc, offsets, matrices);
}

} // namespace compiled::cpu
