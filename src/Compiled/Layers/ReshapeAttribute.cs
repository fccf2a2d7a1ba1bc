namespace Compiled;

/// <summary>Gives the elements of a sample another shape, row-major. It costs nothing.</summary>
/// <param name="targetShape">The extents without the batch, 1 to 4 of them; one may be -1: it is worked out.</param>
public sealed class ReshapeAttribute(params int[] targetShape) : LayerAttribute
{
    /// <summary>The extents without the batch.</summary>
    public IReadOnlyList<int> TargetShape { get; } = targetShape;
}
