// ldmatrix and mma.sync, lane for lane as PTX lays out their fragments, and the conversions that go with them.
//
// Operands are rounded exactly as on a GPU. The sum over k goes upwards in float32; a GPU adds in an order and with a rounding of its own,
// so results agree bit for bit only where all sums are exact.
#pragma once

#include "block.h"

#include <cstdint>

namespace compiled::sim {

// The bits of x, rounded to 7 bits after the point, ties to even; NaN becomes 0x7FFF.
uint16_t to_bf16(float x);
// The bits of x, rounded to 10 bits after the point, ties away from zero; NaN becomes 0x7FFFFFFF.
uint32_t to_tf32(float x);

// result[i]: this lane's two elements of matrix i. Lane 8 * i + r names row r of matrix i, 16 bytes in shared memory.
void load_matrices(uint32_t* result, int count, bool transposed, const void* row, Site site);

// d[16][8] += a[16][16] * b[16][8] and d[16][8] += a[16][8] * b[8][8].
void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site);
void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site);

} // namespace compiled::sim
