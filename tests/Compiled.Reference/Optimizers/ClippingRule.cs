namespace Compiled.Reference;

/// <summary>Limits of gradients. The norms come before the value, should both be asked for.</summary>
/// <param name="Value">Of each element.</param>
/// <param name="Norm">Of each tensor.</param>
/// <param name="GlobalNorm">Of all tensors together.</param>
public sealed record ClippingRule(double? Value = null, double? Norm = null, double? GlobalNorm = null)
{
    public IReadOnlyList<double[]> Apply(IReadOnlyList<double[]> gradients)
    {
        double most = Value ?? double.PositiveInfinity, global = Factor(gradients.SelectMany(gradient => gradient), GlobalNorm);
        return [.. gradients.Select(gradient =>
        {
            double factor = global * Factor(gradient.Select(value => value * global), Norm);
            return gradient.Select(value => Math.Clamp(value * factor, -most, most)).ToArray();
        })];
    }

    private static double Factor(IEnumerable<double> values, double? limit)
    {
        double norm = Math.Sqrt(values.Sum(value => value * value));
        return limit is double most && norm >= most ? most / norm : 1;
    }
}
