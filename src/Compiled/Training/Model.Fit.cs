using System.Diagnostics;

namespace Compiled;

/// <content>Training over a data set.</content>
public abstract partial class Model
{
    private const int ReportsPerSecond = 10;

    // Passes that earlier calls of Fit have begun.
    private long _passes;

    /// <summary>Trains for a number of epochs.</summary>
    /// <param name="train">
    /// The samples; the last batch of an epoch may be smaller than <see cref="BatchSize"/>. An <see cref="ArrayDataset"/> that takes less than
    /// half of a GPU's free memory is copied there at the beginning, as is the one for validation.
    /// </param>
    /// <param name="optimizer">
    /// The rule of the updates. With <see cref="Optimizer.UseEma"/> a run that is not cancelled ends with the weights being their averages.
    /// </param>
    /// <param name="epochs">The epoch to end after, counted from 1.</param>
    /// <param name="validation">Evaluated after epochs; it does not influence the training.</param>
    /// <param name="shuffle">
    /// Whether each pass over the samples has an order of its own, chosen by <see cref="Seed"/> and the number of the pass. A further call goes
    /// on with the next pass.
    /// </param>
    /// <param name="initialEpoch">The epochs already done: the first one here is the next.</param>
    /// <param name="stepsPerEpoch">Steps of an epoch; null for one pass over the samples. The stream of batches goes on from epoch to epoch.</param>
    /// <param name="callbacks">Called between steps.</param>
    /// <param name="progress">Told how far the epoch is.</param>
    /// <param name="classWeight">
    /// What the samples of each class count in the loss of the training, times their sample weights: the loss stays the sum over the number of
    /// samples. The class of a one-hot target is its first maximum, in outputs with positions that of each position. A class that is not there
    /// counts 1.
    /// </param>
    /// <param name="validationFrequency">The validation set is evaluated after every so many epochs; 1 by default.</param>
    /// <param name="cancellationToken">Ends the run after the current step; <see cref="History.Cancelled"/> says so.</param>
    /// <returns>What each epoch gave.</returns>
    /// <exception cref="ArgumentException">The data set does not fit the model; the message says in what.</exception>
    /// <exception cref="InvalidOperationException">The batch size is 1, and a layer normalizes over the batch alone.</exception>
    public History Fit(
        Dataset train,
        Optimizer optimizer,
        int epochs = 1,
        Dataset? validation = null,
        bool shuffle = true,
        int initialEpoch = 0,
        int? stepsPerEpoch = null,
        IReadOnlyList<Callback>? callbacks = null,
        IProgress<TrainingProgress>? progress = null,
        IReadOnlyDictionary<int, double>? classWeight = null,
        int validationFrequency = 1,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        RequireFits(train, nameof(train));
        if (validation is not null)
            RequireFits(validation, nameof(validation));
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(initialEpoch);
        ArgumentOutOfRangeException.ThrowIfLessThan(validationFrequency, 1);
        if (stepsPerEpoch is { } given)
            ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(stepsPerEpoch));

        foreach (Callback callback in callbacks ?? [])
            ArgumentNullException.ThrowIfNull(callback, nameof(callbacks));

        ThrowIfBatchIsOne();
        Enter();
        try
        {
            var order = new SampleOrder(train.Count, BatchSize, shuffle, Seed);
            int steps = stepsPerEpoch ?? order.BatchesPerPass;
            order.Seek(initialEpoch > 0 ? (long)initialEpoch * steps : _passes * order.BatchesPerPass);
            try
            {
                bool isValidated = validation is not null && epochs / validationFrequency > initialEpoch / validationFrequency;
                var parameters = new FitParameters(optimizer, initialEpoch, epochs, steps, isValidated);
                return FitEpochs(
                    train, validation, validationFrequency, parameters, order, [.. callbacks ?? []], progress, classWeight, cancellationToken);
            }
            finally
            {
                _passes = order.Pass + 1;
            }
        }
        finally
        {
            Exit();
        }
    }

    private History FitEpochs(
        Dataset train,
        Dataset? validation,
        int validationFrequency,
        FitParameters parameters,
        SampleOrder order,
        Callback[] callbacks,
        IProgress<TrainingProgress>? progress,
        IReadOnlyDictionary<int, double>? classWeight,
        CancellationToken cancellationToken)
    {
        var history = new History { Metrics = Plan.Metrics };
        using var trainSource = new BatchSource(this, train, mayReside: true, classWeight);
        using BatchSource? validationSource = validation is null ? null : new BatchSource(this, validation, mayReside: true);
        foreach (Callback callback in callbacks)
        {
            callback.StopTraining = false;
            callback.Parameters = parameters;
            callback.OnTrainBegin(this);
        }

        for (int epoch = parameters.InitialEpoch + 1; epoch <= parameters.Epochs && !IsStopped(callbacks); epoch++)
        {
            var at = new TrainingProgress(epoch, parameters.Epochs, Step: 0, parameters.Steps, Loss: double.NaN, Accuracy: double.NaN);
            BatchSource? validated = epoch % validationFrequency == 0 ? validationSource : null;
            if (!FitEpoch(trainSource, parameters.Optimizer, validated, order, at, callbacks, progress, cancellationToken, out EpochResult result))
            {
                history.Cancelled = true;
                break;
            }

            history.Add(result);
            foreach (Callback callback in callbacks)
                callback.OnEpochEnd(this, result);
            if (validated is not null && result.Validation is null)
            {
                history.Cancelled = true; // While it was validated: the epoch was trained all the same.
                break;
            }
        }

        if (!history.Cancelled && history.Epochs.Count > 0)
            FinishAverages(parameters.Optimizer);
        foreach (Callback callback in callbacks)
            callback.OnTrainEnd(this, history);
        return history;
    }

    private bool FitEpoch(
        BatchSource train,
        Optimizer optimizer,
        BatchSource? validation,
        SampleOrder order,
        TrainingProgress at,
        Callback[] callbacks,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken,
        out EpochResult result)
    {
        result = null!;
        foreach (Callback callback in callbacks)
            callback.OnEpochBegin(this, at.Epoch);
        long begin = Stopwatch.GetTimestamp();
        long samples = 0;
        ClearMetrics();
        (bool, (Interop.cn_metrics, double[])?) outer = (_isInEpoch, _setAside); // of a run whose callback has called this one
        (_isInEpoch, _setAside) = (true, null);
        BatchResult mean;
        TimeSpan trainingTime;
        Evaluation? evaluation;
        try
        {
            if (!TrainSteps(train, optimizer, order, at, callbacks, progress, cancellationToken, out samples))
                return false;
            mean = ReadMetrics(); // Waits for the device.
            trainingTime = Stopwatch.GetElapsedTime(begin);
            _isInEpoch = false;
            evaluation = validation is null ? null : EvaluateSamples(validation, cancellationToken);
        }
        finally
        {
            (_isInEpoch, _setAside) = outer;
        }

        result = new EpochResult(at.Epoch, mean.Loss, mean.Accuracy, evaluation, samples, trainingTime, Stopwatch.GetElapsedTime(begin))
        {
            Metrics = mean.Metrics,
            LearningRate = optimizer.LearningRate,
        };
        return true;
    }

    private bool TrainSteps(
        BatchSource train,
        Optimizer optimizer,
        SampleOrder order,
        TrainingProgress at,
        Callback[] callbacks,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken,
        out long samples)
    {
        samples = 0;
        long reported = Stopwatch.GetTimestamp();
        for (int step = 1; step <= at.Steps; step++)
        {
            if (cancellationToken.IsCancellationRequested)
                return false;
            ThrowIfDisposed();
            foreach (Callback callback in callbacks)
                callback.OnBatchBegin(this, step);
            ResumeMetrics();
            samples += train.Load(order);
            Train(optimizer, train.Training);
            foreach (Callback callback in callbacks)
                callback.OnBatchEnd(this, new TrainingStep(this, at.Epoch, step));
            ResumeMetrics();
            bool isLast = step == at.Steps || IsStopped(callbacks);
            if (progress is not null && (isLast || Stopwatch.GetTimestamp() - reported >= Stopwatch.Frequency / ReportsPerSecond))
            {
                reported = Stopwatch.GetTimestamp();
                BatchResult sofar = ReadMetrics();
                progress.Report(at with { Step = step, Loss = sofar.Loss, Accuracy = sofar.Accuracy, Metrics = sofar.Metrics });
                ResumeMetrics();
            }

            if (isLast)
                break;
        }

        return true;
    }

    private static bool IsStopped(Callback[] callbacks)
    {
        foreach (Callback callback in callbacks)
        {
            if (callback.StopTraining)
                return true;
        }

        return false;
    }
}
