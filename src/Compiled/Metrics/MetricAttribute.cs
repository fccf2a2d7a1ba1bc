namespace Compiled;

/// <summary>
/// A metric, behind the loss of a model: it is computed with it in training and evaluation, summed on the device, and reported wherever the loss is.
/// It influences nothing. A loss behind the loss is a metric, too: the mean of its values. Metrics heed sample weights where they are told to.
/// </summary>
/// <remarks>
/// <see cref="LayerAttribute.Name"/> is what it is reported as, by default its Keras name, e.g. <c>precision</c>; of the validation
/// <c>val_precision</c>. Where the activation is part of the loss, metrics look at the probabilities after it.
/// </remarks>
public abstract class MetricAttribute : LayerAttribute
{
    /// <summary>
    /// Whether sample and class weights count: the sum of the weighted values is divided by the sum of the weights (Keras' <c>weighted_metrics</c>).
    /// False by default. Means and accuracies have it; what counts outputs or classes does not.
    /// </summary>
    public bool Weighted { get; set; }
}
