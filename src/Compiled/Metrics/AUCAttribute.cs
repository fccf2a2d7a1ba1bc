namespace Compiled;

/// <summary>
/// The area under the curve of the true positive rate over the false positive rate (ROC), by trapezes between thresholds (Keras).
/// </summary>
public sealed class AUCAttribute : MetricAttribute
{
    /// <summary>How many thresholds, evenly spaced in [0, 1], from 2 to 1024; 200 by default.</summary>
    public int NumThresholds { get; set; } = 200;
}
