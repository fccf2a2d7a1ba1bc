namespace Compiled.Reference;

/// <summary>Weights of samples and of classes.</summary>
public static class SampleWeights
{
    /// <summary>The weight of a position: there may be one per sample, which then holds for all positions of the sample.</summary>
    public static double At(IReadOnlyList<double>? weights, int position, int positions) =>
        weights is null ? 1 : weights[(int)((long)position * weights.Count / positions)];

    /// <summary>Class weights as sample weights, times those given.</summary>
    /// <param name="target">Class numbers (one per sample), 0 and 1 (one per sample), or one-hot rows.</param>
    /// <param name="classWeights">The weight of each class that occurs.</param>
    /// <param name="sampleWeights">One per sample; 1 without.</param>
    /// <exception cref="KeyNotFoundException">A class that occurs has no weight.</exception>
    public static double[] OfClasses(
        Tensor target, IReadOnlyDictionary<int, double> classWeights, IReadOnlyList<double>? sampleWeights = null)
    {
        int samples = target.Shape[0];
        int size = target.Count / samples;
        return [.. Enumerable.Range(0, samples).Select(sample =>
        {
            double[] row = target.Values[(sample * size)..((sample + 1) * size)];
            int id = size == 1 ? (int)row[0] : Array.IndexOf(row, row.Max());
            return classWeights[id] * At(sampleWeights, sample, samples);
        })];
    }
}
