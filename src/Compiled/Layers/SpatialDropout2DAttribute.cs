namespace Compiled;

/// <summary>
/// <see cref="DropoutAttribute"/> of whole channels of images [height, width, channels]: in training, each channel of a sample is zeroed or
/// multiplied by 1 / (1 - rate) as a whole (Tompson et al., 2015).
/// </summary>
/// <param name="rate">The fraction of the channels to drop, in [0, 1).</param>
public sealed class SpatialDropout2DAttribute(double rate) : LayerAttribute
{
    /// <summary>The fraction of the channels that is dropped.</summary>
    public double Rate { get; } = rate;
}
