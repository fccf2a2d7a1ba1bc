namespace Compiled;

/// <summary>
/// The number of outputs with a target of 1 that are above the threshold.
/// </summary>
public sealed class TruePositivesAttribute : MetricAttribute
{
    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
