using Compiled.Interop;

namespace Compiled;

/// <summary>
/// RMSprop (Tieleman and Hinton, 2012): a ← ρa + (1-ρ)g², p ← p - rate·g/(√a + ε). With momentum u ← momentum·u + rate·g/(√a + ε) and
/// p ← p - u. Centered (Graves, 2013), m ← ρm + (1-ρ)g, and a - m² takes the place of a. As in Keras 2, ε is outside the root.
/// </summary>
public sealed class RMSprop : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="rho">The decay of the means, in [0, 1).</param>
    /// <param name="momentum">What of the last update is kept, in [0, 1].</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <param name="centered">Whether the mean of the gradients is taken out of their mean square.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public RMSprop(double learningRate = 0.001, double rho = 0.9, double momentum = 0, double epsilon = 1e-7, bool centered = false)
        : base(learningRate)
    {
        Rho = Require.BelowOne(rho, nameof(rho));
        Momentum = Require.Fraction(momentum, nameof(momentum));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
        Centered = centered;
    }

    /// <inheritdoc cref="RMSprop(double, double, double, double, bool)"/>
    public RMSprop(LearningRateSchedule learningRate, double rho = 0.9, double momentum = 0, double epsilon = 1e-7, bool centered = false)
        : this(0, rho, momentum, epsilon, centered) => Schedule = learningRate;

    /// <summary>The decay of the means.</summary>
    public double Rho { get; }

    /// <summary>What of the last update is kept.</summary>
    public double Momentum { get; }

    /// <summary>What keeps the division finite.</summary>
    public double Epsilon { get; }

    /// <summary>Whether the mean of the gradients is taken out of their mean square.</summary>
    public bool Centered { get; }

    internal override int SlotCount => 1 + (Momentum > 0 ? 1 : 0) + (Centered ? 1 : 0);

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_RMSPROP,
        rho = Rho,
        momentum = Momentum,
        epsilon = Epsilon,
        centered = Centered ? 1 : 0,
    };
}
