using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Stochastic gradient descent (Robbins and Monro, 1951): p ← p - rate·g. With momentum (Polyak, 1964) v ← momentum·v - rate·g and p
/// ← p + v, or with Nesterov's (Sutskever et al., 2013) p ← p + momentum·v - rate·g. As in Keras, the rate is inside the velocity.
/// </summary>
public sealed class SGD : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="momentum">What of the last update is kept, in [0, 1].</param>
    /// <param name="nesterov">Whether the gradient is applied after the momentum.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public SGD(double learningRate = 0.01, double momentum = 0, bool nesterov = false)
        : base(learningRate)
    {
        Momentum = Require.Fraction(momentum, nameof(momentum));
        Nesterov = nesterov;
    }

    /// <inheritdoc cref="SGD(double, double, bool)"/>
    public SGD(LearningRateSchedule learningRate, double momentum = 0, bool nesterov = false)
        : this(0, momentum, nesterov) => Schedule = learningRate;

    /// <summary>What of the last update is kept.</summary>
    public double Momentum { get; }

    /// <summary>Whether the gradient is applied after the momentum.</summary>
    public bool Nesterov { get; }

    internal override int SlotCount => Momentum > 0 ? 1 : 0;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_SGD,
        momentum = Momentum,
        nesterov = Nesterov ? 1 : 0,
    };
}
