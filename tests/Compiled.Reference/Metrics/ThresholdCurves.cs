namespace Compiled.Reference;

/// <summary>Metrics over many thresholds, evenly spaced in [0, 1].</summary>
public static class ThresholdCurves
{
    /// <summary>
    /// The area under the ROC curve, with trapezes between the thresholds. The first and last threshold lie 1e-7 outside [0, 1].
    /// </summary>
    public static double AreaUnderRoc(Tensor target, Tensor prediction, int thresholds = 200, IReadOnlyList<double>? weights = null)
    {
        ConfusionCounts[] counts = Counts(target, prediction, thresholds, weights, beyond: 1e-7);
        return counts.Zip(counts.Skip(1), (a, b) => (a.FalsePositiveRate - b.FalsePositiveRate) * (a.Recall + b.Recall) / 2).Sum();
    }

    /// <summary>The best sensitivity of all thresholds whose specificity is at least that; 0 without any.</summary>
    public static double SensitivityAtSpecificity(
        double specificity, Tensor target, Tensor prediction, int thresholds = 200, IReadOnlyList<double>? weights = null) =>
        Counts(target, prediction, thresholds, weights, beyond: 0).Where(counts => counts.Specificity >= specificity)
            .Select(counts => counts.Recall).DefaultIfEmpty().Max();

    /// <summary>The best specificity of all thresholds whose sensitivity is at least that; 0 without any.</summary>
    public static double SpecificityAtSensitivity(
        double sensitivity, Tensor target, Tensor prediction, int thresholds = 200, IReadOnlyList<double>? weights = null) =>
        Counts(target, prediction, thresholds, weights, beyond: 0).Where(counts => counts.Recall >= sensitivity)
            .Select(counts => counts.Specificity).DefaultIfEmpty().Max();

    private static ConfusionCounts[] Counts(
        Tensor target, Tensor prediction, int thresholds, IReadOnlyList<double>? weights, double beyond) =>
        [.. Enumerable.Range(0, thresholds).Select(i => i / (thresholds - 1.0))
            .Select((threshold, i) => threshold + (i == 0 ? -beyond : 0) + (i == thresholds - 1 ? beyond : 0))
            .Select(threshold => ConfusionCounts.At(threshold, target, prediction, weights))];
}
