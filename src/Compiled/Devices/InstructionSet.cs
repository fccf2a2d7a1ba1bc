using Compiled.Interop;

namespace Compiled;

/// <summary>The instructions that CPU kernels are compiled for. Results differ in rounding between them, never between runs.</summary>
public enum InstructionSet
{
    /// <summary>The widest that this processor has.</summary>
    Best = cn_instruction_set.CN_INSTRUCTION_SET_BEST,

    /// <summary>Four lanes: what every processor of the architecture has (SSE2 on x86-64).</summary>
    Baseline = cn_instruction_set.CN_INSTRUCTION_SET_BASELINE,

    /// <summary>Eight lanes, with fused multiply-add.</summary>
    Avx2 = cn_instruction_set.CN_INSTRUCTION_SET_AVX2,

    /// <summary>Sixteen lanes.</summary>
    Avx512 = cn_instruction_set.CN_INSTRUCTION_SET_AVX512,

    /// <summary>The sixteen-lane kernels on any processor, slowly; only test builds of the native library have it.</summary>
    Wide = cn_instruction_set.CN_INSTRUCTION_SET_WIDE,
}
