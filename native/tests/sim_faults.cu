// Bugs, planted for native/sim to find: for the host compiler only, as nvcc finds some of them itself.
#include "sim_faults.h"

namespace cuda = compiled::cuda;

namespace sim_faults {

constexpr unsigned Full = 0xFFFFFFFFu;

// Launches kernel<..., true> or kernel<..., false>.
#define CN_EITHER(kernel, blocks, ...)                                                                                                     \
    (correct ? cuda::launch(kernel<true>, blocks, Threads, 0, nullptr, __VA_ARGS__)                                                        \
             : cuda::launch(kernel<false>, blocks, Threads, 0, nullptr, __VA_ARGS__))

__device__ float sum_of(const float (&values)[Threads]) {
    float sum = 0;
    for (float value : values) {
        sum += value;
    }
    return sum;
}

template <bool Correct>
__global__ void missing_barrier_kernel(const float* x, float* y) {
    CN_SHARED(values, float[Threads]);
    float sum = 0;
    for (int round = 0; round < Rounds; ++round) {
        values[threadIdx.x] = x[round * Threads + static_cast<int>(threadIdx.x)];
        __syncthreads();
        sum += sum_of(values);
        if (Correct) {
            __syncthreads();
        }
    }
    y[threadIdx.x] = sum;
}

cudaError_t missing_barrier(const float* x, float* y, bool correct) {
    return CN_EITHER(missing_barrier_kernel, 1u, x, y);
}

template <AsyncBug Bug, bool Correct>
__global__ void async_copies_kernel(const float* x, float* y) {
    CN_SHARED(buffers, float[2][Threads]);
    constexpr bool OneBuffer = !Correct && Bug == AsyncBug::TooEarly; // the next round's copy, into what this round reads
    int thread = static_cast<int>(threadIdx.x);
    float sum = 0;
    cuda::async_copy<4>(&buffers[0][thread], x + thread);
    cuda::async_commit();
    for (int round = 0; round < Rounds; ++round) {
        if (Correct || Bug != AsyncBug::NoWait) {
            cuda::async_wait<0>();
        }
        if (Correct || Bug != AsyncBug::NoBarrierAfterWait) {
            __syncthreads();
        }
        if (round + 1 < Rounds) {
            cuda::async_copy<4>(&buffers[OneBuffer ? 0 : (round + 1) % 2][thread], x + (round + 1) * Threads + thread);
            cuda::async_commit();
        }
        sum += sum_of(buffers[OneBuffer ? 0 : round % 2]);
        __syncthreads();
    }
    y[thread] = sum;
}

cudaError_t async_copies(const float* x, float* y, AsyncBug bug, bool correct) {
    auto kernel = async_copies_kernel<AsyncBug::NoWait, true>;
    if (!correct) {
        kernel = bug == AsyncBug::NoWait               ? async_copies_kernel<AsyncBug::NoWait, false>
                 : bug == AsyncBug::NoBarrierAfterWait ? async_copies_kernel<AsyncBug::NoBarrierAfterWait, false>
                                                       : async_copies_kernel<AsyncBug::TooEarly, false>;
    }
    return cuda::launch(kernel, 1u, Threads, 0, nullptr, x, y);
}

template <bool Correct>
__global__ void beyond_global_kernel(const float* x, float* y) {
    y[threadIdx.x] = x[threadIdx.x];
    if (!Correct && threadIdx.x == 0) {
        y[Threads] = 0;
    }
}

cudaError_t beyond_global(const float* x, float* y, bool correct) {
    return CN_EITHER(beyond_global_kernel, 1u, x, y);
}

// The index is a parameter, so that no compiler sees what it is.
__device__ void copy_through(float* values, const float* x, float* y, int also) {
    int thread = static_cast<int>(threadIdx.x);
    values[thread] = x[thread];
    if (thread == 0) {
        values[also] = x[0];
    }
    __syncthreads();
    y[thread] = values[thread];
}

__global__ void beyond_shared_kernel(const float* x, float* y, int also) {
    CN_SHARED(values, float[Threads]);
    CN_SHARED(neighbour, float[Threads]);
    neighbour[threadIdx.x] = 0;
    copy_through(values, x, y, also);
    y[threadIdx.x] += neighbour[threadIdx.x];
}

cudaError_t beyond_shared(const float* x, float* y, bool correct) {
    return cuda::launch(beyond_shared_kernel, 1u, Threads, 0, nullptr, x, y, correct ? 0 : Threads);
}

template <bool Correct>
__global__ void uninitialised_shared_kernel(const float* x, float* y) {
    CN_SHARED(values, float[Threads]);
    int thread = static_cast<int>(threadIdx.x);
    if (Correct || blockIdx.x == 0) {
        values[thread] = x[thread];
    }
    __syncthreads();
    y[static_cast<int>(blockIdx.x) * Threads + thread] = values[thread];
}

cudaError_t uninitialised_shared(const float* x, float* y, bool correct) {
    return CN_EITHER(uninitialised_shared_kernel, 2u, x, y);
}

template <bool Correct>
__global__ void ordered_blocks_kernel(const float* x, float* y) {
    if (threadIdx.x == 0) {
        int block = static_cast<int>(blockIdx.x);
        y[block] = Correct || block == 0 ? x[0] + static_cast<float>(block) : y[block - 1] + 1;
    }
}

cudaError_t ordered_blocks(const float* x, float* y, bool correct) {
    return CN_EITHER(ordered_blocks_kernel, 4u, x, y);
}

template <bool Correct>
__global__ void unrounded_tf32_kernel(const float* x, float* y) {
    bool first = threadIdx.x == 0;
    float d[4] = {};
    uint32_t a[4] = {}, b[2] = {};
    if (first) { // row 0 and k 0 of a, k 0 and column 0 of b
        a[0] = Correct ? cuda::to_tf32(x[0]) : __float_as_uint(x[0]);
        b[0] = cuda::to_tf32(1);
    }
    cuda::mma_tf32(d, a, b);
    if (first) {
        y[0] = d[0];
    }
}

cudaError_t unrounded_tf32(const float* x, float* y, bool correct) {
    return CN_EITHER(unrounded_tf32_kernel, 1u, x, y);
}

__global__ void fault_kernel(Bug bug, float* x, bool correct) {
    CN_SHARED(values, float[Threads]);
    int thread = static_cast<int>(threadIdx.x), lane = thread % 32;
    int shift = correct ? 0 : 1; // misaligns
    switch (bug) {
    case Bug::DivergentBarrier:
        if (!correct && thread < 64) {
            __syncthreads();
        } else {
            __syncthreads();
        }
        break;
    case Bug::Deadlock:
        if (!correct && lane < 16) {
            __syncwarp();
        }
        __syncthreads();
        break;
    case Bug::LaneNotInMask:
        __syncwarp(correct ? Full : 0xFFFFFFFEu);
        break;
    case Bug::DifferentMasks:
        __shfl_sync(correct || lane != 5 ? Full : 0xFFFFu, thread, 0);
        break;
    case Bug::DifferentCalls:
        if (correct || lane != 5) {
            __any_sync(Full, 1);
        } else {
            __all_sync(Full, 1);
        }
        break;
    case Bug::ShuffleWidth:
        __shfl_sync(Full, thread, 0, correct ? 8 : 9);
        break;
    case Bug::MisalignedVector:
        cuda::store_vector(x, cuda::load_vector<float4>(x + 4 * shift + shift));
        break;
    case Bug::MisalignedAtomic:
        atomicAdd(reinterpret_cast<unsigned long long*>(x + shift), 0ull);
        break;
    case Bug::MisalignedCopy:
        cuda::async_copy<16>(&values[lane / 8 * 4], x + shift);
        break;
    case Bug::CopyToGlobal:
        cuda::async_copy<16>(correct ? values : x + 4, x);
        break;
    case Bug::MisalignedMatrix:
    case Bug::MatrixBeyondShared: {
        uint32_t result[1];
        const float* row = bug == Bug::MisalignedMatrix ? values + shift : values + shift * Threads;
        cuda::load_matrices<1>(result, row);
        break;
    }
    case Bug::MmaWithoutLane: {
        if (!correct && lane == 7) {
            return;
        }
        float d[4] = {};
        uint32_t a[4] = {}, b[2] = {};
        cuda::mma_bf16(d, a, b);
        break;
    }
    case Bug::TooMuchStaticShared: // with the 512 bytes of `values`
        if (correct) {
            CN_SHARED(large, char[47 * 1024]);
            large[thread] = 0;
        } else {
            CN_SHARED(larger, char[48 * 1024]);
            larger[thread] = 0;
        }
        break;
    }
}

cudaError_t fault(Bug bug, float* x, bool correct) {
    return cuda::launch(fault_kernel, 1u, Threads, 0, nullptr, bug, x, correct);
}

__global__ void shuffle_from_exited_kernel(float* y) {
    y[threadIdx.x] = 0;
    if (threadIdx.x == 31) {
        return;
    }
    y[threadIdx.x] = __shfl_down_sync(Full, 1.0f, 1);
}

cudaError_t shuffle_from_exited(float* y) {
    return cuda::launch(shuffle_from_exited_kernel, 1u, 32, 0, nullptr, y);
}

} // namespace sim_faults
