namespace Compiled;

/// <summary>
/// Normalizes the last axis of each sample, at each position, to mean 0 and variance 1, then scales it by gamma and shifts it by beta
/// (Ba et al., 2016). It is the same in training and prediction.
/// </summary>
public sealed class LayerNormalizationAttribute : NormalizationLayerAttribute
{
    /// <summary>
    /// Whether the layer learns; true by default. If not, its weights stay as they are, and have neither gradients nor penalties; what only
    /// their gradients need is not computed. It is known when the program is built and cannot change while it runs.
    /// </summary>
    public bool Trainable { get; set; } = true;
}
