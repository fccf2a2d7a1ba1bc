namespace Compiled;

/// <summary>
/// Intersection over union of what is below the threshold (class 0) and above it (class 1), over all outputs, each by itself: the mean of the
/// classes that are asked for, but for one that neither occurs nor is predicted.
/// </summary>
/// <param name="targetClassIds">The classes, 0 and 1; both by default.</param>
public sealed class BinaryIoUAttribute(params int[] targetClassIds) : MetricAttribute
{
    /// <summary>The classes; none means both.</summary>
    public int[] TargetClassIds { get; } = targetClassIds;

    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
