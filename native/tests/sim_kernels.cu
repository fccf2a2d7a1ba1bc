#include "sim_kernels.h"

namespace cuda = compiled::cuda;

namespace sim_kernels {

constexpr unsigned Full = 0xFFFFFFFFu;

__device__ float warp_sum(float value) {
    for (int offset = 16; offset > 0; offset /= 2) {
        value += __shfl_xor_sync(Full, value, offset);
    }
    return value;
}

// The sum over the block, in thread 0.
__device__ float block_sum(float value) {
    CN_SHARED(warp_sums, float[32]);
    unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    unsigned lanes = warp == blockDim.x / 32 ? blockDim.x % 32 : 32; // a warp that is not full cannot exchange with all
    float sum = 0;
    for (unsigned other = 0; other < lanes; ++other) {
        sum += __shfl_sync(lanes == 32 ? Full : (1u << lanes) - 1, value, static_cast<int>(other));
    }
    if (lane == 0) {
        warp_sums[warp] = sum;
    }
    __syncthreads();
    sum = 0;
    if (warp == 0) {
        sum = warp_sum(lane < (blockDim.x + 31) / 32 ? warp_sums[lane] : 0);
    }
    __syncthreads();
    return sum;
}

__global__ void sum_kernel(const float* x, int count, float* partial, float* total, unsigned* ticket) {
    float value = 0;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < static_cast<unsigned>(count); i += gridDim.x * blockDim.x) {
        value += __ldg(x + i);
    }
    value = block_sum(value);
    CN_SHARED(last, bool);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = value;
        __threadfence();
        last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (!last) {
        return;
    }
    value = 0;
    for (unsigned i = threadIdx.x; i < gridDim.x; i += blockDim.x) {
        value += partial[i];
    }
    value = block_sum(value);
    if (threadIdx.x == 0) {
        *total = value;
    }
}

cudaError_t sum(const float* x, int count, int blocks, float* partial, float* total, unsigned* ticket, cudaStream_t stream) {
    return cuda::launch(sum_kernel, static_cast<unsigned>(blocks), SumThreads, 0, stream, x, count, partial, total, ticket);
}

template <int Tile>
__global__ void __launch_bounds__(Tile* Tile) multiply_kernel(const float* a, const float* b, float* c, int m, int n, int k) {
    CN_DYNAMIC_SHARED(float, tiles);
    float* a_tile = tiles;
    float* b_tile = tiles + Tile * Tile;
    int column = static_cast<int>(threadIdx.x), row = static_cast<int>(threadIdx.y);
    int x = static_cast<int>(blockIdx.x) * Tile + column, y = static_cast<int>(blockIdx.y) * Tile + row;
    float sum = 0;
    for (int begin = 0; begin < k; begin += Tile) {
        a_tile[row * Tile + column] = y < m && begin + column < k ? a[y * k + begin + column] : 0;
        b_tile[row * Tile + column] = x < n && begin + row < k ? b[(begin + row) * n + x] : 0;
        __syncthreads();
        for (int i = 0; i < Tile; ++i) {
            sum += a_tile[row * Tile + i] * b_tile[i * Tile + column];
        }
        __syncthreads();
    }
    if (x < n && y < m) {
        c[y * n + x] = sum;
    }
}

cudaError_t multiply(const float* a, const float* b, float* c, int m, int n, int k, cudaStream_t stream) {
    constexpr int Tile = 16;
    dim3 grid(static_cast<unsigned>((n + Tile - 1) / Tile), static_cast<unsigned>((m + Tile - 1) / Tile));
    return cuda::launch(multiply_kernel<Tile>, grid, dim3(Tile, Tile), 2 * Tile * Tile * sizeof(float), stream, a, b, c, m, n, k);
}

// Every thread copies 16 bytes of two rows; rows beyond the end are zero.
__device__ void fetch(float (&tile)[PipelineRows][PipelineColumns], const float* x, int rows, int first) {
    for (int chunk = static_cast<int>(threadIdx.x); chunk < PipelineRows * PipelineColumns / 4; chunk += PipelineColumns) {
        int row = chunk / (PipelineColumns / 4), column = chunk % (PipelineColumns / 4) * 4;
        bool valid = first + row < rows;
        cuda::async_copy<16>(&tile[row][column], valid ? x + (first + row) * PipelineColumns + column : x, valid ? 16 : 0);
    }
    cuda::async_commit();
}

__global__ void sum_columns_kernel(const float* x, int rows, float* sums) {
    CN_SHARED(tiles, float[2][PipelineRows][PipelineColumns]);
    fetch(tiles[0], x, rows, 0);
    float sum = 0;
    for (int first = 0, stage = 0; first < rows; first += PipelineRows, stage ^= 1) {
        if (first + PipelineRows < rows) {
            fetch(tiles[stage ^ 1], x, rows, first + PipelineRows);
            cuda::async_wait<1>();
        } else {
            cuda::async_wait<0>();
        }
        __syncthreads();
        for (int row = 0; row < PipelineRows; ++row) {
            sum += tiles[stage][row][threadIdx.x];
        }
        __syncthreads();
    }
    sums[threadIdx.x] = sum;
}

cudaError_t sum_columns(const float* x, int rows, float* sums, cudaStream_t stream) {
    return cuda::launch(sum_columns_kernel, 1u, PipelineColumns, 0, stream, x, rows, sums);
}

constexpr int MmaWarps = MmaRows / 16 * (MmaColumns / 8);
constexpr int MmaDepth = 64;

// Where this warp's 16 * 8 tile of the product begins, and the store of its fragment.
struct MmaTile {
    int row, column, lane;

    __device__ MmaTile() {
        int warp = static_cast<int>(threadIdx.x) / 32;
        lane = static_cast<int>(threadIdx.x) % 32;
        row = warp / (MmaColumns / 8) * 16;
        column = warp % (MmaColumns / 8) * 8;
    }

    __device__ void store(float* c, const float (&d)[4]) const {
        for (int half = 0; half < 2; ++half) {
            float* target = c + (row + lane / 4 + half * 8) * MmaColumns + column + lane % 4 * 2;
            cuda::store_vector(target, make_float2(d[half * 2], d[half * 2 + 1]));
        }
    }
};

// a and b go to shared memory as bf16 in the order they come in; ldmatrix turns b around.
__global__ void multiply_bf16_kernel(const float* a, const float* b, float* c, int k) {
    constexpr int Pitch = MmaDepth + 8; // 16 bytes, so that the rows of ldmatrix lie in different banks
    CN_SHARED(a_tile, unsigned short[MmaRows][Pitch]);
    CN_SHARED(b_tile, unsigned short[MmaDepth][MmaColumns]);
    for (int pair = static_cast<int>(threadIdx.x); pair < MmaRows * k / 2; pair += MmaWarps * 32) {
        float2 two = cuda::load_vector<float2>(a + pair * 2);
        cuda::store_vector(&a_tile[pair / (k / 2)][pair % (k / 2) * 2], cuda::pack_bf16(two.x, two.y));
    }
    for (int pair = static_cast<int>(threadIdx.x); pair < MmaColumns * k / 2; pair += MmaWarps * 32) {
        float2 two = cuda::load_vector<float2>(b + pair * 2);
        cuda::store_vector(&b_tile[0][0] + pair * 2, cuda::pack_bf16(two.x, two.y));
    }
    __syncthreads();
    MmaTile tile;
    float d[4] = {};
    for (int begin = 0; begin < k; begin += 16) {
        uint32_t a_fragment[4], b_fragment[2];
        cuda::load_matrices<4>(a_fragment, &a_tile[tile.row + tile.lane % 16][begin + tile.lane / 16 * 8]);
        cuda::load_matrices<2, true>(b_fragment, &b_tile[begin + tile.lane % 16][tile.column]);
        cuda::mma_bf16(d, a_fragment, b_fragment);
    }
    tile.store(c, d);
}

cudaError_t multiply_bf16(const float* a, const float* b, float* c, int k, cudaStream_t stream) {
    return cuda::launch(multiply_bf16_kernel, 1u, MmaWarps * 32, 0, stream, a, b, c, k);
}

__global__ void multiply_tf32_kernel(const float* a, const float* b, float* c, int k) {
    MmaTile tile;
    int g = tile.lane / 4, t = tile.lane % 4;
    float d[4] = {};
    for (int begin = 0; begin < k; begin += 8) {
        uint32_t a_fragment[4], b_fragment[2];
        for (int i = 0; i < 4; ++i) {
            a_fragment[i] = cuda::to_tf32(a[(tile.row + g + i % 2 * 8) * k + begin + t + i / 2 * 4]);
        }
        for (int i = 0; i < 2; ++i) {
            b_fragment[i] = cuda::to_tf32(b[(begin + t + i * 4) * MmaColumns + tile.column + g]);
        }
        cuda::mma_tf32(d, a_fragment, b_fragment);
    }
    tile.store(c, d);
}

cudaError_t multiply_tf32(const float* a, const float* b, float* c, int k, cudaStream_t stream) {
    return cuda::launch(multiply_tf32_kernel, 1u, MmaWarps * 32, 0, stream, a, b, c, k);
}

template <int Count, bool Transposed>
__global__ void matrices_kernel(const unsigned short* x, unsigned* words) {
    CN_SHARED(rows, uint4[8 * Count]);
    int lane = static_cast<int>(threadIdx.x);
    if (lane < 8 * Count) {
        rows[lane] = cuda::load_vector<uint4>(x + lane * 8);
    }
    __syncwarp();
    uint32_t result[Count];
    cuda::load_matrices<Count, Transposed>(result, &rows[lane % (8 * Count)]);
    for (int i = 0; i < Count; ++i) {
        words[lane * Count + i] = result[i];
    }
}

template <int Count>
cudaError_t matrices(const unsigned short* x, bool transposed, unsigned* words, cudaStream_t stream) {
    return transposed ? cuda::launch(matrices_kernel<Count, true>, 1u, 32, 0, stream, x, words)
                      : cuda::launch(matrices_kernel<Count, false>, 1u, 32, 0, stream, x, words);
}

cudaError_t matrices(const unsigned short* x, int count, bool transposed, unsigned* words, cudaStream_t stream) {
    if (count == 1) {
        return matrices<1>(x, transposed, words, stream);
    }
    return count == 2 ? matrices<2>(x, transposed, words, stream) : matrices<4>(x, transposed, words, stream);
}

// The first half goes word by word, the second in pairs; a word whose copy is not valid is zero.
__global__ void copy_words_kernel(const int* x, int* y, int count) {
    CN_SHARED(words, int[128]);
    int thread = static_cast<int>(threadIdx.x);
    if (thread < count / 2) {
        cuda::async_copy<4>(words + thread, x + thread);
    }
    if (thread < count / 4) {
        cuda::async_copy<8>(words + count / 2 + thread * 2, x + count / 2 + thread * 2, thread == count / 4 - 1 ? 0 : 8);
    }
    cuda::async_commit();
    cuda::async_wait<0>();
    __syncthreads();
    for (int i = thread; i < count; i += static_cast<int>(blockDim.x)) {
        y[i] = words[i];
    }
}

cudaError_t copy_words(const int* x, int* y, int count, cudaStream_t stream) {
    return cuda::launch(copy_words_kernel, 1u, 64, 0, stream, x, y, count);
}

__global__ void count_kernel(const int* x, int size, Counters* counters) {
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= size) {
        return;
    }
    atomicAdd(&counters->sum, x[i]);
    atomicMin(&counters->smallest, x[i]);
    atomicMax(&counters->largest, x[i]);
    atomicOr(&counters->bits, 1 << (x[i] & 15));
    atomicInc(&counters->wrapped, 6);
    atomicCAS(&counters->set_once, 0u, 1u);
    atomicAdd(&counters->wide_sum, static_cast<unsigned long long>(x[i]) << 32);
    atomicMax(&counters->wide_largest, static_cast<unsigned long long>(x[i]) << 32);
    atomicAdd(&counters->float_sum, static_cast<float>(x[i]));
    int passed_on = atomicExch(&counters->exchanged, x[i]); // what is taken out here
    atomicAdd(&counters->exchanged, passed_on);             // is put back in: the sum of all stays
    auto* bits = reinterpret_cast<unsigned*>(&counters->by_compare_and_swap);
    unsigned seen = *bits, expected;
    do {
        expected = seen;
        seen = atomicCAS(bits, expected, __float_as_uint(__uint_as_float(expected) + static_cast<float>(x[i])));
    } while (seen != expected);
}

cudaError_t count(const int* x, int size, Counters* counters, cudaStream_t stream) {
    return cuda::launch(count_kernel, static_cast<unsigned>((size + 127) / 128), 128, 0, stream, x, size, counters);
}

__global__ void vote_kernel(const int* x, Votes* votes) {
    int thread = static_cast<int>(threadIdx.x), lane = thread % warpSize;
    int value = x[thread];
    unsigned mask = thread < 64 ? Full : 0xFFFFu; // the last warp has 16 lanes
    Votes mine = {};
    mine.up = __shfl_up_sync(mask, value, 3);
    mine.down = __shfl_down_sync(mask, value, 2, 16);
    mine.exchanged = __shfl_xor_sync(mask, value, 5);
    mine.broadcast = __shfl_sync(mask, value, 7);
    mine.segment = __shfl_sync(mask, value, 3, 8);
    mine.ballot = __ballot_sync(mask, value > 0);
    if (lane % 2 == 1) { // the odd lanes among themselves
        mine.odd_ballot = __ballot_sync(mask & 0xAAAAAAAAu, value > 0);
    }
    mine.any = __any_sync(mask, value == 5);
    mine.all = __all_sync(mask, value < 5);
    mine.count = __syncthreads_count(value > 0);
    mine.every = __syncthreads_and(value < 100);
    mine.some = __syncthreads_or(value == 5);
    votes[thread] = mine;
    if (thread >= 48) { // barriers and warps do without them from here on
        return;
    }
    mine.after_exit = __syncthreads_count(1);
    mine.after_exit += __popc(__ballot_sync(Full, 1)) * 1000;
    votes[thread] = mine;
}

cudaError_t vote(const int* x, Votes* votes, cudaStream_t stream) {
    return cuda::launch(vote_kernel, 1u, VoteThreads, 0, stream, x, votes);
}

__global__ void scale_kernel(float* x, int count, Step* step) {
    float factor = step->factor;
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
        x[i] *= factor;
    }
    if (threadIdx.x == 0) {
        ++step->number;
    }
}

cudaError_t scale(float* x, int count, Step* step, cudaStream_t stream) {
    return cuda::launch(scale_kernel, 1u, 64, 0, stream, x, count, step);
}

__global__ void indices_kernel(int* where) {
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    unsigned digits[] = {blockIdx.z, blockIdx.y, blockIdx.x, threadIdx.z, threadIdx.y, threadIdx.x};
    unsigned number = 0;
    for (unsigned digit : digits) {
        number = number * 10 + digit;
    }
    where[block * blockDim.x * blockDim.y * blockDim.z + thread] = static_cast<int>(number);
}

cudaError_t indices(dim3 grid, dim3 block, int* where, cudaStream_t stream) {
    return cuda::launch(indices_kernel, grid, block, 0, stream, where);
}

__global__ void fill_shared_kernel(int* result, int bytes) {
    CN_DYNAMIC_SHARED(char, memory);
    for (int i = static_cast<int>(threadIdx.x); i < bytes; i += static_cast<int>(blockDim.x)) {
        memory[i] = 1;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        *result = 0;
        for (int i = 0; i < bytes; ++i) {
            *result += memory[i];
        }
    }
}

cudaError_t allow_shared(int bytes) {
    return cudaFuncSetAttribute(fill_shared_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

cudaError_t fill_shared(int* result, int bytes) {
    return cuda::launch(fill_shared_kernel, 1u, 64, static_cast<size_t>(bytes), nullptr, result, bytes);
}

} // namespace sim_kernels
