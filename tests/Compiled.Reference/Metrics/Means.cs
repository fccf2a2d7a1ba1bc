namespace Compiled.Reference;

/// <summary>Metrics that are means over positions, by their Keras names: accuracies, and losses.</summary>
public static class Means
{
    /// <summary>One value per position. Cosine similarity has the opposite sign of the loss.</summary>
    public static double[] Evaluate(string name, Tensor target, Tensor prediction) => name switch
    {
        _ when Accuracies.Knows(name) => Accuracies.Evaluate(name, target, prediction),
        "cosine_similarity" => [.. Losses.Evaluate(name, target, prediction, LossOptions.Default).Values.Select(value => -value)],
        _ => Losses.Evaluate(name, target, prediction, LossOptions.Default).Values,
    };

    /// <summary>Σ weight · value / Σ weight; 0 without any weight.</summary>
    public static double Weighted(IReadOnlyList<double> values, IReadOnlyList<double>? weights = null)
    {
        double[] each = [.. values.Select((_, i) => SampleWeights.At(weights, i, values.Count))];
        double sum = each.Sum();
        return sum == 0 ? 0 : values.Zip(each, (value, weight) => value * weight).Sum() / sum;
    }

    /// <summary>The root of the weighted mean of all squared errors.</summary>
    public static double RootMeanSquaredError(Tensor target, Tensor prediction, IReadOnlyList<double>? weights = null) =>
        Math.Sqrt(Weighted(Evaluate("mean_squared_error", target, prediction), weights));
}
