namespace Compiled;

/// <summary>
/// The part of the outputs above the threshold whose targets are 1; 0 where there are none.
/// </summary>
public sealed class PrecisionAttribute : MetricAttribute
{
    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
