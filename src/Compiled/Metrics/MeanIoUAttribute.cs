namespace Compiled;

/// <summary>
/// The mean, over the classes that occur, of intersection over union: of predictions and targets of a class, both over one of them. The class of a
/// prediction is its largest output; one output means 1 above the threshold, and 0.
/// </summary>
public sealed class MeanIoUAttribute : MetricAttribute
{
    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
