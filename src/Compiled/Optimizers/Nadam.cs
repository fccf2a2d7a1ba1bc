using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Nadam (Dozat, 2016), Adam with Nesterov's momentum: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², cₜ = β₁(1 - ½·0.96^(scheduleDecay·t)),
/// Cₜ = c₁·…·cₜ, p ← p - rate·((1-cₜ)g/(1-Cₜ) + cₜ₊₁m/(1-Cₜ₊₁))/(√(v/(1-β₂ᵗ)) + ε). Rate and schedule are those of Keras 2; Keras 3
/// has a rate of 0.001 and a scheduleDecay of 1.
/// </summary>
public sealed class Nadam : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="beta1">The decay of the mean, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean square, in [0, 1).</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <param name="scheduleDecay">How fast the momentum grows to its full size; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Nadam(
        double learningRate = 0.002, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, double scheduleDecay = 0.004)
        : base(learningRate)
    {
        Beta1 = Require.BelowOne(beta1, nameof(beta1));
        Beta2 = Require.BelowOne(beta2, nameof(beta2));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
        ScheduleDecay = Require.Float(scheduleDecay, nameof(scheduleDecay));
    }

    /// <inheritdoc cref="Nadam(double, double, double, double, double)"/>
    public Nadam(
        LearningRateSchedule learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, double scheduleDecay = 0.004)
        : this(0, beta1, beta2, epsilon, scheduleDecay) => Schedule = learningRate;

    /// <summary>The decay of the mean.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of the mean square.</summary>
    public double Beta2 { get; }

    /// <summary>What keeps the division finite.</summary>
    public double Epsilon { get; }

    /// <summary>How fast the momentum grows to its full size.</summary>
    public double ScheduleDecay { get; }

    internal override int SlotCount => 2;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_NADAM,
        beta_1 = Beta1,
        beta_2 = Beta2,
        epsilon = Epsilon,
        schedule_decay = ScheduleDecay,
    };
}
