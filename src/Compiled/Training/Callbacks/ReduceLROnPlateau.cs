namespace Compiled;

/// <summary>Lowers the learning rate when a value has not become better for some epochs.</summary>
/// <param name="monitor">What is watched: <c>loss</c>, <c>accuracy</c>, a metric, or that with <c>val_</c> before it.</param>
/// <param name="factor">What the rate is multiplied by, at least 0 and less than 1; 0.1 by default.</param>
/// <param name="patience">After so many epochs in a row without a better value, at least 0; 10 by default.</param>
/// <param name="mode">Which values are better; by default larger ones of accuracies and scores, smaller ones of losses and errors.</param>
/// <param name="minDelta">By how much a value must be better to count as such; 1e-4 by default.</param>
/// <param name="cooldown">So many epochs after that are not counted; 0 by default.</param>
/// <param name="minLearningRate">The rate does not become lower; 0 by default.</param>
/// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
public sealed class ReduceLROnPlateau(
    string monitor = "val_loss", double factor = 0.1, int patience = 10, MonitorMode mode = MonitorMode.Auto, double minDelta = 1e-4,
    int cooldown = 0, double minLearningRate = 0) : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, minDelta);
    private readonly double _factor = Require.BelowOne(factor, nameof(factor));
    private readonly int _patience = Require.AtLeast(patience, 0, nameof(patience));
    private readonly int _cooldown = Require.AtLeast(cooldown, 0, nameof(cooldown));
    private readonly double _minLearningRate = Require.AtLeastZero(minLearningRate, nameof(minLearningRate));
    private double _best;
    private int _wait;
    private int _cooling;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The learning rate follows a schedule.</exception>
    public override void OnTrainBegin(Model model)
    {
        LearningRates.RequireNumber(Parameters!.Optimizer, nameof(ReduceLROnPlateau));
        _monitor.Begin(model, Parameters);
        (_best, _wait, _cooling) = (_monitor.Worst, 0, 0);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Model model, EpochResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (!_monitor.TryRead(result, out double value))
            return;
        if (_cooling > 0)
            (_cooling, _wait) = (_cooling - 1, 0);
        if (_monitor.IsBetter(value, _best))
            (_best, _wait) = (value, 0);
        else if (_cooling == 0 && ++_wait >= _patience)
            Lower(Parameters!.Optimizer);
    }

    private void Lower(Optimizer optimizer)
    {
        if (optimizer.LearningRate <= _minLearningRate)
            return;
        optimizer.LearningRate = Math.Max(optimizer.LearningRate * _factor, _minLearningRate);
        (_cooling, _wait) = (_cooldown, 0);
    }
}
