namespace Compiled.Generators;

/// <summary>What the model attribute says of the whole model.</summary>
/// <param name="Fused">Whether layers are fused into stages.</param>
/// <param name="Precision">How products are computed.</param>
internal sealed record ModelOptions(bool Fused, PrecisionKind Precision);

/// <summary>Compiled.Precision, in its order.</summary>
internal enum PrecisionKind
{
    Float32,
    TF32,
    BFloat16,
}
