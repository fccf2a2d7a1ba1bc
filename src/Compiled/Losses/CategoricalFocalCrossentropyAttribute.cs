namespace Compiled;

/// <summary>
/// -α sum(t (1 - p)^γ log p) over the last axis (Lin et al., 2017): a cross-entropy in which what is predicted well counts less, for
/// one-hot or soft targets of the output's shape. The predictions are divided by their sum and clipped to [1e-7, 1 - 1e-7]. Data sets
/// of class numbers also fit: they are read one-hot.
/// </summary>
public sealed class CategoricalFocalCrossentropyAttribute : LossAttribute
{
    /// <summary>What the loss is multiplied by, in [0, 1]; 0.25 by default.</summary>
    public double Alpha { get; set; } = 0.25;

    /// <summary>How much less a good prediction counts: the exponent of what it lacks, at least 0; 2 by default.</summary>
    public double Gamma { get; set; } = 2;

    /// <summary>
    /// Whether the predictions are logits: then the softmax is part of the loss, and none stands before it; false by default.
    /// </summary>
    public bool FromLogits { get; set; }

    /// <summary>
    /// The part of a target, in [0, 1], that all classes share: t becomes t (1 - s) + s / classes; 0 by default.
    /// </summary>
    public double LabelSmoothing { get; set; }
}
