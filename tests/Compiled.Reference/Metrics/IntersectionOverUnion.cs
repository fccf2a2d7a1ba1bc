namespace Compiled.Reference;

/// <summary>Intersection over union of class numbers.</summary>
public static class IntersectionOverUnion
{
    /// <summary>The mean over the classes that occur among targets or predictions.</summary>
    public static double Mean(int classes, Tensor target, Tensor prediction, IReadOnlyList<double>? weights = null) =>
        Of([.. Enumerable.Range(0, classes)], target, prediction, weights);

    /// <summary>The mean over those of some classes that do.</summary>
    public static double Of(IReadOnlyList<int> ids, Tensor target, Tensor prediction, IReadOnlyList<double>? weights = null)
    {
        double Sum(Func<int, bool> counts) =>
            Enumerable.Range(0, target.Count).Where(counts).Sum(i => SampleWeights.At(weights, i, target.Count));
        return ids
            .Select(id => (
                Both: Sum(i => target.Values[i] == id && prediction.Values[i] == id),
                Any: Sum(i => target.Values[i] == id || prediction.Values[i] == id)))
            .Where(sums => sums.Any != 0).Select(sums => sums.Both / sums.Any).DefaultIfEmpty().Average();
    }
}
