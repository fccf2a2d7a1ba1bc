#include "tensor_core.h"

#include <cstring>

namespace compiled::sim {
namespace {

constexpr unsigned FullWarp = 0xFFFFFFFFu;

uint32_t bits_of(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof(bits));
    return bits;
}

float float_of(uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof(x));
    return x;
}

bool is_nan(uint32_t bits) {
    return (bits & 0x7FFFFFFFu) > 0x7F800000u;
}

// All lanes have to be there: fragments are spread over the whole warp.
void collective(void* operand, Exchange exchange, const char* call, Site site) {
    block.collective(FullWarp, operand, exchange, call, site);
}

void check_whole_warp(void* const* operands, const char* call) {
    for (unsigned lane = 0; lane < WarpSize; ++lane) {
        if (operands[lane] == nullptr) {
            block.fault(cudaErrorLaunchFailure, "%s without lane %u, which has exited or never was", call, lane);
        }
    }
}

struct LoadMatrices {
    const void* row;
    uint32_t* result;
    int count;
    bool transposed;
};

void exchange_matrices(void* const* operands) {
    check_whole_warp(operands, "ldmatrix");
    auto lanes = reinterpret_cast<LoadMatrices* const*>(operands);
    for (unsigned lane = 0; lane < WarpSize; ++lane) {
        for (int matrix = 0; matrix < lanes[lane]->count; ++matrix) {
            uint16_t pair[2];
            for (unsigned i = 0; i < 2; ++i) {
                unsigned row = lane / 4, column = lane % 4 * 2 + i;
                if (lanes[lane]->transposed) {
                    std::swap(row, column);
                }
                auto* source = static_cast<const char*>(lanes[static_cast<unsigned>(matrix) * 8 + row]->row);
                std::memcpy(&pair[i], source + column * sizeof(uint16_t), sizeof(uint16_t));
            }
            lanes[lane]->result[matrix] = pair[0] | static_cast<uint32_t>(pair[1]) << 16;
        }
    }
}

struct Mma {
    float* d;
    const uint32_t* a;
    const uint32_t* b;
};

// d += a * b over the fragments of a warp: lane 4 * g + t holds rows g and g + 8, columns 2t and 2t + 1 of d.
template <int K>
void multiply(Mma* const* lanes, const float (&a)[16][K], const float (&b)[K][8]) {
    for (unsigned row = 0; row < 16; ++row) {
        float sums[8];
        for (unsigned column = 0; column < 8; ++column) {
            sums[column] = lanes[row % 8 * 4 + column / 2]->d[row / 8 * 2 + column % 2];
        }
        for (int k = 0; k < K; ++k) {
            for (unsigned column = 0; column < 8; ++column) {
                sums[column] += a[row][k] * b[k][column];
            }
        }
        for (unsigned column = 0; column < 8; ++column) {
            lanes[row % 8 * 4 + column / 2]->d[row / 8 * 2 + column % 2] = sums[column];
        }
    }
}

// Registers of a: rows g, g + 8, g, g + 8; k 2t, 2t, 2t + 8, 2t + 8 and the next. Of b: k 2t, 2t + 8 and the next; column g.
void exchange_bf16(void* const* operands) {
    check_whole_warp(operands, "mma");
    auto lanes = reinterpret_cast<Mma* const*>(operands);
    float a[16][16], b[16][8];
    for (unsigned lane = 0; lane < WarpSize; ++lane) {
        unsigned g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 8; ++i) {
            unsigned word = i / 2;
            a[g + word % 2 * 8][2 * t + word / 2 * 8 + i % 2] = float_of(lanes[lane]->a[word] >> (i % 2 * 16) << 16);
        }
        for (unsigned i = 0; i < 4; ++i) {
            b[2 * t + i / 2 * 8 + i % 2][g] = float_of(lanes[lane]->b[i / 2] >> (i % 2 * 16) << 16);
        }
    }
    multiply(lanes, a, b);
}

// Registers of a: rows g, g + 8, g, g + 8; k t, t, t + 4, t + 4. Of b: k t, t + 4; column g. The tensor core ignores the low 13 bits.
void exchange_tf32(void* const* operands) {
    check_whole_warp(operands, "mma");
    auto lanes = reinterpret_cast<Mma* const*>(operands);
    constexpr uint32_t Used = ~uint32_t{0x1FFF};
    float a[16][8], b[8][8];
    for (unsigned lane = 0; lane < WarpSize; ++lane) {
        unsigned g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 4; ++i) {
            a[g + i % 2 * 8][t + i / 2 * 4] = float_of(lanes[lane]->a[i] & Used);
        }
        for (unsigned i = 0; i < 2; ++i) {
            b[t + i * 4][g] = float_of(lanes[lane]->b[i] & Used);
        }
    }
    multiply(lanes, a, b);
}

} // namespace

uint16_t to_bf16(float x) {
    uint32_t bits = bits_of(x);
    if (is_nan(bits)) {
        return 0x7FFF;
    }
    return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

uint32_t to_tf32(float x) {
    uint32_t bits = bits_of(x);
    if (is_nan(bits)) {
        return 0x7FFFFFFF;
    }
    return (bits + 0x1000) & ~uint32_t{0x1FFF};
}

void load_matrices(uint32_t* result, int count, bool transposed, const void* row, Site site) {
    if (block.current().lane() < static_cast<unsigned>(count) * 8) { // the others' addresses are not used
        check_aligned(row, 16, "a row of ldmatrix");
        check_shared(row, 16, "a row of ldmatrix");
    }
    LoadMatrices operand = {row, result, count, transposed};
    collective(&operand, exchange_matrices, "ldmatrix", site);
}

void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site) {
    Mma operand = {d, a, b};
    collective(&operand, exchange_bf16, "mma.m16n8k16.bf16", site);
}

void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site) {
    Mma operand = {d, a, b};
    collective(&operand, exchange_tf32, "mma.m16n8k8.tf32", site);
}

} // namespace compiled::sim
