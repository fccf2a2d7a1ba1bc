namespace Compiled;

/// <summary>
/// The weighted harmonic mean of precision and recall of each class: (1 + β²) · precision · recall / (β² · precision + recall).
/// </summary>
/// <param name="beta">How much more recall counts than precision, greater than 0; 1 by default.</param>
public sealed class FBetaScoreAttribute(double beta = 1) : MetricAttribute
{
    /// <summary>How much more recall counts than precision.</summary>
    public double Beta { get; } = beta;

    /// <summary>What becomes of the scores of the classes; their mean by default.</summary>
    public ScoreAverage Average { get; set; }

    /// <summary>An output above it means that the class is predicted; by default, below 0, the largest one is.</summary>
    public double Threshold { get; set; } = -1;
}
