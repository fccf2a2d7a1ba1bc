using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Adagrad (Duchi, Hazan and Singer, 2011): a ← a + g², p ← p - rate·g/(√a + ε). As in Keras 2, ε is outside the root and a begins at
/// 0.
/// </summary>
public sealed class Adagrad : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="initialAccumulatorValue">Where the sums of squares begin; at least 0.</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Adagrad(double learningRate = 0.01, double initialAccumulatorValue = 0, double epsilon = 1e-7)
        : base(learningRate)
    {
        InitialAccumulatorValue = Require.Float(initialAccumulatorValue, nameof(initialAccumulatorValue));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
    }

    /// <inheritdoc cref="Adagrad(double, double, double)"/>
    public Adagrad(LearningRateSchedule learningRate, double initialAccumulatorValue = 0, double epsilon = 1e-7)
        : this(0, initialAccumulatorValue, epsilon) => Schedule = learningRate;

    /// <summary>Where the sums of squares begin.</summary>
    public double InitialAccumulatorValue { get; }

    /// <summary>What keeps the division finite.</summary>
    public double Epsilon { get; }

    internal override int SlotCount => 1;

    internal override float InitialSlotValue => (float)InitialAccumulatorValue;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_ADAGRAD,
        epsilon = Epsilon,
    };
}
