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

    /// <summary>
    /// A target that counts nothing, e.g. 255 for pixels without a class; it need be none of the classes. The loss is the mean over the other positions
    /// of a batch (Keras' <c>ignore_class</c>). Unset by default. Metrics do not heed it: a target that is no class is a miss of the accuracy.
    /// A number that is no class comes from batches of one's own (<c>TrainOnBatch</c>) or a <see cref="Dataset"/> of one's own; <see cref="ArrayDataset"/>
    /// refuses it.
    /// </summary>
    public int IgnoreClass { get; set; }
}
