using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Stochastic gradient descent: p ← p - rate·g. With momentum v ← momentum·v - rate·g and p ← p + v, or with Nesterov's
/// p ← p + momentum·v - rate·g (Keras).
/// </summary>
public sealed class SGD : Optimizer
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step; at least 0.</param>
    /// <param name="momentum">What of the last update is kept, in [0, 1].</param>
    /// <param name="nesterov">Whether the gradient is applied after the momentum.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public SGD(double learningRate = 0.01, double momentum = 0, bool nesterov = false)
        : base(learningRate)
    {
        Momentum = RequireFraction(momentum, nameof(momentum));
        Nesterov = nesterov;
    }

    /// <summary>What of the last update is kept.</summary>
    public double Momentum { get; }

    /// <summary>Whether the gradient is applied after the momentum.</summary>
    public bool Nesterov { get; }

    internal override int SlotCount => Momentum > 0 ? 1 : 0;

    internal override cn_optimizer_desc Describe(long count) => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_SGD,
        count = count,
        momentum = Momentum,
        nesterov = Nesterov ? 1 : 0,
    };
}
