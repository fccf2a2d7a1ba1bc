namespace Compiled;

/// <summary>
/// The harmonic mean of precision and recall of each class.
/// </summary>
public sealed class F1ScoreAttribute : MetricAttribute
{
    /// <summary>What becomes of the scores of the classes; their mean by default.</summary>
    public ScoreAverage Average { get; set; }

    /// <summary>An output above it means that the class is predicted; by default, below 0, the largest one is.</summary>
    public double Threshold { get; set; } = -1;
}
