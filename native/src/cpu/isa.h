// The instruction set being compiled, set by CMake for each object library:
//   CN_ISA    baseline, avx2, avx512, or wide: the namespace of everything compiled for it
//   CN_LANES  floats per vector: 4, 8 or 16
//
// Two copies of one inline function are one function to the linker, whatever flags compiled them. So: everything defined in a header for
// these sources is in namespace compiled::cpu::CN_ISA or CN_INLINE, and CMakeLists.txt links the instruction sets in rising order, so
// that of the standard library's inline functions the plainest copy is kept.
#pragma once

#if !defined(CN_ISA) || !defined(CN_LANES)
#error "compile this file through the object libraries of CMakeLists.txt, which define CN_ISA and CN_LANES"
#endif

#define CN_INLINE inline __attribute__((always_inline))
