namespace Compiled;

/// <summary>Does what it is told, without a class of one's own.</summary>
public sealed class LambdaCallback : Callback
{
    /// <summary>Before the first epoch.</summary>
    public Action<Model>? TrainBegin { get; init; }

    /// <summary>Before each epoch, with its number from 1.</summary>
    public Action<Model, int>? EpochBegin { get; init; }

    /// <summary>Before each step, with its number in the epoch from 1.</summary>
    public Action<Model, int>? BatchBegin { get; init; }

    /// <summary>After each step.</summary>
    public Action<Model, TrainingStep>? BatchEnd { get; init; }

    /// <summary>After each epoch and its validation.</summary>
    public Action<Model, EpochResult>? EpochEnd { get; init; }

    /// <summary>After the last epoch, also when the run was cancelled.</summary>
    public Action<Model, History>? TrainEnd { get; init; }

    /// <inheritdoc/>
    public override void OnTrainBegin(Model model) => TrainBegin?.Invoke(model);

    /// <inheritdoc/>
    public override void OnEpochBegin(Model model, int epoch) => EpochBegin?.Invoke(model, epoch);

    /// <inheritdoc/>
    public override void OnBatchBegin(Model model, int number) => BatchBegin?.Invoke(model, number);

    /// <inheritdoc/>
    public override void OnBatchEnd(Model model, TrainingStep finished) => BatchEnd?.Invoke(model, finished);

    /// <inheritdoc/>
    public override void OnEpochEnd(Model model, EpochResult result) => EpochEnd?.Invoke(model, result);

    /// <inheritdoc/>
    public override void OnTrainEnd(Model model, History history) => TrainEnd?.Invoke(model, history);
}
