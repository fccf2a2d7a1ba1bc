namespace Compiled;

/// <summary>
/// A learning rate that falls like 1 / update: initial / (1 + decayRate · update / decaySteps). <c>InverseTimeDecay(lr, 1, decay)</c> is what
/// Keras 2 calls the <c>decay</c> of an optimizer.
/// </summary>
public sealed class InverseTimeDecay : LearningRateSchedule
{
    private readonly double _initial;
    private readonly long _steps;
    private readonly double _rate;
    private readonly bool _staircase;

    /// <summary>Makes the schedule.</summary>
    /// <param name="initialLearningRate">The first rate; at least 0.</param>
    /// <param name="decaySteps">The updates that are one unit of time; at least 1.</param>
    /// <param name="decayRate">How much a unit of time adds to the divisor; at least 0.</param>
    /// <param name="staircase">Whether only whole units count.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public InverseTimeDecay(double initialLearningRate, long decaySteps, double decayRate, bool staircase = false)
    {
        _initial = Require.AtLeastZero(initialLearningRate, nameof(initialLearningRate));
        _steps = Require.AtLeastOne(decaySteps, nameof(decaySteps));
        _rate = Require.AtLeastZero(decayRate, nameof(decayRate));
        _staircase = staircase;
    }

    /// <inheritdoc/>
    public override double RateAt(long update) => _initial / (1 + _rate * Quotient(update, _steps, _staircase));
}
