namespace Compiled.Reference;

/// <summary>
/// What weights are made to be after an update, in place. A norm is that of a unit or filter: over all axes but the last, and over all of a
/// vector.
/// </summary>
public static class ConstraintRules
{
    private const double Epsilon = 1e-7;

    /// <summary>No weight below 0.</summary>
    public static Action<Tensor> NonNegative { get; } = weight =>
    {
        for (int i = 0; i < weight.Count; i++)
            weight.Values[i] = Math.Max(weight.Values[i], 0);
    };

    /// <summary>A norm of 1.</summary>
    public static Action<Tensor> UnitNorm { get; } = weight => Scale(weight, norm => 1 / (Epsilon + norm));

    /// <summary>A norm of at most that.</summary>
    public static Action<Tensor> MaxNorm(double maximum = 2) => weight => Scale(weight, norm => Math.Min(norm, maximum) / (Epsilon + norm));

    /// <summary>A norm that moves by a rate into its range.</summary>
    public static Action<Tensor> MinMaxNorm(double minimum = 0, double maximum = 1, double rate = 1) => weight =>
        Scale(weight, norm => ((rate * Math.Clamp(norm, minimum, maximum)) + ((1 - rate) * norm)) / (Epsilon + norm));

    private static void Scale(Tensor weight, Func<double, double> factor)
    {
        int units = weight.Shape.Count > 1 ? weight.Last : 1;
        double[] squares = new double[units];
        for (int i = 0; i < weight.Count; i++)
            squares[i % units] += weight.Values[i] * weight.Values[i];
        for (int i = 0; i < weight.Count; i++)
            weight.Values[i] *= factor(Math.Sqrt(squares[i % units]));
    }
}
