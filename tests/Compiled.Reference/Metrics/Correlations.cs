namespace Compiled.Reference;

/// <summary>How well predictions follow their targets.</summary>
public static class Correlations
{
    /// <summary>Pearson's correlation of the outputs of each position with their targets.</summary>
    public static double[] Pearson(Tensor target, Tensor prediction)
    {
        return [.. target.Rows().Zip(prediction.Rows(), (t, p) => Covariance(t, p) / Math.Sqrt(Covariance(t, t) * Covariance(p, p)))];

        static double Covariance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - a.Average()) * (y - b.Average())).Average();
    }

    /// <summary>
    /// The coefficient of determination, 1 − Σ(t − p)² / Σ(t − mean)², averaged over the outputs; 0 for targets that are all equal.
    /// </summary>
    public static double R2Score(Tensor target, Tensor prediction, IReadOnlyList<double>? weights = null)
    {
        int samples = target.Count / target.Last;
        double Weight(int sample) => SampleWeights.At(weights, sample, samples);
        return Enumerable.Range(0, target.Last).Average(output =>
        {
            double T(int sample) => target.Values[(sample * target.Last) + output];
            IEnumerable<int> all = Enumerable.Range(0, samples);
            double mean = all.Sum(sample => Weight(sample) * T(sample)) / all.Sum(Weight);
            double residual =
                all.Sum(sample => Weight(sample) * Math.Pow(T(sample) - prediction.Values[(sample * target.Last) + output], 2));
            double total = all.Sum(sample => Weight(sample) * Math.Pow(T(sample) - mean, 2));
            return total == 0 ? 0 : 1 - (residual / total);
        });
    }
}
