namespace Compiled;

/// <summary>How far an epoch is. Reported on the training thread, at most ten times a second and at the end of each epoch.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Epochs">How many there will be.</param>
/// <param name="Step">The steps of this epoch that are done.</param>
/// <param name="Steps">The steps of an epoch.</param>
/// <param name="Loss">The mean loss of the epoch so far.</param>
/// <param name="Accuracy">The part of hits so far; NaN for a model that counts none.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Step, int Steps, double Loss, double Accuracy)
{
    /// <summary>The values of the metrics so far.</summary>
    public MetricValues Metrics { get => field ?? MetricValues.None; init; }
}
