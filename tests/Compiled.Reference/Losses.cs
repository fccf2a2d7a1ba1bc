namespace Compiled.Reference;

/// <summary>Losses by their Keras names, one value per position; the scalar is their mean.</summary>
public static class Losses
{
    private const double Epsilon = 1e-7;

    /// <summary>Whether there is a loss of that name.</summary>
    public static bool Knows(string name) =>
        name is "mean_squared_error" or "categorical_crossentropy" or "sparse_categorical_crossentropy";

    /// <summary>The values, and the gradient of their mean. Sparse targets hold one class number per position.</summary>
    public static (double[] Values, Tensor Gradient) Evaluate(string name, Tensor target, Tensor prediction, bool fromLogits)
    {
        int classes = prediction.Last;
        int positions = prediction.Count / classes;
        double[] values = new double[positions];
        var gradient = new Tensor(prediction.Shape);
        for (int position = 0; position < positions; position++)
        {
            double[] p = prediction.Values[(position * classes)..((position + 1) * classes)];
            double[] t = name == "sparse_categorical_crossentropy"
                ? OneHot((int)target.Values[position], classes)
                : target.Values[(position * classes)..((position + 1) * classes)];
            (values[position], double[] slope) = name switch
            {
                "mean_squared_error" => MeanSquaredError(t, p),
                "categorical_crossentropy" => fromLogits ? CrossentropyOfLogits(t, p) : Crossentropy(t, p),
                "sparse_categorical_crossentropy" => fromLogits ? CrossentropyOfLogits(t, p) : SparseCrossentropy((int)target.Values[position], p),
                _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown loss"),
            };
            for (int i = 0; i < classes; i++)
                gradient.Values[(position * classes) + i] = slope[i] / positions;
        }

        return (values, gradient);
    }

    private static double[] OneHot(int id, int classes) => [.. Enumerable.Range(0, classes).Select(i => i == id ? 1.0 : 0.0)];

    private static (double Value, double[] Slope) MeanSquaredError(double[] t, double[] p)
    {
        double[] errors = [.. p.Zip(t, (prediction, target) => prediction - target)];
        return (errors.Sum(error => error * error) / p.Length, [.. errors.Select(error => 2 * error / p.Length)]);
    }

    private static (double Value, double[] Slope) CrossentropyOfLogits(double[] t, double[] z)
    {
        double max = z.Max();
        double log = max + Math.Log(z.Sum(logit => Math.Exp(logit - max)));
        double weight = t.Sum();
        return (t.Zip(z, (target, logit) => target * (log - logit)).Sum(), [.. t.Zip(z, (target, logit) => (weight * Math.Exp(logit - log)) - target)]);
    }

    // Keras divides by the sum over the classes, then clips; where it clips, nothing flows back.
    private static (double Value, double[] Slope) Crossentropy(double[] t, double[] p)
    {
        double sum = p.Sum();
        double value = 0;
        double[] ofShare = new double[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            double share = p[i] / sum;
            value -= t[i] * Math.Log(Math.Clamp(share, Epsilon, 1 - Epsilon));
            ofShare[i] = share is >= Epsilon and <= 1 - Epsilon ? -t[i] / share : 0;
        }

        double mean = ofShare.Zip(p, (slope, probability) => slope * probability / sum).Sum();
        return (value, [.. ofShare.Select(slope => (slope - mean) / sum)]);
    }

    // Keras clips, takes logarithms, and hands them on as logits.
    private static (double Value, double[] Slope) SparseCrossentropy(int id, double[] p)
    {
        double[] clipped = [.. p.Select(probability => Math.Clamp(probability, Epsilon, 1 - Epsilon))];
        double sum = clipped.Sum();
        double[] slope = new double[p.Length];
        for (int i = 0; i < p.Length; i++)
        {
            bool passes = p[i] is >= Epsilon and <= 1 - Epsilon;
            slope[i] = passes ? (1 / sum) - (i == id ? 1 / clipped[i] : 0) : 0;
        }

        return (-Math.Log(clipped[id] / sum), slope);
    }
}
