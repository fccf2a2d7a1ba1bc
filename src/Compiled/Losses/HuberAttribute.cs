namespace Compiled;

/// <summary>
/// The mean over the last axis of d² / 2 where |d| ≤ delta, else of delta |d| - delta² / 2, with d = prediction - target (Huber, 1964),
/// for targets of the output's shape.
/// </summary>
/// <param name="delta">Where the parabola becomes a straight line: greater than 0; 1 by default.</param>
public sealed class HuberAttribute(double delta = 1) : LossAttribute
{
    /// <summary>Where the parabola becomes a straight line.</summary>
    public double Delta { get; } = delta;
}
