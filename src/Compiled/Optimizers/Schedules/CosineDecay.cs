namespace Compiled;

/// <summary>
/// A learning rate that falls along half a cosine (Loshchilov and Hutter, 2017): initial · ((1-α) · (1 + cos(π · update / decaySteps)) / 2 + α),
/// and stays at α · initial. A warm-up goes before it, in a straight line from the initial rate to a target, which then takes its place.
/// </summary>
public sealed class CosineDecay : LearningRateSchedule
{
    private readonly double _initial;
    private readonly double _top;
    private readonly long _steps;
    private readonly double _alpha;
    private readonly long _warmupSteps;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initialLearningRate">The first rate; at least 0.</param>
    /// <param name="decaySteps">The updates of the fall, the warm-up apart; at least 1.</param>
    /// <param name="alpha">The last rate as a part of the largest; at least 0.</param>
    /// <param name="warmupTarget">The rate at the end of the warm-up; null for none.</param>
    /// <param name="warmupSteps">The updates of the warm-up.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    /// <exception cref="ArgumentException">There are updates of a warm-up, but no target.</exception>
    public CosineDecay(double initialLearningRate, long decaySteps, double alpha = 0, double? warmupTarget = null, long warmupSteps = 0)
    {
        _initial = Require.AtLeastZero(initialLearningRate, nameof(initialLearningRate));
        _steps = Require.AtLeastOne(decaySteps, nameof(decaySteps));
        _alpha = Require.AtLeastZero(alpha, nameof(alpha));
        _top = Require.AtLeastZero(warmupTarget ?? initialLearningRate, nameof(warmupTarget));
        ArgumentOutOfRangeException.ThrowIfNegative(warmupSteps);
        if (warmupSteps > 0 && warmupTarget is null)
            throw new ArgumentException("A warm-up needs a rate to rise to: set warmupTarget too.", nameof(warmupSteps));
        _warmupSteps = warmupSteps;
    }

    /// <inheritdoc/>
    public override double RateAt(long update)
    {
        if (update < _warmupSteps)
            return _initial + (_top - _initial) * update / _warmupSteps;
        double part = Quotient(Math.Min(update - _warmupSteps, _steps), _steps, staircase: false);
        return _top * ((1 - _alpha) * HalfCosine(part) + _alpha);
    }
}
