namespace Compiled;

/// <summary>
/// -log p[t] over the last axis, for targets that are class numbers from 0, one per sample (and position). After <see
/// cref="SoftmaxAttribute"/> it is computed from the logits.
/// </summary>
public sealed class SparseCategoricalCrossentropyAttribute : LossAttribute
{
    /// <summary>
    /// Whether the predictions are logits: then the softmax is part of the loss, and none stands before it; false by default.
    /// </summary>
    public bool FromLogits { get; set; }
}
