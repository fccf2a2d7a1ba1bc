using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Adam (Kingma and Ba, 2015): m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², p ← p - rate·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v + ε). As in Keras, ε is
/// added to the uncorrected root.
/// </summary>
public class Adam : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="beta1">The decay of the mean, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean square, in [0, 1).</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <param name="amsgrad">Whether the largest v so far takes the place of v (Reddi et al., 2018).</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Adam(double learningRate = 0.001, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool amsgrad = false)
        : base(learningRate)
    {
        Beta1 = Require.BelowOne(beta1, nameof(beta1));
        Beta2 = Require.BelowOne(beta2, nameof(beta2));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
        Amsgrad = amsgrad;
    }

    /// <inheritdoc cref="Adam(double, double, double, double, bool)"/>
    public Adam(LearningRateSchedule learningRate, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool amsgrad = false)
        : this(0, beta1, beta2, epsilon, amsgrad) => Schedule = learningRate;

    /// <summary>The decay of the mean.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of the mean square.</summary>
    public double Beta2 { get; }

    /// <summary>What keeps the division finite.</summary>
    public double Epsilon { get; }

    /// <summary>Whether the largest v so far takes the place of v.</summary>
    public bool Amsgrad { get; }

    internal override int SlotCount => Amsgrad ? 3 : 2;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_ADAM,
        beta_1 = Beta1,
        beta_2 = Beta2,
        epsilon = Epsilon,
        amsgrad = Amsgrad ? 1 : 0,
    };
}
