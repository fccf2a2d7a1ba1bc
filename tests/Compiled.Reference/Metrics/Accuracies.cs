namespace Compiled.Reference;

/// <summary>Accuracies by their Keras names, one value per position.</summary>
public static class Accuracies
{
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy",
        "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy",
    ];

    /// <summary>Whether there is an accuracy of that name.</summary>
    public static bool Knows(string name) => Names.Contains(name);

    /// <param name="name">The name.</param>
    /// <param name="target">Class numbers for the sparse ones, else of the shape of the prediction.</param>
    /// <param name="prediction">Probabilities.</param>
    /// <param name="threshold">A binary prediction above it means 1.</param>
    /// <param name="k">How many classes the target may be among.</param>
    public static double[] Evaluate(string name, Tensor target, Tensor prediction, double threshold = 0.5, int k = 5)
    {
        int classes = prediction.Last;
        bool sparse = name.StartsWith("sparse_", StringComparison.Ordinal);
        return [.. prediction.Rows().Select((p, position) =>
        {
            double[] t = sparse ? [] : target.Values[(position * classes)..((position + 1) * classes)];
            if (name == "binary_accuracy")
                return p.Zip(t, (a, b) => (a > threshold) == (b > 0.5) ? 1.0 : 0.0).Average();
            int id = sparse ? (int)target.Values[position] : ArgMax(t);
            bool right = name switch
            {
                "categorical_accuracy" or "sparse_categorical_accuracy" => ArgMax(p) == id,
                "top_k_categorical_accuracy" or "sparse_top_k_categorical_accuracy" => IsInTop(p, id, k),
                _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown accuracy"),
            };
            return right ? 1.0 : 0.0;
        })];
    }

    // A tie at the end counts; numbers that are not finite do not.
    private static bool IsInTop(double[] p, int id, int k) => double.IsFinite(p[id]) && p.Count(value => value > p[id]) < k;

    private static int ArgMax(double[] values) => Array.IndexOf(values, values.Max());
}
