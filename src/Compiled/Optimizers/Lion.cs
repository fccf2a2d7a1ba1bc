using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Lion (Chen et al., 2023): p ← p - rate·sign(β₁m + (1-β₁)g), m ← β₂m + (1-β₂)g. Its steps are all of one size: use a rate 3 to 10
/// times smaller than Adam's, and a larger weight decay.
/// </summary>
public sealed class Lion : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="beta1">What of the mean is in the direction of a step, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean, in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Lion(double learningRate = 0.001, double beta1 = 0.9, double beta2 = 0.99)
        : base(learningRate)
    {
        Beta1 = Require.BelowOne(beta1, nameof(beta1));
        Beta2 = Require.BelowOne(beta2, nameof(beta2));
    }

    /// <inheritdoc cref="Lion(double, double, double)"/>
    public Lion(LearningRateSchedule learningRate, double beta1 = 0.9, double beta2 = 0.99)
        : this(0, beta1, beta2) => Schedule = learningRate;

    /// <summary>What of the mean is in the direction of a step.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of the mean.</summary>
    public double Beta2 { get; }

    internal override int SlotCount => 1;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_LION,
        beta_1 = Beta1,
        beta_2 = Beta2,
    };
}
