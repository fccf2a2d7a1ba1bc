namespace Compiled;

/// <summary>
/// The part of outputs that are on the same side of the threshold as their targets are of 0.5: the mean over the last axis.
/// </summary>
public sealed class BinaryAccuracyAttribute : MetricAttribute
{
    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
