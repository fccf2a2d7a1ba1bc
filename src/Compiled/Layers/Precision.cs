using System.Diagnostics.CodeAnalysis;

namespace Compiled;

/// <summary>
/// How the products of convolutions and dense layers are computed. Values, sums, gradients and weights are float32 in all of them; the CPU
/// computes in float32 always.
/// </summary>
[SuppressMessage("Naming", "CA1720", Justification = "The names of the formats are what these values are.")]
public enum Precision
{
    /// <summary>In float32.</summary>
    Float32,

    /// <summary>On tensor cores, with factors rounded to 10 bits of mantissa: errors of about 5·10⁻⁴ of a product.</summary>
    TF32,

    /// <summary>On tensor cores, with factors rounded to 7 bits of mantissa: errors of about 4·10⁻³ of a product.</summary>
    BFloat16,
}
