// The floating-point mode of the kernels, from the beginning to the end of a run, on every thread that takes part: round to nearest, no
// traps, and subnormal numbers are zero. Adam's moments of a weight whose gradient has died decay into the subnormal range and would stay
// there, each costing a hundred cycles per update on many processors. Setting the whole mode also makes results independent of the
// caller's.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace compiled::cpu {

class FloatEnvironment {
public:
    // Gives the mode before, for `leave`.
    static uint64_t enter() noexcept {
        Word saved = get();
        set(Mode);
        return saved;
    }
    static void leave(uint64_t saved) noexcept { set(static_cast<Word>(saved)); }

private:
#if defined(__x86_64__) || defined(_M_X64)
    using Word = uint32_t;
    static constexpr Word Mode = 0x1F80 | 0x8000 | 0x0040; // all exceptions masked, flush to zero, denormals are zero
    static Word get() noexcept {
        return _mm_getcsr();
    }
    static void set(Word word) noexcept {
        _mm_setcsr(word);
    }
#elif defined(__aarch64__)
    using Word = uint64_t;
    static constexpr Word Mode = Word{1} << 24; // FPCR.FZ
    static Word get() noexcept {
        Word word;
        __asm__ __volatile__("mrs %0, fpcr" : "=r"(word));
        return word;
    }
    static void set(Word word) noexcept {
        __asm__ __volatile__("msr fpcr, %0" : : "r"(word));
    }
#else
    using Word = uint32_t;
    static constexpr Word Mode = 0;
    static Word get() noexcept {
        return 0;
    }
    static void set(Word) noexcept {}
#endif
};

} // namespace compiled::cpu
