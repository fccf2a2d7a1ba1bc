using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Adamax (Kingma and Ba, 2015), Adam with the largest gradient: m ← β₁m + (1-β₁)g, u ← max(β₂u, |g|), p ← p - rate/(1-β₁ᵗ)·m/(u +
/// ε). The rate is that of Keras 2.
/// </summary>
public sealed class Adamax : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="beta1">The decay of the mean, in [0, 1).</param>
    /// <param name="beta2">The decay of the largest gradient, in [0, 1).</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Adamax(double learningRate = 0.002, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7)
        : base(learningRate)
    {
        Beta1 = Require.BelowOne(beta1, nameof(beta1));
        Beta2 = Require.BelowOne(beta2, nameof(beta2));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
    }

    /// <inheritdoc cref="Adamax(double, double, double, double)"/>
    public Adamax(LearningRateSchedule learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7)
        : this(0, beta1, beta2, epsilon) => Schedule = learningRate;

    /// <summary>The decay of the mean.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of the largest gradient.</summary>
    public double Beta2 { get; }

    /// <summary>What keeps the division finite.</summary>
    public double Epsilon { get; }

    internal override int SlotCount => 2;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_ADAMAX,
        beta_1 = Beta1,
        beta_2 = Beta2,
        epsilon = Epsilon,
    };
}
