namespace Compiled;

/// <summary>A learning rate that never changes: what a number is where a schedule is asked for.</summary>
public sealed class Constant : LearningRateSchedule
{
    /// <summary>Makes the schedule.</summary>
    /// <param name="learningRate">The rate; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public Constant(double learningRate) => LearningRate = Require.AtLeastZero(learningRate, nameof(learningRate));

    /// <summary>The rate.</summary>
    public double LearningRate { get; }

    /// <inheritdoc/>
    public override double RateAt(long update) => LearningRate;
}
