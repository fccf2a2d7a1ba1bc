namespace Compiled;

/// <summary>
/// In training, adds normal numbers of mean 0 to its input; in prediction it does not exist. The numbers depend on the model's seed, the layer
/// and the step alone.
/// </summary>
/// <param name="stddev">Their standard deviation, at least 0.</param>
public sealed class GaussianNoiseAttribute(double stddev) : LayerAttribute
{
    /// <summary>The standard deviation of what is added.</summary>
    public double Stddev { get; } = stddev;
}
