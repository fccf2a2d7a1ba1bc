using Compiled.Interop;

namespace Compiled;

/// <summary>
/// A rule that turns gradients into updates. The moving averages it needs belong to the model that is trained: they are made, zero, when
/// a model first meets an optimizer, and begin anew when it meets another.
/// </summary>
public abstract class Optimizer
{
    private const double SmallestNormal = 1.1754943508222875e-38;

    private double _learningRate;

    private protected Optimizer(double learningRate)
    {
        LearningRate = learningRate;
    }

    /// <summary>The learning rate; it may be changed at any time and holds from the next update.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    public double LearningRate
    {
        get => _learningRate;
        set => _learningRate = RequireAtLeastZero(value, nameof(LearningRate));
    }

    /// <summary>How many arrays of the size of the parameters the rule keeps.</summary>
    internal abstract int SlotCount { get; }

    internal abstract cn_optimizer_desc Describe(long count);

    private protected static double RequireAtLeastZero(double value, string name) =>
        double.IsFinite(value) && value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be a finite number of at least 0.");

    private protected static double RequireFraction(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [0, 1].");

    /// <summary>Neither 0 nor infinite as a float, which is what kernels compute with.</summary>
    private protected static double RequireNormal(double value, string name) =>
        value >= SmallestNormal && value <= float.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(
                name, value, $"{name} must be a number from {SmallestNormal:G3} to {float.MaxValue:G3}.");

    private protected static double RequireBelowOne(double value, string name) =>
        value is >= 0 and < 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in [0, 1).");
}
