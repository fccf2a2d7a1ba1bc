// Measures what a GPU and its driver cost, apart from any network: the constants of a model of the training step. Prints a line of JSON
// per figure. With CUDA's runtime alone; (c), the convolutions of cuDNN, is in experiments_cudnn.cu.
//
//   (a) a chain of dependent kernels: in a stream, in a graph, and with programmatic dependent launch
//   (b) Adam over 1.25 million parameters, which stay in the L2 cache, and over 64 million, which do not
//   (d) the peak of mma.sync in bf16 and TF32, and of FFMA in float32
//   (e) the processor's time for launching a graph of 18 and of 180 kernels
#include "experiments.h"

#include <chrono>
#include <cstdint>
#include <cstring>

namespace experiments {

namespace {

// --- (a), (e): launches -------------------------------------------------------------------------------------------------------------

__global__ void empty_kernel(float* value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory"); // no effect without a programmatic launch
#endif
    if (value != nullptr && threadIdx.x == 0 && blockIdx.x == 0) {
        *value += 1;
    }
}

void launch_empty(float* value, int blocks, bool programmatic, cudaStream_t stream) {
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(static_cast<unsigned>(blocks));
    config.blockDim = dim3(128);
    config.stream = stream;
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    config.attrs = &attribute;
    config.numAttrs = programmatic ? 1 : 0;
    check(cudaLaunchKernelEx(&config, empty_kernel, value), "launching an empty kernel");
}

class Graph {
public:
    template <class Body>
    Graph(cudaStream_t stream, Body body) {
        cudaGraph_t graph = nullptr;
        check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a graph");
        body(stream);
        check(cudaStreamEndCapture(stream, &graph), "ending a graph");
        check(cudaGraphInstantiateWithFlags(&_graph, graph, 0), "making a graph");
        check(cudaGraphDestroy(graph), "releasing a graph");
    }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;
    ~Graph() { cudaGraphExecDestroy(_graph); }
    void launch(cudaStream_t stream) const { check(cudaGraphLaunch(_graph, stream), "launching a graph"); }

private:
    cudaGraphExec_t _graph = nullptr;
};

void chain_of_kernels(const cudaDeviceProp& device, cudaStream_t stream) {
    constexpr int Kernels = 20;
    DeviceFloats value(1);
    for (int blocks : {1, device.multiProcessorCount}) {
        for (bool programmatic : {false, true}) {
            if (programmatic && device.major < 9) {
                continue;
            }
            auto chain = [&](cudaStream_t on) {
                for (int i = 0; i < Kernels; ++i) {
                    launch_empty(value.data(), blocks, programmatic, on);
                }
            };
            std::string what = ", per kernel of " + std::to_string(blocks) + " block" + (blocks == 1 ? "" : "s") +
                               (programmatic ? ", programmatic dependent launch" : "");
            report("a", "stream" + what, device_time(stream, 50, 10, chain) / Kernels, "us");
            if (programmatic && CUDART_VERSION < 12030) {
                continue; // not recorded by graphs before CUDA 12.3
            }
            Graph graph(stream, chain);
            report("a", "graph" + what, device_time(stream, 50, 10, [&](cudaStream_t on) { graph.launch(on); }) / Kernels, "us");
        }
    }
}

void graph_launches(cudaStream_t stream) {
    DeviceFloats value(1);
    for (int kernels : {18, 180}) {
        Graph graph(stream, [&](cudaStream_t on) {
            for (int i = 0; i < kernels; ++i) {
                launch_empty(value.data(), 1, false, on);
            }
        });
        std::vector<double> host_times;
        for (int i = 0; i < 200; ++i) {
            check(cudaStreamSynchronize(stream), "waiting");
            auto begin = std::chrono::steady_clock::now();
            graph.launch(stream);
            host_times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
        }
        check(cudaStreamSynchronize(stream), "waiting");
        std::string what = " a graph of " + std::to_string(kernels) + " kernels";
        report("e", "processor, launching" + what, median(host_times), "us");
        report("e", "device, running" + what, device_time(stream, 50, 10, [&](cudaStream_t on) { graph.launch(on); }), "us");
    }
}

// --- (b): Adam ----------------------------------------------------------------------------------------------------------------------

__device__ void adam(float& weight, float& first, float& second, float gradient) {
    first += (gradient - first) * 0.1f;
    second += (gradient * gradient - second) * 0.001f;
    weight -= 1e-4f * first / (sqrtf(second) + 1e-7f);
}

__global__ void adam_kernel(int64_t count, float4* weights, float4* firsts, float4* seconds, const float4* gradients) {
    int64_t step = int64_t{gridDim.x} * blockDim.x;
    for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
        float4 w = weights[i], m = firsts[i], v = seconds[i], g = gradients[i];
        adam(w.x, m.x, v.x, g.x);
        adam(w.y, m.y, v.y, g.y);
        adam(w.z, m.z, v.z, g.z);
        adam(w.w, m.w, v.w, g.w);
        weights[i] = w;
        firsts[i] = m;
        seconds[i] = v;
    }
}

void adam_steps(const cudaDeviceProp& device, cudaStream_t stream) {
    constexpr double BytesPerParameter = 28; // four reads, three writes
    for (int64_t parameters : {int64_t{1250858}, int64_t{1} << 26}) {
        int64_t vectors = (parameters + 3) / 4;
        auto floats = static_cast<size_t>(vectors * 4);
        DeviceFloats weights(floats), firsts(floats), seconds(floats), gradients(floats);
        auto blocks = static_cast<unsigned>(std::min<int64_t>((vectors + 255) / 256, int64_t{device.multiProcessorCount} * 8));
        double time = device_time(stream, 30, 10, [&](cudaStream_t on) {
            adam_kernel<<<blocks, 256, 0, on>>>(vectors, weights.as<float4>(), firsts.as<float4>(), seconds.as<float4>(),
                                                gradients.as<float4>());
            check(cudaGetLastError(), "launching Adam");
        });
        std::string what = "Adam over " + std::to_string(parameters) + " parameters";
        report("b", what, time, "us");
        report("b", what + ", memory traffic", static_cast<double>(parameters) * BytesPerParameter / time / 1e6, "TB/s");
    }
}

// --- (d): arithmetic ----------------------------------------------------------------------------------------------------------------

constexpr int Chains = 8; // independent products in flight per warp
constexpr int Rounds = 2048;

enum class Arithmetic { Bfloat16, Tf32, Float32 };

template <Arithmetic kind>
__device__ void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    if constexpr (kind == Arithmetic::Bfloat16) {
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    } else if constexpr (kind == Arithmetic::Tf32) {
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    } else {
        for (int i = 0; i < 4; ++i) {
            c[i] = fmaf(__uint_as_float(a[i]), __uint_as_float(b[i & 1]), c[i]);
        }
    }
}

// Floating-point operations of one multiply() by a warp.
template <Arithmetic kind>
constexpr double operations() {
    return kind == Arithmetic::Bfloat16 ? 2.0 * 16 * 8 * 16 : kind == Arithmetic::Tf32 ? 2.0 * 16 * 8 * 8 : 2.0 * 4 * 32;
}

template <Arithmetic kind>
__global__ void multiply_kernel(float* result) {
    float c[Chains][4] = {};
    uint32_t a[4], b[2];
    for (uint32_t& value : a) {
        value = __float_as_uint(static_cast<float>(threadIdx.x) * 1e-3f);
    }
    for (uint32_t& value : b) {
        value = __float_as_uint(static_cast<float>(blockIdx.x) * 1e-3f);
    }
    for (int round = 0; round < Rounds; ++round) {
#pragma unroll
        for (int chain = 0; chain < Chains; ++chain) {
            multiply<kind>(c[chain], a, b);
        }
    }
    float sum = 0;
    for (const auto& chain : c) {
        sum += chain[0] + chain[1] + chain[2] + chain[3];
    }
    result[blockIdx.x * blockDim.x + threadIdx.x] = sum; // or the compiler would leave it all out
}

template <Arithmetic kind>
void arithmetic_peak(const char* name, const cudaDeviceProp& device, cudaStream_t stream) {
    constexpr int Threads = 256;
    auto blocks = static_cast<unsigned>(device.multiProcessorCount * 4);
    DeviceFloats result(size_t{blocks} * Threads);
    double time = device_time(stream, 20, 1, [&](cudaStream_t on) {
        multiply_kernel<kind><<<blocks, Threads, 0, on>>>(result.data());
        check(cudaGetLastError(), "launching products");
    });
    double total = operations<kind>() * Chains * Rounds * (Threads / 32) * blocks;
    report("d", name, total / time / 1e6, "TFLOP/s");
}

} // namespace

} // namespace experiments

int main(int count, char** arguments) {
    using namespace experiments;
    std::string wanted = count > 1 ? arguments[1] : "abcde";
    int devices = 0;
    cudaError_t error = cudaGetDeviceCount(&devices);
    if (error != cudaSuccess || devices == 0) {
        std::fprintf(stderr, "no CUDA device: %s\n", cudaGetErrorString(error));
        return 77; // as test programs say that they were skipped
    }
    cudaDeviceProp device{};
    check(cudaGetDeviceProperties(&device, 0), "asking for the properties of the device");
    cudaStream_t stream = nullptr;
    check(cudaStreamCreate(&stream), "making a stream");
    for (char experiment : wanted) {
        switch (experiment) {
        case 'a':
            chain_of_kernels(device, stream);
            break;
        case 'b':
            adam_steps(device, stream);
            break;
        case 'c':
#if defined(EXPERIMENTS_CUDNN)
            convolutions(stream);
#else
            std::fprintf(stderr, "(c) is left out: built without cuDNN\n");
#endif
            break;
        case 'd':
            arithmetic_peak<Arithmetic::Bfloat16>("mma.sync m16n8k16 bf16", device, stream);
            arithmetic_peak<Arithmetic::Tf32>("mma.sync m16n8k8 TF32", device, stream);
            arithmetic_peak<Arithmetic::Float32>("FFMA float32", device, stream);
            break;
        case 'e':
            graph_launches(stream);
            break;
        default:
            std::fprintf(stderr, "Usage: gpu_experiments [letters of abcde]\n");
            return 2;
        }
    }
    check(cudaStreamDestroy(stream), "releasing the stream");
    return 0;
}
