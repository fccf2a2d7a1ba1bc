namespace Compiled;

/// <summary>
/// Half cosines one after the other (SGDR: Loshchilov and Hutter, 2017), each <c>tMul</c> times as long and <c>mMul</c> times as high as the
/// one before: initial · ((1-α) · height · (1 + cos(π · part)) / 2 + α).
/// </summary>
public sealed class CosineDecayRestarts : LearningRateSchedule
{
    private readonly double _initial;
    private readonly long _firstSteps;
    private readonly double _longer;
    private readonly double _higher;
    private readonly double _alpha;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initialLearningRate">The first rate; at least 0.</param>
    /// <param name="firstDecaySteps">The updates of the first fall; at least 1.</param>
    /// <param name="tMul">How much longer each fall is than the one before; at least 1.</param>
    /// <param name="mMul">How much higher each one begins; at least 0.</param>
    /// <param name="alpha">Where the falls end, as a part of the initial rate; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public CosineDecayRestarts(double initialLearningRate, long firstDecaySteps, double tMul = 2, double mMul = 1, double alpha = 0)
    {
        _initial = Require.AtLeastZero(initialLearningRate, nameof(initialLearningRate));
        _firstSteps = Require.AtLeastOne(firstDecaySteps, nameof(firstDecaySteps));
        _longer = tMul >= 1 && double.IsFinite(tMul)
            ? tMul
            : throw new ArgumentOutOfRangeException(nameof(tMul), tMul, $"{nameof(tMul)} must be a finite number of at least 1.");
        _higher = Require.AtLeastZero(mMul, nameof(mMul));
        _alpha = Require.AtLeastZero(alpha, nameof(alpha));
    }

    /// <inheritdoc/>
    public override double RateAt(long update)
    {
        (double restarts, double part) = Place(Quotient(update, _firstSteps, staircase: false));
        return _initial * ((1 - _alpha) * Math.Pow(_higher, restarts) * HalfCosine(part) + _alpha);
    }

    /// <summary>How many falls are over at a time in units of the first one, and the part of the present one that is.</summary>
    private (double Restarts, double Part) Place(double time)
    {
        if (_longer == 1)
            return (Math.Floor(time), time - Math.Floor(time));
        // The falls take 1 + tMul + tMul² + …; where rounding misses the last of them by one, the part shows it.
        double restarts = Math.Floor(Math.Log(1 + time * (_longer - 1)) / Math.Log(_longer));
        double part = Part(time, restarts);
        if (part >= 1)
            part = Part(time, ++restarts);
        else if (part < 0 && restarts > 0)
            part = Part(time, --restarts);
        return (restarts, Math.Clamp(part, 0, 1));
    }

    private double Part(double time, double restarts)
    {
        double length = Math.Pow(_longer, restarts);
        return (time - (length - 1) / (_longer - 1)) / length;
    }
}
