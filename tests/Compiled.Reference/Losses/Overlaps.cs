namespace Compiled.Reference;

/// <summary>Losses of how predictions and targets overlap, over the whole batch or each sample: the value of all its positions.</summary>
internal static class Overlaps
{
    private const double Epsilon = 1e-7;

    public static bool Knows(string name) => name is "dice" or "tversky";

    /// <summary>What a position counts, it counts in the sums, too.</summary>
    public static (double[] Values, Tensor Gradient) Evaluate(string name, Tensor target, Tensor prediction, LossOptions options)
    {
        int classes = prediction.Last, positions = prediction.Count / classes;
        double[] weights = [.. Enumerable.Range(0, positions).Select(i => SampleWeights.At(options.SampleWeights, i, positions))];
        double[] values = new double[positions];
        var gradient = new Tensor(prediction.Shape);
        int ofGroup = options.PerSample ? positions / prediction.Shape[0] : positions;
        for (int first = 0; first < positions; first += ofGroup)
            One(name, options, first, first + ofGroup);
        return (values, gradient);

        void One(string loss, LossOptions of, int first, int last)
        {
            double right = 0, missed = 0, wrong = 0, weight = weights[first..last].Sum();
            for (int i = first * classes; i < last * classes; i++)
            {
                (double t, double p, double own) = (target.Values[i], prediction.Values[i], weights[i / classes]);
                right += own * t * p;
                missed += own * t * (1 - p);
                wrong += own * (1 - t) * p;
            }

            (double top, double alpha, double beta) = loss == "dice" ? (2, 1.0, 1.0) : (1, of.Alpha, of.Beta);
            double bottom = (top * right) + (alpha * wrong) + (beta * missed) + Epsilon;
            Array.Fill(values, 1 - (top * right / bottom), first, last - first);
            for (int i = first * classes; i < last * classes; i++)
            {
                double t = target.Values[i];
                double ofBottom = (top * t) + (alpha * (1 - t)) - (beta * t);
                double slope = -((top * t * bottom) - (top * right * ofBottom)) / (bottom * bottom);
                gradient.Values[i] = slope * weights[i / classes] * weight / positions;
            }
        }
    }
}
