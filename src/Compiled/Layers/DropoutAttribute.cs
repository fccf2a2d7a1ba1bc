namespace Compiled;

/// <summary>
/// In training, zeroes a random part of its input and multiplies the rest by 1 / (1 - rate); in prediction it does not exist
/// (Srivastava et al., 2014, inverted). The mask depends on the model's seed, the layer and the step alone.
/// </summary>
/// <param name="rate">The fraction to drop, in [0, 1).</param>
public sealed class DropoutAttribute(double rate) : LayerAttribute
{
    /// <summary>The fraction that is dropped.</summary>
    public double Rate { get; } = rate;
}
