namespace Compiled;

/// <summary>What a batch gave.</summary>
/// <param name="Loss">The mean loss plus the penalties of regularizers, with the weights before the update.</param>
/// <param name="Accuracy">The part of hits, in [0, 1]; NaN for a model that counts none.</param>
public readonly record struct BatchResult(double Loss, double Accuracy)
{
    /// <summary>The values of the metrics, with the weights before the update.</summary>
    public MetricValues Metrics { get => field ?? MetricValues.None; init; }
}

/// <summary>What a data set gave.</summary>
/// <param name="Loss">The mean loss over all samples plus the penalties of regularizers.</param>
/// <param name="Accuracy">The part of hits, in [0, 1]; NaN for a model that counts none.</param>
/// <param name="Count">The number of samples.</param>
public readonly record struct Evaluation(double Loss, double Accuracy, int Count)
{
    /// <summary>The values of the metrics over all samples.</summary>
    public MetricValues Metrics { get => field ?? MetricValues.None; init; }
}
