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

    /// <summary>The learning rate of the last step.</summary>
    public double LearningRate { get; init; } = double.NaN;

    /// <summary>Training throughput, with what callbacks did between steps.</summary>
    public double SamplesPerSecond => Samples / TrainingTime.TotalSeconds;

    /// <summary>Looks for a value by its Keras name: <c>loss</c>, <c>accuracy</c> or <c>acc</c>, a metric, that with <c>val_</c> before it, or <c>learning_rate</c>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value; NaN where there is none.</param>
    /// <returns>Whether there is one: not of the validation in an epoch that was not validated.</returns>
    public bool TryGet(string name, out double value)
    {
        ArgumentNullException.ThrowIfNull(name);
        value = LearningRate;
        if (name == MetricNames.LearningRate)
            return true;
        (string own, bool isOfValidation) = MetricNames.Split(name);
        value = double.NaN;
        return isOfValidation
            ? Validation is { } validation && TryGet(own, validation.Loss, validation.Accuracy, validation.Metrics, out value)
            : TryGet(own, Loss, Accuracy, Metrics, out value);
    }

    private static bool TryGet(string name, double loss, double accuracy, MetricValues metrics, out double value)
    {
        if (name is not (MetricNames.Loss or MetricNames.Accuracy))
            return metrics.TryGet(name, out value);
        value = name == MetricNames.Loss ? loss : accuracy;
        return true;
    }
}

/// <summary>The epochs of a run.</summary>
public sealed class History
{
    private readonly List<EpochResult> _epochs = [];

    /// <summary>The epochs in order.</summary>
    public IReadOnlyList<EpochResult> Epochs => _epochs;

    /// <summary>Whether the run was ended early by its <see cref="CancellationToken"/>.</summary>
    public bool Cancelled { get; internal set; }

    /// <summary>A metric over the epochs, by its Keras name; NaN in epochs that were not validated.</summary>
    /// <param name="metric"><c>loss</c>, <c>accuracy</c>, <c>val_loss</c> <c>val_accuracy</c>, the name of a metric, or that with <c>val_</c> before
    /// it; also <c>acc</c> and <c>val_acc</c>, and <c>learning_rate</c>.</param>
    /// <exception cref="ArgumentException">The name is another.</exception>
    public IReadOnlyList<double> this[string metric]
    {
        get
        {
            if (metric is null || (metric != MetricNames.LearningRate && !Names().Contains(MetricNames.Split(metric).Name)))
                throw new ArgumentException($"There is no metric '{metric}'; there are {All()}.", nameof(metric));
            return [.. _epochs.Select(epoch => epoch.TryGet(metric, out double value) ? value : double.NaN)];
        }
    }

    /// <summary>The metrics of the model.</summary>
    internal IReadOnlyList<MetricPlan> Metrics { get; init; } = [];

    internal void Add(EpochResult epoch) => _epochs.Add(epoch);

    private string[] Names() => [MetricNames.Loss, MetricNames.Accuracy, .. Metrics.Select(plan => plan.Name)];

    private string All() => MetricNames.List([.. Names(), .. Names().Select(name => MetricNames.Validation + name)]);
}
