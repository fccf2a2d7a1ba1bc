namespace Compiled.Reference;

/// <summary>
/// Cross-entropies of a row, and their slopes. Probabilities are clipped as floats are; where they are clipped, nothing flows back.
/// </summary>
internal static class Crossentropies
{
    private const double Low = 1e-7f;
    private const double High = 1f - 1e-7f;

    public static (double Value, double[] Slope) OfLogits(double[] t, double[] z)
    {
        double max = z.Max();
        double log = max + Math.Log(z.Sum(logit => Math.Exp(logit - max)));
        double weight = t.Sum();
        return (t.Zip(z, (target, logit) => target * (log - logit)).Sum(),
            [.. t.Zip(z, (target, logit) => (weight * Math.Exp(logit - log)) - target)]);
    }

    // Keras divides by the sum over the classes, then clips.
    public static (double Value, double[] Slope) Categorical(double[] t, double[] p)
    {
        double sum = p.Sum();
        double value = 0;
        double[] ofShare = new double[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            double share = p[i] / sum;
            value -= t[i] * Math.Log(Clip(share));
            ofShare[i] = Passes(share) ? -t[i] / share : 0;
        }

        double mean = ofShare.Zip(p, (slope, probability) => slope * probability / sum).Sum();
        return (value, [.. ofShare.Select(slope => (slope - mean) / sum)]);
    }

    // Keras clips, takes logarithms, and hands them on as logits.
    public static (double Value, double[] Slope) Sparse(double[] t, double[] p)
    {
        double[] clipped = [.. p.Select(Clip)];
        double sum = clipped.Sum();
        int id = Array.IndexOf(t, 1);
        return (-Math.Log(clipped[id] / sum), [.. p.Select((value, i) => Passes(value) ? (1 / sum) - (t[i] / value) : 0)]);
    }

    // The mean over the row.
    public static (double Value, double[] Slope) Binary(double[] t, double[] p)
    {
        double value = t.Zip(p.Select(Clip), (target, q) => -(target * Math.Log(q)) - ((1 - target) * Math.Log(1 - q))).Average();
        return (value, [.. t.Zip(p, (target, q) => Passes(q) ? (((1 - target) / (1 - q)) - (target / q)) / p.Length : 0)]);
    }

    public static (double Value, double[] Slope) BinaryOfLogits(double[] t, double[] z) =>
        (t.Zip(z, (target, logit) => Precise.Softplus(logit) - (target * logit)).Average(),
         [.. t.Zip(z, (target, logit) => (Precise.Sigmoid(logit) - target) / z.Length)]);

    internal static double Clip(double probability) => Math.Clamp(probability, Low, High);

    internal static bool Passes(double probability) => probability is >= Low and <= High;
}
