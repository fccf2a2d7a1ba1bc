namespace Compiled;

/// <summary>
/// The best sensitivity of all thresholds whose specificity is at least that; 0 where there are none.
/// </summary>
/// <param name="specificity">The part of true negatives among all with a target of 0, in [0, 1].</param>
public sealed class SensitivityAtSpecificityAttribute(double specificity) : MetricAttribute
{
    /// <summary>The least specificity.</summary>
    public double Specificity { get; } = specificity;

    /// <summary>How many thresholds, evenly spaced in [0, 1], from 2 to 1024; 200 by default.</summary>
    public int NumThresholds { get; set; } = 200;
}
