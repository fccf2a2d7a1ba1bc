namespace Compiled;

/// <summary>
/// The mean, over some classes, of intersection over union: of predictions and targets of a class, both over one of them. Of the classes that are
/// asked for, those that neither occur nor are predicted do not count. The class of a prediction is its largest output; one output means 1 above
/// the threshold, and 0. Targets are class numbers or one-hot, as the loss takes them: Keras' <c>IoU</c> and <c>OneHotIoU</c>.
/// </summary>
/// <param name="targetClassIds">The classes, from 0; one at least.</param>
public sealed class IoUAttribute(params int[] targetClassIds) : MetricAttribute
{
    /// <summary>The classes, from 0.</summary>
    public int[] TargetClassIds { get; } = targetClassIds;

    /// <summary>A prediction above it means 1; 0.5 by default.</summary>
    public double Threshold { get; set; } = 0.5;
}
