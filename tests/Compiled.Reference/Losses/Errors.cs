namespace Compiled.Reference;

/// <summary>
/// Losses of the differences between targets and predictions: the mean over a row, and its slope with respect to each prediction.
/// </summary>
internal static class Errors
{
    private const double Epsilon = 1e-7;

    public static (double Value, double[] Slope) Squared(double[] t, double[] p) => Mean(t, p, (_, d) => (d * d, 2 * d));

    public static (double Value, double[] Slope) Absolute(double[] t, double[] p) => Mean(t, p, (_, d) => (Math.Abs(d), Math.Sign(d)));

    public static (double Value, double[] Slope) Percentage(double[] t, double[] p) => Mean(t, p, (target, d) =>
    {
        double scale = 100 / Math.Max(Math.Abs(target), Epsilon);
        return (scale * Math.Abs(d), scale * Math.Sign(d));
    });

    public static (double Value, double[] Slope) SquaredLogarithmic(double[] t, double[] p) => Mean(t, p, (target, d) =>
    {
        double prediction = target + d;
        double error = Math.Log(Math.Max(prediction, Epsilon) + 1) - Math.Log(Math.Max(target, Epsilon) + 1);
        return (error * error, prediction >= Epsilon ? 2 * error / (prediction + 1) : 0);
    });

    // log cosh d = |d| + log(1 + e^(−2|d|)) − log 2.
    public static (double Value, double[] Slope) LogCosh(double[] t, double[] p) => Mean(t, p, (_, d) =>
        (Math.Abs(d) + Precise.LogOnePlus(Math.Exp(-2 * Math.Abs(d))) - Math.Log(2), Math.Tanh(d)));

    public static (double Value, double[] Slope) Huber(double[] t, double[] p, double delta) => Mean(t, p, (_, d) =>
        Math.Abs(d) <= delta ? (d * d / 2, d) : ((delta * Math.Abs(d)) - (delta * delta / 2), delta * Math.Sign(d)));

    // The function takes the target and prediction − target.
    private static (double Value, double[] Slope) Mean(double[] t, double[] p, Func<double, double, (double Value, double Slope)> function)
    {
        (double Value, double Slope)[] each = [.. t.Zip(p, (target, prediction) => function(target, prediction - target))];
        return (each.Average(one => one.Value), [.. each.Select(one => one.Slope / p.Length)]);
    }
}
