namespace Compiled.Reference;

/// <summary>Weighted counts of right and wrong binary predictions; a prediction above the threshold means 1.</summary>
public sealed record ConfusionCounts(double TruePositives, double FalsePositives, double TrueNegatives, double FalseNegatives)
{
    /// <summary>TP / (TP + FP), and 0 for 0 / 0, as below.</summary>
    public double Precision => Share(TruePositives, FalsePositives);

    /// <summary>TP / (TP + FN), also called sensitivity.</summary>
    public double Recall => Share(TruePositives, FalseNegatives);

    /// <summary>TN / (TN + FP).</summary>
    public double Specificity => Share(TrueNegatives, FalsePositives);

    /// <summary>FP / (FP + TN).</summary>
    public double FalsePositiveRate => Share(FalsePositives, TrueNegatives);

    /// <summary>(1 + β²) · precision · recall / (β² · precision + recall), and 0 for 0 / 0.</summary>
    public double FScore(double beta = 1)
    {
        double square = beta * beta, below = (square * Precision) + Recall;
        return below == 0 ? 0 : (1 + square) * Precision * Recall / below;
    }

    /// <summary>Counts all elements; the weights are one per sample or position.</summary>
    public static ConfusionCounts At(double threshold, Tensor target, Tensor prediction, IReadOnlyList<double>? weights = null)
    {
        double Sum(bool actual, bool predicted) => Enumerable.Range(0, prediction.Count)
            .Where(i => target.Values[i] > 0.5 == actual && prediction.Values[i] > threshold == predicted)
            .Sum(i => SampleWeights.At(weights, i, prediction.Count));
        return new(Sum(true, true), Sum(false, true), Sum(false, false), Sum(true, false));
    }

    private static double Share(double part, double rest) => part + rest == 0 ? 0 : part / (part + rest);
}
