namespace Compiled.Reference;

/// <summary>Losses that compare distributions, rates and directions.</summary>
internal static class Divergences
{
    private const double Epsilon = 1e-7;

    public static (double Value, double[] Slope) Poisson(double[] t, double[] p) =>
        (p.Zip(t, (rate, count) => rate - (count * Math.Log(rate + Epsilon))).Average(),
         [.. p.Zip(t, (rate, count) => (1 - (count / (rate + Epsilon))) / p.Length)]);

    // Both are clipped to [1e-7, 1]; where a prediction is clipped, nothing flows back.
    public static (double Value, double[] Slope) KullbackLeibler(double[] t, double[] p)
    {
        double[] target = [.. t.Select(value => Math.Clamp(value, Epsilon, 1))];
        double[] prediction = [.. p.Select(value => Math.Clamp(value, Epsilon, 1))];
        return (target.Zip(prediction, (a, b) => a * Math.Log(a / b)).Sum(),
            [.. p.Select((value, i) => value is >= Epsilon and <= 1 ? -target[i] / value : 0)]);
    }

    // Minus the cosine of the angle; a row without length has no direction, and cosine 0.
    public static (double Value, double[] Slope) Cosine(double[] t, double[] p)
    {
        (double[] target, _) = Direction(t);
        (double[] prediction, double length) = Direction(p);
        double cosine = target.Zip(prediction, (a, b) => a * b).Sum();
        bool shorter = p.Sum(value => value * value) < ShortestSquare;
        return (-cosine, [.. target.Zip(prediction, (a, b) => -(a - (shorter ? 0 : cosine * b)) / length)]);
    }

    private const double ShortestSquare = 1e-12;

    private static (double[] Values, double Length) Direction(double[] values)
    {
        double length = Math.Sqrt(Math.Max(values.Sum(value => value * value), ShortestSquare));
        return ([.. values.Select(value => value / length)], length);
    }
}
