// CUDA's small vectors, with its names and alignments.
#pragma once

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

#define CN_SIM_VECTORS(scalar, name)                                                                                                       \
    struct alignas(2 * sizeof(scalar)) name##2 {                                                                                           \
        scalar x, y;                                                                                                                       \
    };                                                                                                                                     \
    struct alignas(4 * sizeof(scalar)) name##4 {                                                                                           \
        scalar x, y, z, w;                                                                                                                 \
    };                                                                                                                                     \
    inline name##2 make_##name##2(scalar x, scalar y) {                                                                                    \
        return {x, y};                                                                                                                     \
    }                                                                                                                                      \
    inline name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) {                                                                \
        return {x, y, z, w};                                                                                                               \
    }

CN_SIM_VECTORS(unsigned char, uchar)
CN_SIM_VECTORS(unsigned short, ushort)
CN_SIM_VECTORS(int, int)
CN_SIM_VECTORS(unsigned, uint)
CN_SIM_VECTORS(float, float)
#undef CN_SIM_VECTORS
