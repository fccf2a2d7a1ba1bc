namespace Compiled;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019): p ← p - rate·weightDecay·p, then the update of <see cref="Adam"/>. The decay is apart from the
/// gradient, so Adam does not scale it away.
/// </summary>
public sealed class AdamW : Adam
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="weightDecay">Times the learning rate, the part of every weight that each update takes away; at least 0.</param>
    /// <param name="beta1">The decay of the mean, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean square, in [0, 1).</param>
    /// <param name="epsilon">What keeps the division finite; a float greater than 0.</param>
    /// <param name="amsgrad">Whether the largest v so far takes the place of v (Reddi et al., 2018).</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public AdamW(
        double learningRate = 0.001, double weightDecay = 0.004, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool amsgrad = false)
        : base(learningRate, beta1, beta2, epsilon, amsgrad)
    {
        WeightDecay = Require.Float(weightDecay, nameof(weightDecay));
    }

    /// <inheritdoc cref="AdamW(double, double, double, double, double, bool)"/>
    public AdamW(
        LearningRateSchedule learningRate, double weightDecay = 0.004, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7, bool amsgrad = false)
        : this(0, weightDecay, beta1, beta2, epsilon, amsgrad) => Schedule = learningRate;
}
