namespace Compiled.Reference;

/// <summary>
/// Losses by their Keras names, one value per position, which is everything before the last axis. The scalar is the sum of the weighted
/// values over their number, whatever the weights add up to.
/// </summary>
public static class Losses
{
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "logcosh", "huber",
        "poisson", "kullback_leibler_divergence", "cosine_similarity", "hinge", "squared_hinge", "categorical_hinge", "binary_crossentropy",
        "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_focal_crossentropy", "categorical_focal_crossentropy",
        "dice", "tversky",
    ];

    /// <summary>Whether there is a loss of that name.</summary>
    public static bool Knows(string name) => Names.Contains(name);

    /// <summary>The unweighted values, and the gradient of the scalar. Sparse targets hold one class number per position.</summary>
    public static (double[] Values, Tensor Gradient) Evaluate(string name, Tensor target, Tensor prediction, bool fromLogits) =>
        Evaluate(name, target, prediction, new LossOptions(fromLogits));

    /// <summary>The unweighted values, and the gradient of the scalar. Sparse targets hold one class number per position.</summary>
    public static (double[] Values, Tensor Gradient) Evaluate(string name, Tensor target, Tensor prediction, LossOptions options)
    {
        if (Overlaps.Knows(name))
            return Overlaps.Evaluate(name, target, prediction, options);
        int classes = prediction.Last;
        double[][] predictions = [.. prediction.Rows()];
        double[][] targets = [.. Targets(name, target, classes, options)];
        double[] values = new double[predictions.Length];
        var gradient = new Tensor(prediction.Shape);
        bool IsIgnored(int position) => options.IgnoredClass is { } ignored && target.Values[position] == ignored;
        double heeded = Enumerable.Range(0, values.Length).Count(position => !IsIgnored(position));
        for (int position = 0; position < values.Length; position++)
        {
            if (IsIgnored(position))
                continue;
            (double value, double[] slope) = One(name, targets[position], predictions[position], options);
            values[position] = value * values.Length / heeded;
            double share = SampleWeights.At(options.SampleWeights, position, values.Length) / heeded;
            for (int i = 0; i < classes; i++)
                gradient.Values[(position * classes) + i] = slope[i] * share;
        }

        return (values, gradient);
    }

    /// <summary>The scalar: Σ weight · value / number of values.</summary>
    public static double Mean(IReadOnlyList<double> values, IReadOnlyList<double>? sampleWeights = null) =>
        values.Select((value, i) => value * SampleWeights.At(sampleWeights, i, values.Count)).Average();

    private static (double Value, double[] Slope) One(string name, double[] t, double[] p, LossOptions options) => name switch
    {
        "mean_squared_error" => Errors.Squared(t, p),
        "mean_absolute_error" => Errors.Absolute(t, p),
        "mean_absolute_percentage_error" => Errors.Percentage(t, p),
        "mean_squared_logarithmic_error" => Errors.SquaredLogarithmic(t, p),
        "logcosh" => Errors.LogCosh(t, p),
        "huber" => Errors.Huber(t, p, options.Delta),
        "poisson" => Divergences.Poisson(t, p),
        "kullback_leibler_divergence" => Divergences.KullbackLeibler(t, p),
        "cosine_similarity" => Divergences.Cosine(t, p),
        "hinge" => Hinges.Plain(t, p),
        "squared_hinge" => Hinges.Squared(t, p),
        "categorical_hinge" => Hinges.Categorical(t, p),
        "binary_crossentropy" => options.FromLogits ? Crossentropies.BinaryOfLogits(t, p) : Crossentropies.Binary(t, p),
        "categorical_crossentropy" => options.FromLogits ? Crossentropies.OfLogits(t, p) : Crossentropies.Categorical(t, p),
        "sparse_categorical_crossentropy" => options.FromLogits ? Crossentropies.OfLogits(t, p) : Crossentropies.Sparse(t, p),
        "binary_focal_crossentropy" => FocalCrossentropies.Binary(t, p, options),
        "categorical_focal_crossentropy" => FocalCrossentropies.Categorical(t, p, options),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown loss"),
    };

    private static IEnumerable<double[]> Targets(string name, Tensor target, int classes, LossOptions options)
    {
        if (name == "sparse_categorical_crossentropy")
            return target.Values.Select(id => OneHot((int)id, classes));
        double smoothing = options.LabelSmoothing;
        Func<double, double> change = name switch
        {
            "categorical_crossentropy" or "categorical_focal_crossentropy" => t => (t * (1 - smoothing)) + (smoothing / classes),
            "binary_crossentropy" or "binary_focal_crossentropy" => t => (t * (1 - smoothing)) + (smoothing / 2),
            // Labels that are all 0 or 1 become −1 and 1.
            "hinge" or "squared_hinge" when target.Values.All(t => t is 0 or 1) => t => (2 * t) - 1,
            _ => t => t,
        };
        return target.Map(change).Reshape(target.Count / classes, classes).Rows();
    }

    private static double[] OneHot(int id, int classes) => [.. Enumerable.Range(0, classes).Select(i => i == id ? 1.0 : 0.0)];
}
