using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>Comparisons with the rule of the golden cases: |actual - expected| ≤ atol · max(1, max|expected|) + rtol · |expected|.</summary>
public static class Compare
{
    public static void Close(string what, ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double relative, double absolute)
    {
        if (expected.Length != actual.Length)
            throw new XunitException($"{what}: {actual.Length} values instead of {expected.Length}");
        double scale = 1;
        foreach (double value in expected)
            scale = Math.Max(scale, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++)
        {
            double limit = (absolute * scale) + (relative * Math.Abs(expected[i]));
            bool same = Math.Abs(actual[i] - expected[i]) <= limit || (double.IsNaN(expected[i]) && float.IsNaN(actual[i]));
            if (!same)
                throw new XunitException($"{what}[{i}] of {expected.Length} is {actual[i]:G9} instead of {expected[i]:G9}; the limit is {limit:G3}");
        }
    }

    public static void Close(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double relative, double absolute) =>
        Close(what, Widen(expected), actual, relative, absolute);

    /// <summary>The tolerance of a float32 sum of <paramref name="terms"/> products.</summary>
    public static void Sum(string what, ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, int terms) =>
        Close(what, expected, actual, 1.3e-6 * Math.Sqrt(terms), 1e-5);

    public static void Same(string what, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                throw new XunitException($"{what}[{i}] of {expected.Length} is {actual[i]:G9} instead of {expected[i]:G9}, bit for bit");
        }
    }

    /// <summary>Zeros without a sign: where terms cancel, which one is left depends on how the sum is written.</summary>
    public static float[] PlainZeros(IEnumerable<float> values) => [.. values.Select(value => value + 0f)];

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
            wide[i] = values[i];
        return wide;
    }
}
