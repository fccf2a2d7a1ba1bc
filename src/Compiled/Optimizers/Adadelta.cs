using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Adadelta (Zeiler, 2012): a ← ρa + (1-ρ)g², u = g·√(d + ε)/√(a + ε), d ← ρd + (1-ρ)u², p ← p - rate·u. As in Keras 2, the rate is
/// 1: the rule finds its own.
/// </summary>
public sealed class Adadelta : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="rho">The decay of both mean squares, in [0, 1).</param>
    /// <param name="epsilon">What gets the updates going and keeps the division finite; a float greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Adadelta(double learningRate = 1.0, double rho = 0.95, double epsilon = 1e-7)
        : base(learningRate)
    {
        Rho = Require.BelowOne(rho, nameof(rho));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
    }

    /// <inheritdoc cref="Adadelta(double, double, double)"/>
    public Adadelta(LearningRateSchedule learningRate, double rho = 0.95, double epsilon = 1e-7)
        : this(0, rho, epsilon) => Schedule = learningRate;

    /// <summary>The decay of both mean squares.</summary>
    public double Rho { get; }

    /// <summary>What gets the updates going and keeps the division finite.</summary>
    public double Epsilon { get; }

    internal override int SlotCount => 2;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_ADADELTA,
        rho = Rho,
        epsilon = Epsilon,
    };
}
