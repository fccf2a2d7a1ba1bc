// The kernels that sim_test runs: small, and with the structure of the backend's. Every function launches one; nvcc compiles them, too.
#pragma once

#include "cuda/cuda.h"

namespace sim_kernels {

constexpr int SumThreads = 200; // the last warp is not full
constexpr int PipelineColumns = 64, PipelineRows = 8;
constexpr int MmaRows = 32, MmaColumns = 16; // of the product of one block
constexpr int VoteThreads = 80;

// total = the sum of x: one partial sum per block, and the last block to finish sums them up. ticket is 0 before and after.
cudaError_t sum(const float* x, int count, int blocks, float* partial, float* total, unsigned* ticket, cudaStream_t stream);

// c[m][n] = a[m][k] * b[k][n].
cudaError_t multiply(const float* a, const float* b, float* c, int m, int n, int k, cudaStream_t stream);

// sums[column] = the sum over x[rows][PipelineColumns], read through two buffers that cp.async fills.
cudaError_t sum_columns(const float* x, int rows, float* sums, cudaStream_t stream);

// c[MmaRows][MmaColumns] = a[MmaRows][k] * b[k][MmaColumns] on tensor cores: k is a multiple of 16, at most 64.
cudaError_t multiply_bf16(const float* a, const float* b, float* c, int k, cudaStream_t stream);
cudaError_t multiply_tf32(const float* a, const float* b, float* c, int k, cudaStream_t stream);

// words[lane][i]: what load_matrices gives each lane for `count` matrices of 8 * 8 shorts at x.
cudaError_t matrices(const unsigned short* x, int count, bool transposed, unsigned* words, cudaStream_t stream);

// Copies of 4 and 8 bytes: y = x[count], a multiple of 4, up to 128; the last two words are replaced by zeros.
cudaError_t copy_words(const int* x, int* y, int count, cudaStream_t stream);

struct Counters {
    int sum, smallest, largest, exchanged, bits;
    unsigned wrapped, set_once;
    unsigned long long wide_sum, wide_largest;
    float float_sum, by_compare_and_swap;
};
// Every value of x goes into each of the counters.
cudaError_t count(const int* x, int size, Counters* counters, cudaStream_t stream);

struct Votes {
    int up, down, exchanged, broadcast, segment;
    unsigned ballot, odd_ballot;
    int any, all, count, every, some, after_exit;
};
// What each of VoteThreads threads gets from the collectives, with its number and x[its number] as operands.
cudaError_t vote(const int* x, Votes* votes, cudaStream_t stream);

struct Step {
    float factor;
    int number;
};
// x *= step->factor; then ++step->number.
cudaError_t scale(float* x, int count, Step* step, cudaStream_t stream);

// where[block][thread] = its indices, as a number in base 10: grid z, y, x, then thread z, y, x.
cudaError_t indices(dim3 grid, dim3 block, int* where, cudaStream_t stream);

// *result = `bytes`, by way of all bytes of dynamic shared memory; more than 48 KB have to be allowed before.
cudaError_t allow_shared(int bytes);
cudaError_t fill_shared(int* result, int bytes);

} // namespace sim_kernels
