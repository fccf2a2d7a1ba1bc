#include "context.h"

#include "feed.h"
#include "graph.h"
#include "ops.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

namespace compiled::cuda {

namespace {

constexpr const char* GraphsVariable = "COMPILED_CUDA_GRAPHS";
constexpr int OldestMajor = 8; // Ampere: asynchronous copies, bf16 and TF32 on tensor cores

int choose_device(int ordinal) {
    int count = 0;
    cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess) {
        cudaGetLastError();
        fail(CN_STATUS_UNSUPPORTED, "no CUDA device can be used: %s (%s)", cudaGetErrorString(error), cudaGetErrorName(error));
    }
    if (ordinal >= count) {
        fail(CN_STATUS_UNSUPPORTED, "ordinal is %d: this machine has %d CUDA device%s, counted from 0", ordinal, count,
             count == 1 ? "" : "s");
    }
    check(cudaSetDevice(ordinal), "choosing the device");
    return ordinal;
}

cudaDeviceProp read_properties(int ordinal) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, ordinal), "asking for the properties of the device");
    if (properties.major < OldestMajor) {
        fail(CN_STATUS_UNSUPPORTED, "%s has compute capability %d.%d: %d.0 or later is needed; use the CPU", properties.name,
             properties.major, properties.minor, OldestMajor);
    }
    return properties;
}

std::string describe(const cudaDeviceProp& properties) {
    constexpr double Gibi = 1024.0 * 1024.0 * 1024.0;
    char text[384];
    std::snprintf(text, sizeof(text), "%s, compute capability %d.%d, %.1f GiB", properties.name, properties.major, properties.minor,
                  static_cast<double>(properties.totalGlobalMem) / Gibi);
    return text;
}

// Does nothing. Where this build has no machine code for a device, and the driver cannot make any, it is the first to fail.
__global__ void probe_kernel() {}

bool graphs_wanted() {
    const char* value = std::getenv(GraphsVariable);
    return value == nullptr || std::strcmp(value, "off") != 0;
}

} // namespace

Context::Context(const cn_context_desc& desc)
    : _ordinal(choose_device(desc.ordinal)), _records_graphs(graphs_wanted()), _properties(read_properties(_ordinal)),
      _description(describe(_properties)) {
    check(cudaStreamCreateWithFlags(&_stream, cudaStreamNonBlocking), "making a stream");
    cudaError_t probed = cuda::launch(probe_kernel, 1, 1, 0, _stream);
    if (probed != cudaSuccess) {
        cudaStreamDestroy(_stream);
        check(probed, "running a kernel");
    }
}

Context::~Context() {
    OnDevice here(_ordinal);
    cudaStreamCaptureStatus status{};
    if (cudaStreamIsCapturing(_stream, &status) == cudaSuccess && status != cudaStreamCaptureStatusNone) {
        cudaGraph_t graph = nullptr;
        cudaStreamEndCapture(_stream, &graph);
        cudaGraphDestroy(graph);
    }
    cudaStreamSynchronize(_stream);
    _cudnn.reset();
    _scratch.reset();
    cudaStreamDestroy(_stream);
}

void Context::reserve_scratch(int64_t bytes) {
    bytes += _scratch_begin;
    if (bytes <= _scratch_bytes && !_scratch_is_lost) {
        return;
    }
    bytes = std::max(bytes, scratch_bytes());
    try {
        make_scratch(bytes);
    } catch (const Error& failure) {
        bool shared = _scratch != nullptr && _scratch.use_count() > 1; // with a graph: giving it back here would free nothing
        if (failure.status() != CN_STATUS_OUT_OF_MEMORY || _scratch == nullptr || shared) {
            throw;
        }
        make_scratch_instead(bytes);
    }
}

void Context::make_scratch(int64_t bytes) {
    auto made = std::make_shared<DeviceMemory>(bytes, _stream);
    check(cudaStreamSynchronize(_stream), "waiting for the device"); // which may still use what is now given back
    _scratch = std::move(made);
    _scratch_bytes = bytes;
    _scratch_is_lost = false;
}

// The old memory goes first, and comes back where it helped nothing: the ops that are there need it.
void Context::make_scratch_instead(int64_t bytes) {
    check(cudaStreamSynchronize(_stream), "waiting for the device");
    _scratch.reset();
    _scratch_is_lost = true;
    try {
        make_scratch(bytes);
    } catch (...) {
        make_scratch(scratch_bytes());
        throw;
    }
}

// The limit belongs to the kernel, for all ops and contexts that launch it: one that needs less must not lower it.
void Context::raise_shared_limit(const void* kernel, size_t bytes) {
    static std::mutex mutex;
    static std::map<std::pair<int, const void*>, size_t> limits; // of devices and kernels
    std::lock_guard lock(mutex);
    size_t& limit = limits[{_ordinal, kernel}];
    if (bytes > limit) {
        check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
              "reserving shared memory for a kernel");
        limit = bytes;
    }
}

MemoryInfo Context::memory() {
    return on_device([&] {
        size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), "asking for the memory of the device");
        return MemoryInfo{static_cast<int64_t>(total), static_cast<int64_t>(free)};
    });
}

void Context::synchronize() {
    on_device([&] { check(cudaStreamSynchronize(_stream), "what the device was asked before"); });
}

uint64_t Context::enter() noexcept {
    int before = current_device();
    cudaSetDevice(_ordinal);
    return static_cast<uint64_t>(before);
}

void Context::leave(uint64_t saved) noexcept {
    if (int before = static_cast<int>(saved); before != _ordinal) {
        restore_device(before);
    }
}

void* Context::allocate(int64_t bytes) {
    return on_device([&] { return allocate_device(bytes, _stream); });
}

void Context::release(void* memory, int64_t) noexcept {
    OnDevice here(_ordinal);
    wait_unless_recording(_stream);
    release_device(memory);
}

void Context::write(void* target, const void* host_source, int64_t bytes) {
    on_device([&] {
        check(cudaMemcpyAsync(target, host_source, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, _stream), "copying to the device");
        check(cudaStreamSynchronize(_stream), "what the device was asked before");
    });
}

void Context::read(void* host_target, const void* source, int64_t bytes) {
    on_device([&] {
        check(cudaMemcpyAsync(host_target, source, static_cast<size_t>(bytes), cudaMemcpyDeviceToHost, _stream), "copying from the device");
        check(cudaStreamSynchronize(_stream), "what the device was asked before");
    });
}

void Context::clear(void* target, int64_t bytes) {
    on_device([&] {
        if (bytes > 0) {
            check(cudaMemsetAsync(target, 0, static_cast<size_t>(bytes), _stream), "clearing memory");
        }
    });
}

std::unique_ptr<Feed> Context::make_feed(void* target, int64_t bytes, int32_t areas) {
    return on_device([&]() -> std::unique_ptr<Feed> { return std::make_unique<PinnedFeed>(*this, target, bytes, areas); });
}

void Context::begin_graph() {
    // Relaxed: other threads, finalizers above all, may free memory meanwhile.
    on_device([&] { check(cudaStreamBeginCapture(_stream, cudaStreamCaptureModeRelaxed), "beginning to record a graph"); });
}

std::unique_ptr<Graph> Context::end_graph() {
    return on_device([&]() -> std::unique_ptr<Graph> { return std::make_unique<RecordedGraph>(_stream, _scratch); });
}

std::unique_ptr<GatherOp> Context::make_gather(const cn_gather_desc& desc) {
    return on_device([&] { return cuda::make_gather(*this, desc); });
}
std::unique_ptr<ActivationOp> Context::make_activation(const cn_activation_desc& desc) {
    return on_device([&] { return cuda::make_activation(*this, desc); });
}
std::unique_ptr<SoftmaxOp> Context::make_softmax(const cn_softmax_desc& desc) {
    return on_device([&] { return cuda::make_softmax(*this, desc); });
}
std::unique_ptr<GluOp> Context::make_glu(const cn_glu_desc& desc) {
    return on_device([&] { return cuda::make_glu(*this, desc); });
}
std::unique_ptr<DropoutOp> Context::make_dropout(const cn_dropout_desc& desc) {
    return on_device([&] { return cuda::make_dropout(*this, desc); });
}
std::unique_ptr<AddOp> Context::make_add(const cn_add_desc& desc) {
    return on_device([&] { return cuda::make_add(*this, desc); });
}
std::unique_ptr<ConcatenateOp> Context::make_concatenate(const cn_concatenate_desc& desc) {
    return on_device([&] { return cuda::make_concatenate(*this, desc); });
}
std::unique_ptr<Padding2DOp> Context::make_padding2d(const cn_padding2d_desc& desc) {
    return on_device([&] { return cuda::make_padding2d(*this, desc); });
}
std::unique_ptr<UpSampling2DOp> Context::make_upsampling2d(const cn_upsampling2d_desc& desc) {
    return on_device([&] { return cuda::make_upsampling2d(*this, desc); });
}
std::unique_ptr<GaussianNoiseOp> Context::make_gaussian_noise(const cn_gaussian_noise_desc& desc) {
    return on_device([&] { return cuda::make_gaussian_noise(*this, desc); });
}
std::unique_ptr<MaxPooling2DOp> Context::make_max_pooling2d(const cn_max_pooling2d_desc& desc) {
    return on_device([&] { return cuda::make_max_pooling2d(*this, desc); });
}
std::unique_ptr<AveragePooling2DOp> Context::make_average_pooling2d(const cn_average_pooling2d_desc& desc) {
    return on_device([&] { return cuda::make_average_pooling2d(*this, desc); });
}
std::unique_ptr<GlobalPooling2DOp> Context::make_global_pooling2d(const cn_global_pooling2d_desc& desc) {
    return on_device([&] { return cuda::make_global_pooling2d(*this, desc); });
}
std::unique_ptr<BatchNormalizationOp> Context::make_batch_normalization(const cn_batch_normalization_desc& desc) {
    return on_device([&] { return cuda::make_batch_normalization(*this, desc); });
}
std::unique_ptr<NormalizationFoldOp> Context::make_normalization_fold(const cn_normalization_fold_desc& desc) {
    return on_device([&] { return cuda::make_normalization_fold(*this, desc); });
}

std::unique_ptr<LayerNormalizationOp> Context::make_layer_normalization(const cn_layer_normalization_desc& desc) {
    return on_device([&] { return cuda::make_layer_normalization(*this, desc); });
}
std::unique_ptr<Conv2DOp> Context::make_conv2d(const cn_conv2d_desc& desc) {
    return on_device([&] { return cuda::make_conv2d(*this, desc); });
}

std::unique_ptr<JoinedConv2DOp> Context::make_joined_conv2d(const cn_joined_conv2d_desc& desc) {
    return on_device([&] { return cuda::make_joined_conv2d(*this, desc); });
}
std::unique_ptr<Conv2DTransposeOp> Context::make_conv2d_transpose(const cn_conv2d_transpose_desc& desc) {
    return on_device([&] { return cuda::make_conv2d_transpose(*this, desc); });
}
std::unique_ptr<DenseOp> Context::make_dense(const cn_dense_desc& desc) {
    return on_device([&] { return cuda::make_dense(*this, desc); });
}
std::unique_ptr<LossOp> Context::make_loss(const cn_loss_desc& desc) {
    return on_device([&] { return cuda::make_loss(*this, desc); });
}

std::unique_ptr<MetricOp> Context::make_metric(const cn_metric_desc& desc) {
    return on_device([&] { return cuda::make_metric(*this, desc); });
}

std::unique_ptr<RegularizerOp> Context::make_regularizer(const cn_regularizer_desc& desc, const cn_penalty* penalties) {
    return on_device([&] { return cuda::make_regularizer(*this, desc, penalties); });
}

std::unique_ptr<ActivityRegularizationOp> Context::make_activity_regularization(const cn_activity_regularization_desc& desc) {
    return on_device([&] { return cuda::make_activity_regularization(*this, desc); });
}

std::unique_ptr<ConstraintOp> Context::make_constraint(const cn_constraint_desc& desc, const cn_constraint* constraints) {
    return on_device([&] { return cuda::make_constraint(*this, desc, constraints); });
}

std::unique_ptr<OptimizerOp> Context::make_optimizer(const cn_optimizer_desc& desc, const int64_t* offsets, const cn_matrix* matrices) {
    return on_device([&] { return cuda::make_optimizer(*this, desc, offsets, matrices); });
}

} // namespace compiled::cuda
