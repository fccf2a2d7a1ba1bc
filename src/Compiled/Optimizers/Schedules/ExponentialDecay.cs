namespace Compiled;

/// <summary>A learning rate that is multiplied by the same number after every so many updates: initial · decayRate^(update / decaySteps).</summary>
public sealed class ExponentialDecay : LearningRateSchedule
{
    private readonly double _initial;
    private readonly long _steps;
    private readonly double _rate;
    private readonly bool _staircase;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initialLearningRate">The first rate; at least 0.</param>
    /// <param name="decaySteps">The updates after which decayRate has been applied once; at least 1.</param>
    /// <param name="decayRate">The factor; at least 0.</param>
    /// <param name="staircase">Whether it is applied at once after decaySteps updates, and not little by little.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public ExponentialDecay(double initialLearningRate, long decaySteps, double decayRate, bool staircase = false)
    {
        _initial = Require.AtLeastZero(initialLearningRate, nameof(initialLearningRate));
        _steps = Require.AtLeastOne(decaySteps, nameof(decaySteps));
        _rate = Require.AtLeastZero(decayRate, nameof(decayRate));
        _staircase = staircase;
    }

    /// <inheritdoc/>
    public override double RateAt(long update) => _initial * Math.Pow(_rate, Quotient(update, _steps, _staircase));
}
