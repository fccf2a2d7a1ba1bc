namespace Compiled.Reference;

/// <summary>Losses of margins. Targets are −1 and 1, of the categorical hinge one-hot.</summary>
internal static class Hinges
{
    public static (double Value, double[] Slope) Plain(double[] t, double[] p)
    {
        double[] lacks = Lacks(t, p);
        return (lacks.Average(), [.. lacks.Select((lack, i) => lack > 0 ? -t[i] / p.Length : 0)]);
    }

    public static (double Value, double[] Slope) Squared(double[] t, double[] p)
    {
        double[] lacks = Lacks(t, p);
        return (lacks.Average(lack => lack * lack), [.. lacks.Select((lack, i) => -2 * lack * t[i] / p.Length)]);
    }

    // The best of the wrong classes, and the right one, should be 1 apart.
    public static (double Value, double[] Slope) Categorical(double[] t, double[] p)
    {
        double[] wrong = [.. t.Zip(p, (target, prediction) => (1 - target) * prediction)];
        int best = Array.IndexOf(wrong, wrong.Max());
        double value = Math.Max(0, wrong[best] - t.Zip(p, (target, prediction) => target * prediction).Sum() + 1);
        return (value, [.. t.Select((target, i) => value > 0 ? (i == best ? 1 - target : 0) - target : 0)]);
    }

    private static double[] Lacks(double[] t, double[] p) => [.. t.Zip(p, (target, prediction) => Math.Max(1 - (target * prediction), 0))];
}
