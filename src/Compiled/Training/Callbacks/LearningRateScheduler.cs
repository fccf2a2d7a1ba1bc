namespace Compiled;

/// <summary>Sets the learning rate before each epoch.</summary>
public sealed class LearningRateScheduler : Callback
{
    private readonly Func<int, double, double> _schedule;

    /// <summary>A rate for each epoch.</summary>
    /// <param name="schedule">The rate by the number of epochs that are done: 0 before the first one, as Keras counts.</param>
    public LearningRateScheduler(Func<int, double> schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = (epochs, _) => schedule(epochs);
    }

    /// <summary>A rate for each epoch, which may depend on the one before.</summary>
    /// <param name="schedule">The rate by the number of epochs that are done, 0 before the first one, and the rate by then.</param>
    public LearningRateScheduler(Func<int, double, double> schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _schedule = schedule;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The learning rate follows a schedule.</exception>
    public override void OnTrainBegin(Model model) => LearningRates.RequireNumber(Parameters!.Optimizer, nameof(LearningRateScheduler));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The schedule gives a rate that is negative or not finite.</exception>
    public override void OnEpochBegin(Model model, int epoch)
    {
        Optimizer optimizer = Parameters!.Optimizer;
        double rate = _schedule(epoch - 1, optimizer.LearningRate);
        if (!double.IsFinite(rate) || rate < 0)
            throw new InvalidOperationException($"The schedule gives a learning rate of {rate} for epoch {epoch}: it must be a finite number of at least 0.");
        optimizer.LearningRate = rate;
    }
}
