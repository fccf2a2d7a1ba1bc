namespace Compiled;

/// <summary>What each epoch gave.</summary>
/// <param name="Epoch">The number of the epoch, from 1.</param>
/// <param name="Loss">The mean loss over the samples, in training.</param>
/// <param name="Accuracy">The part of hits in training; NaN for a model that counts none.</param>
/// <param name="Validation">What the validation set gave after the epoch; null without one, and where the run was ended meanwhile.</param>
/// <param name="Samples">The number of samples trained on.</param>
/// <param name="TrainingTime">The time of the training steps.</param>
/// <param name="Time">The time of the whole epoch, validation included.</param>
public sealed record EpochResult(
    int Epoch, double Loss, double Accuracy, Evaluation? Validation, long Samples, TimeSpan TrainingTime, TimeSpan Time)
{
    /// <summary>The values of the metrics over the samples, in training.</summary>
    public MetricValues Metrics { get; init; } = MetricValues.None;

    /// <summary>Training throughput.</summary>
    public double SamplesPerSecond => Samples / TrainingTime.TotalSeconds;
}

/// <summary>The epochs of a run.</summary>
public sealed class History
{
    private const string Validation = "val_";

    private readonly List<EpochResult> _epochs = [];

    /// <summary>The epochs in order.</summary>
    public IReadOnlyList<EpochResult> Epochs => _epochs;

    /// <summary>Whether the run was ended early by its <see cref="CancellationToken"/>.</summary>
    public bool Cancelled { get; internal set; }

    /// <summary>A metric over the epochs, by its Keras name.</summary>
    /// <param name="metric"><c>loss</c>, <c>accuracy</c>, <c>val_loss</c> <c>val_accuracy</c>, the name of a metric, or that with <c>val_</c> before
    /// it; also <c>acc</c> and <c>val_acc</c>.</param>
    /// <exception cref="ArgumentException">The name is another.</exception>
    public IReadOnlyList<double> this[string metric] => metric switch
    {
        "loss" => [.. _epochs.Select(epoch => epoch.Loss)],
        "accuracy" or "acc" => [.. _epochs.Select(epoch => epoch.Accuracy)],
        "val_loss" => [.. _epochs.Select(epoch => epoch.Validation?.Loss ?? double.NaN)],
        "val_accuracy" or "val_acc" => [.. _epochs.Select(epoch => epoch.Validation?.Accuracy ?? double.NaN)],
        _ when IsMetric(metric) => [.. _epochs.Select(epoch => epoch.Metrics[metric])],
        _ when metric?.StartsWith(Validation, StringComparison.Ordinal) == true && IsMetric(metric[Validation.Length..]) =>
            [.. _epochs.Select(epoch => epoch.Validation?.Metrics[metric[Validation.Length..]] ?? double.NaN)],
        _ => throw new ArgumentException($"There is no metric '{metric}'; there are {Names()}.", nameof(metric)),
    };

    /// <summary>The metrics of the model.</summary>
    internal IReadOnlyList<MetricPlan> Metrics { get; init; } = [];

    internal void Add(EpochResult epoch) => _epochs.Add(epoch);

    private bool IsMetric(string? name) => Metrics.Any(plan => plan.Name == name);

    private string Names()
    {
        string[] names = ["loss", "accuracy", .. Metrics.Select(plan => plan.Name)];
        string[] all = [.. names, .. names.Select(name => Validation + name)];
        return $"{string.Join(", ", all.SkipLast(1))} and {all[^1]}";
    }
}
