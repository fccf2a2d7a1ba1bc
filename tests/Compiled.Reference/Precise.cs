namespace Compiled.Reference;

/// <summary>Functions that keep their digits where the plain formula loses them.</summary>
public static class Precise
{
    /// <summary>log(1 + x), to the last digits for small x.</summary>
    public static double LogOnePlus(double x)
    {
        double rounded = 1 + x;
        return rounded == 1 ? x : Math.Log(rounded) * x / (rounded - 1);
    }

    /// <summary>eˣ − 1, to the last digits for small x.</summary>
    public static double ExpMinusOne(double x)
    {
        double exp = Math.Exp(x);
        if (exp == 1)
            return x;
        double difference = exp - 1;
        return difference == -1 || double.IsInfinity(exp) ? difference : difference * x / Math.Log(exp);
    }

    /// <summary>log(1 + eˣ), finite for all finite x.</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x)));

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    public static double Sigmoid(double x)
    {
        double small = Math.Exp(-Math.Abs(x));
        return (x >= 0 ? 1 : small) / (1 + small);
    }

    /// <summary>The error function: its power series near 0, the continued fraction of its complement elsewhere.</summary>
    public static double Erf(double x)
    {
        double size = Math.Abs(x);
        return Math.Sign(x) * (size < 2.5 ? ErfSeries(size) : 1 - ErfComplement(size));
    }

    private static double ErfSeries(double x)
    {
        double term = x, sum = x;
        for (int n = 1; term > sum * 1e-17; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double ErfComplement(double x)
    {
        double fraction = x;
        for (int k = 60; k >= 1; k--)
            fraction = x + (k / 2.0 / fraction);
        return Math.Exp(-x * x) / (fraction * Math.Sqrt(Math.PI));
    }
}
