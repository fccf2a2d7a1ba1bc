namespace Compiled;

/// <summary>The shape of one sample, without the batch; the first attribute of every model.</summary>
/// <param name="shape">The extents, each at least 1: height, width, channels for images; one number for vectors.</param>
public sealed class InputAttribute(params int[] shape) : LayerAttribute
{
    /// <summary>The shape of one sample.</summary>
    public IReadOnlyList<int> Shape { get; } = shape;
}
