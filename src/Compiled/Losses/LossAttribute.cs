namespace Compiled;

/// <summary>
/// The loss that training minimises: the last attribute of a model but for its metrics. Standing in the stack it can be checked against
/// the output, and fused with the activation before it. The loss of a batch is the mean over its samples (and positions, for outputs of
/// higher rank).
/// </summary>
public abstract class LossAttribute : LayerAttribute
{
    /// <summary>Of a loss that is a metric, behind the loss: <see cref="MetricAttribute.Weighted"/>. The loss itself always heeds weights.</summary>
    public bool Weighted { get; set; }
}
