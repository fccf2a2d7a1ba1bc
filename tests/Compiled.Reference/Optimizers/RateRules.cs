namespace Compiled.Reference;

/// <summary>Schedules of the learning rate: each gives the rate by the number of finished updates.</summary>
public static class RateRules
{
    /// <summary>initial · rate^(update / steps); in whole powers for a staircase.</summary>
    public static Func<long, double> ExponentialDecay(double initial, double steps, double rate, bool staircase = false) =>
        update => initial * Math.Pow(rate, Quotient(update, steps, staircase));

    /// <summary>
    /// initial / (1 + rate · update / steps); with whole quotients for a staircase. One step makes it the decay of Keras 2.
    /// </summary>
    public static Func<long, double> InverseTimeDecay(double initial, double steps, double rate, bool staircase = false) =>
        update => initial / (1 + (rate * Quotient(update, steps, staircase)));

    /// <summary>Value i up to and including boundary i, and the last value after all of them.</summary>
    public static Func<long, double> PiecewiseConstantDecay(IReadOnlyList<long> boundaries, IReadOnlyList<double> values) =>
        update => values[boundaries.Count(boundary => update > boundary)];

    /// <summary>
    /// From the initial rate to the last one along (1 − update / steps)^power; cyclic, the steps grow to the next multiple.
    /// </summary>
    public static Func<long, double> PolynomialDecay(
        double initial, double steps, double end = 1e-4, double power = 1, bool cycle = false) => update =>
    {
        double length = cycle ? steps * Math.Max(1, Math.Ceiling(update / steps)) : steps;
        return ((initial - end) * Math.Pow(1 - (Math.Min(update, length) / length), power)) + end;
    };

    /// <summary>
    /// A straight line from the initial rate to the target of the warm-up, if there is one, then half a cosine down to alpha times that.
    /// </summary>
    public static Func<long, double> CosineDecay(
        double initial, double steps, double alpha = 0, double? warmupTarget = null, double warmupSteps = 0) => update =>
    {
        double top = warmupTarget ?? initial, warmup = warmupTarget is null ? 0 : warmupSteps;
        if (update < warmup)
            return initial + ((top - initial) * update / warmup);
        return top * (((1 - alpha) * HalfCosine(Math.Min(update - warmup, steps) / steps)) + alpha);
    };

    /// <summary>
    /// Half cosines, one after the other, each <c>lengthFactor</c> times as long and <c>heightFactor</c> times as high as the one before.
    /// </summary>
    public static Func<long, double> CosineDecayRestarts(
        double initial, double firstSteps, double lengthFactor = 2, double heightFactor = 1, double alpha = 0) => update =>
    {
        double left = update, length = firstSteps, height = 1;
        while (left >= length)
        {
            left -= length;
            length *= lengthFactor;
            height *= heightFactor;
        }

        return initial * (((1 - alpha) * height * HalfCosine(left / length)) + alpha);
    };

    /// <summary>
    /// One cycle (Smith and Topin, 2017) of half cosines: from maximum / divisor up to the maximum at update risingPart · steps − 1, then
    /// down to maximum / divisor / finalDivisor at update steps − 1, and there it stays.
    /// </summary>
    public static Func<long, double> OneCycle(
        double maximum, long steps, double risingPart = 0.3, double divisor = 25, double finalDivisor = 1e4) => update =>
    {
        double start = maximum / divisor, end = start / finalDivisor, peak = (risingPart * steps) - 1, last = steps - 1;
        if (update <= peak)
            return maximum + ((start - maximum) * HalfCosine(update / peak));
        return end + ((maximum - end) * HalfCosine((Math.Min(update, last) - peak) / (last - peak)));
    };

    private static double Quotient(long update, double steps, bool staircase) => staircase ? Math.Floor(update / steps) : update / steps;

    // From 1 to 0 along half a cosine.
    private static double HalfCosine(double part) => 0.5 * (1 + Math.Cos(Math.PI * part));
}
