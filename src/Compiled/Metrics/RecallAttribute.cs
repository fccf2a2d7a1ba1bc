namespace Compiled;

/// <summary>
/// The part of the outputs whose targets are 1 that are above the threshold; 0 where there are none. Also called sensitivity.
/// </summary>
public sealed class RecallAttribute : MetricAttribute
{
    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
