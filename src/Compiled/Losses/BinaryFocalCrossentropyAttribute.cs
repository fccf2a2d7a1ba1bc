namespace Compiled;

/// <summary>
/// The mean of (1 - q)^γ times the binary cross-entropy over the last axis, where q is the probability that a prediction gives to what
/// is right (Lin et al., 2017): what is predicted well counts less. For targets of the output's shape in [0, 1]; predictions are
/// clipped to [1e-7, 1 - 1e-7].
/// </summary>
public sealed class BinaryFocalCrossentropyAttribute : LossAttribute
{
    /// <summary>Whether answers are weighted: a target of 1 by <see cref="Alpha"/>, one of 0 by 1 - alpha; false by default.</summary>
    public bool ApplyClassBalancing { get; set; }

    /// <summary>The weight of targets of 1, in [0, 1]; 0.25 by default. Without <see cref="ApplyClassBalancing"/> it is not read.</summary>
    public double Alpha { get; set; } = 0.25;

    /// <summary>How much less a good prediction counts: the exponent of what it lacks, at least 0; 2 by default.</summary>
    public double Gamma { get; set; } = 2;

    /// <summary>
    /// Whether the predictions are logits: then the sigmoid is part of the loss, and none stands before it; false by default.
    /// </summary>
    public bool FromLogits { get; set; }

    /// <summary>
    /// The part of a target, in [0, 1], that both answers share: t becomes t (1 - s) + s / 2; 0 by default.
    /// </summary>
    public double LabelSmoothing { get; set; }
}
