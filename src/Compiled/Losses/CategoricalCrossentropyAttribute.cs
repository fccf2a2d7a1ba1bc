namespace Compiled;

/// <summary>
/// -sum(t log p) over the last axis, for one-hot or soft targets of the output's shape. After <see cref="SoftmaxAttribute"/> it is
/// computed from the logits; else the predictions are divided by their sum and clipped to [1e-7, 1 - 1e-7] (Keras). Data sets of class
/// numbers also fit: they are read one-hot.
/// </summary>
public sealed class CategoricalCrossentropyAttribute : LossAttribute
{
    /// <summary>
    /// Whether the predictions are logits: then the softmax is part of the loss, and none stands before it; false by default.
    /// </summary>
    public bool FromLogits { get; set; }

    /// <summary>
    /// The part of a target, in [0, 1], that all classes share: t becomes t (1 - s) + s / classes; 0 by default.
    /// </summary>
    public double LabelSmoothing { get; set; }
}
