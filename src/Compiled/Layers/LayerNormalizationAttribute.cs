namespace Compiled;

/// <summary>
/// Normalizes the last axis of each sample, at each position, to mean 0 and variance 1, then scales it by gamma and shifts it by beta
/// (Ba et al., 2016). It is the same in training and prediction.
/// </summary>
public sealed class LayerNormalizationAttribute : LayerAttribute
{
    /// <summary>What is added to the variance, above 0; 0.001 by default.</summary>
    public double Epsilon { get; set; } = 0.001;

    /// <summary>Whether there is a beta; true by default. It starts at 0.</summary>
    public bool Center { get; set; } = true;

    /// <summary>Whether there is a gamma; true by default. It starts at 1.</summary>
    public bool Scale { get; set; } = true;
}
