namespace Compiled;

/// <summary>
/// The best specificity of all thresholds whose sensitivity is at least that; 0 where there are none.
/// </summary>
/// <param name="sensitivity">The part of true positives among all with a target of 1, in [0, 1].</param>
public sealed class SpecificityAtSensitivityAttribute(double sensitivity) : MetricAttribute
{
    /// <summary>The least sensitivity.</summary>
    public double Sensitivity { get; } = sensitivity;

    /// <summary>How many thresholds, evenly spaced in [0, 1], from 2 to 1024; 200 by default.</summary>
    public int NumThresholds { get; set; } = 200;
}
