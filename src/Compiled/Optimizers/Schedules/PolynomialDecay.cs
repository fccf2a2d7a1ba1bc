namespace Compiled;

/// <summary>
/// A learning rate that goes from the initial to the last one within a number of updates, and stays there:
/// (initial - end) · (1 - update / decaySteps)^power + end.
/// </summary>
public sealed class PolynomialDecay : LearningRateSchedule
{
    private readonly double _initial;
    private readonly long _steps;
    private readonly double _end;
    private readonly double _power;
    private readonly bool _cycle;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initialLearningRate">The first rate; at least 0.</param>
    /// <param name="decaySteps">The updates until the last rate is reached; at least 1.</param>
    /// <param name="endLearningRate">The last rate; at least 0.</param>
    /// <param name="power">1 for a straight line; at least 0.</param>
    /// <param name="cycle">
    /// Whether the rate jumps up again after decaySteps updates: then as if decaySteps were the next multiple of it.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public PolynomialDecay(double initialLearningRate, long decaySteps, double endLearningRate = 0.0001, double power = 1, bool cycle = false)
    {
        _initial = Require.AtLeastZero(initialLearningRate, nameof(initialLearningRate));
        _steps = Require.AtLeastOne(decaySteps, nameof(decaySteps));
        _end = Require.AtLeastZero(endLearningRate, nameof(endLearningRate));
        _power = Require.AtLeastZero(power, nameof(power));
        _cycle = cycle;
    }

    /// <inheritdoc/>
    public override double RateAt(long update)
    {
        double time = Quotient(update, _steps, staircase: false);
        double part = _cycle ? time / Math.Max(1, Math.Ceiling(time)) : Math.Min(time, 1);
        return (_initial - _end) * Math.Pow(1 - part, _power) + _end;
    }
}
