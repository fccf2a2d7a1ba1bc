namespace Compiled;

/// <summary>The ranges of what optimizers and schedules are made of.</summary>
internal static class Require
{
    private const double SmallestNormal = 1.1754943508222875e-38;

    public static double AtLeastZero(double value, string name) =>
        double.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be a finite number of at least 0.");

    /// <summary>From 0 on, and finite as a float too, which is what kernels compute with.</summary>
    public static double Float(double value, string name) =>
        value is >= 0 and <= float.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be a number from 0 to {float.MaxValue:G3}.");

    public static double Fraction(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [0, 1].");

    /// <summary>Neither 0 nor infinite as a float.</summary>
    public static double Normal(double value, string name) =>
        value is >= SmallestNormal and <= float.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be a number from {SmallestNormal:G3} to {float.MaxValue:G3}.");

    public static double BelowOne(double value, string name) =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [0, 1).");

    public static int AtLeast(int value, int least, string name) =>
        value >= least ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    public static long AtLeastOne(long value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least 1.");
}
