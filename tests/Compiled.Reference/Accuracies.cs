namespace Compiled.Reference;

/// <summary>Accuracies by their Keras names, one value per position.</summary>
public static class Accuracies
{
    /// <summary>Whether there is an accuracy of that name.</summary>
    public static bool Knows(string name) => name is "binary_accuracy" or "categorical_accuracy" or "sparse_categorical_accuracy";

    public static double[] Evaluate(string name, Tensor target, Tensor prediction)
    {
        int classes = prediction.Last;
        return [.. Enumerable.Range(0, prediction.Count / classes).Select(position =>
        {
            double[] p = prediction.Values[(position * classes)..((position + 1) * classes)];
            if (name == "sparse_categorical_accuracy")
                return ArgMax(p) == (int)target.Values[position] ? 1.0 : 0.0;
            double[] t = target.Values[(position * classes)..((position + 1) * classes)];
            return name switch
            {
                "binary_accuracy" => p.Zip(t, (a, b) => (a > 0.5) == (b > 0.5) ? 1.0 : 0.0).Average(),
                "categorical_accuracy" => ArgMax(p) == ArgMax(t) ? 1.0 : 0.0,
                _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown accuracy"),
            };
        })];
    }

    private static int ArgMax(double[] values) => Array.IndexOf(values, values.Max());
}
