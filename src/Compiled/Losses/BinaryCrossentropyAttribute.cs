namespace Compiled;

/// <summary>
/// The mean of -t log p - (1 - t) log(1 - p) over the last axis, for targets of the output's shape in [0, 1]: every output is a
/// question of its own. After <see cref="SigmoidAttribute"/> it is computed from the logits; else the predictions are clipped to [1e-7,
/// 1 - 1e-7] (Keras 3), and where they are, nothing flows back.
/// </summary>
public sealed class BinaryCrossentropyAttribute : LossAttribute
{
    /// <summary>
    /// Whether the predictions are logits: then the sigmoid is part of the loss, and none stands before it; false by default.
    /// </summary>
    public bool FromLogits { get; set; }

    /// <summary>
    /// The part of a target, in [0, 1], that both answers share: t becomes t (1 - s) + s / 2; 0 by default.
    /// </summary>
    public double LabelSmoothing { get; set; }
}
