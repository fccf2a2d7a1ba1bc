// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
// A block is a pure function of (counter, key): any element of any stream can be drawn by any thread, on any device, in any order.
#pragma once

#include "host_device.h"

#include <cstdint>

namespace compiled {

struct PhiloxBlock {
    uint32_t words[4];
};

namespace philox {
constexpr int Rounds = 10;
constexpr uint32_t Multiplier0 = 0xD2511F53u;
constexpr uint32_t Multiplier1 = 0xCD9E8D57u;
constexpr uint32_t Weyl0 = 0x9E3779B9u; // golden ratio
constexpr uint32_t Weyl1 = 0xBB67AE85u; // sqrt(3) - 1
} // namespace philox

CN_HOST_DEVICE PhiloxBlock philox4x32(PhiloxBlock counter, uint32_t key0, uint32_t key1) {
    uint32_t c0 = counter.words[0], c1 = counter.words[1], c2 = counter.words[2], c3 = counter.words[3];
    for (int round = 0; round < philox::Rounds; ++round) {
        uint64_t product0 = uint64_t{philox::Multiplier0} * c0;
        uint64_t product1 = uint64_t{philox::Multiplier1} * c2;
        c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ key0;
        c1 = static_cast<uint32_t>(product1);
        c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ key1;
        c3 = static_cast<uint32_t>(product0);
        key0 += philox::Weyl0;
        key1 += philox::Weyl1;
    }
    return {{c0, c1, c2, c3}};
}

// Words 2 and 3 of the counter of every random stream: the update and the stream (compiled.h, "Dropout").
CN_HOST_DEVICE uint32_t philox_step_word(uint64_t step) {
    return static_cast<uint32_t>(step);
}
CN_HOST_DEVICE uint32_t philox_stream_word(uint64_t step, uint32_t stream) {
    return stream + (static_cast<uint32_t>(step >> 32) << 16);
}

// Block `index` of a stream: its words are the elements 4 * index to 4 * index + 3.
CN_HOST_DEVICE PhiloxBlock philox_stream_block(uint64_t seed, uint64_t step, uint32_t stream, uint64_t index) {
    PhiloxBlock counter = {
        {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), philox_step_word(step), philox_stream_word(step, stream)}};
    return philox4x32(counter, static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
}

} // namespace compiled
