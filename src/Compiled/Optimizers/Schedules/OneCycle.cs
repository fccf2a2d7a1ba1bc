namespace Compiled;

/// <summary>
/// One cycle (Smith and Topin, 2017), as PyTorch makes it: along half a cosine from maximum / divFactor up to the maximum, which comes at update
/// pctStart · totalSteps - 1, then along another one down to maximum / divFactor / finalDivFactor at update totalSteps - 1; there it stays.
/// </summary>
public sealed class OneCycle : LearningRateSchedule
{
    private readonly double _start;
    private readonly double _maximum;
    private readonly double _end;
    private readonly double _peak;
    private readonly long _last;

    /// <summary>Makes the schedule.</summary>
    /// <param name="maxLearningRate">The largest rate; at least 0.</param>
    /// <param name="totalSteps">The updates of the cycle; at least 2.</param>
    /// <param name="pctStart">The part of them in which the rate rises; in [0, 1].</param>
    /// <param name="divFactor">How many times smaller the first rate is than the largest; greater than 0.</param>
    /// <param name="finalDivFactor">How many times smaller the last rate is than the first; greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public OneCycle(double maxLearningRate, long totalSteps, double pctStart = 0.3, double divFactor = 25, double finalDivFactor = 1e4)
    {
        _maximum = Require.AtLeastZero(maxLearningRate, nameof(maxLearningRate));
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 2);
        _last = totalSteps - 1;
        _peak = Require.Fraction(pctStart, nameof(pctStart)) * totalSteps - 1;
        _start = _maximum / Require.Normal(divFactor, nameof(divFactor));
        _end = _start / Require.Normal(finalDivFactor, nameof(finalDivFactor));
    }

    /// <inheritdoc/>
    public override double RateAt(long update)
    {
        if (update < _peak)
            return Between(_start, _maximum, update / _peak);
        return update < _last ? Between(_maximum, _end, (update - _peak) / (_last - _peak)) : _end;
    }

    private static double Between(double from, double to, double part) => to + (from - to) * HalfCosine(part);
}
