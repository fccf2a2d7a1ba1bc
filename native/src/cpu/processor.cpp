#include "processor.h"

#include <cstdint>
#include <cstring>
#include <thread>

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#endif

namespace compiled::cpu {

namespace {

#if defined(CN_HAVE_X86_SETS)

struct Features {
    bool avx2;
    bool avx512;
};

uint64_t enabled_register_state() noexcept {
    uint32_t low = 0, high = 0;
    __asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low | (uint64_t{high} << 32);
}

Features detect() noexcept {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) {
        return {};
    }
    constexpr uint32_t Fma = 1u << 12, OsXsave = 1u << 27, Avx = 1u << 28;
    constexpr uint32_t Needed = Fma | OsXsave | Avx;
    if ((c & Needed) != Needed || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) {
        return {};
    }
    constexpr uint32_t Avx2 = 1u << 5, F = 1u << 16, Dq = 1u << 17, Bw = 1u << 30, Vl = 1u << 31;
    constexpr uint32_t Avx512 = Avx2 | F | Dq | Bw | Vl;
    constexpr uint64_t YmmState = 0x06, ZmmState = 0xE6; // what the operating system saves
    uint64_t state = enabled_register_state();
    Features features{};
    features.avx2 = (b & Avx2) != 0 && (state & YmmState) == YmmState;
    features.avx512 = (b & Avx512) == Avx512 && (state & ZmmState) == ZmmState;
    return features;
}

const Features& features() noexcept {
    static const Features Detected = detect();
    return Detected;
}

#endif

} // namespace

bool supports(cn_instruction_set set) noexcept {
    switch (set) {
    case CN_INSTRUCTION_SET_BEST:
    case CN_INSTRUCTION_SET_BASELINE:
        return true;
#if defined(CN_HAVE_X86_SETS)
    case CN_INSTRUCTION_SET_AVX2:
        return features().avx2;
    case CN_INSTRUCTION_SET_AVX512:
        return features().avx512;
#endif
#if defined(CN_HAVE_WIDE)
    case CN_INSTRUCTION_SET_WIDE:
        return true;
#endif
    default:
        return false;
    }
}

cn_instruction_set best_instruction_set() noexcept {
    if (supports(CN_INSTRUCTION_SET_AVX512)) {
        return CN_INSTRUCTION_SET_AVX512;
    }
    return supports(CN_INSTRUCTION_SET_AVX2) ? CN_INSTRUCTION_SET_AVX2 : CN_INSTRUCTION_SET_BASELINE;
}

const char* instruction_set_name(cn_instruction_set set) noexcept {
    switch (set) {
    case CN_INSTRUCTION_SET_BASELINE:
        return "baseline";
    case CN_INSTRUCTION_SET_AVX2:
        return "AVX2";
    case CN_INSTRUCTION_SET_AVX512:
        return "AVX-512";
    case CN_INSTRUCTION_SET_WIDE:
        return "wide";
    default:
        return "best";
    }
}

std::string processor_name() {
#if defined(__x86_64__) || defined(_M_X64)
    uint32_t brand[13] = {}; // 48 bytes of text and a closing zero
    for (uint32_t leaf = 0; leaf < 3; ++leaf) {
        uint32_t* words = brand + size_t{4} * leaf;
        if (__get_cpuid(0x80000002u + leaf, &words[0], &words[1], &words[2], &words[3]) == 0) {
            return "x86-64";
        }
    }
    char text[sizeof(brand)];
    std::memcpy(text, brand, sizeof(brand));
    std::string name(text);
    size_t begin = name.find_first_not_of(' ');
    size_t end = name.find_last_not_of(' ');
    return begin == std::string::npos ? "x86-64" : name.substr(begin, end - begin + 1);
#elif defined(__aarch64__)
    return "AArch64";
#else
    return "CPU";
#endif
}

int processor_count() noexcept {
    unsigned count = std::thread::hardware_concurrency();
    return count == 0 ? 1 : static_cast<int>(count);
}

} // namespace compiled::cpu
