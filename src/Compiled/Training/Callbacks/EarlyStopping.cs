namespace Compiled;

/// <summary>Ends the training when a value has not become better for some epochs.</summary>
/// <param name="monitor">What is watched: <c>loss</c>, <c>accuracy</c>, a metric, or that with <c>val_</c> before it.</param>
/// <param name="minDelta">By how much a value must be better to count as such; 0 by default.</param>
/// <param name="patience">After so many epochs in a row without a better value it ends; 0 and 1 alike after the first one.</param>
/// <param name="mode">Which values are better; by default larger ones of accuracies and scores, smaller ones of losses and errors.</param>
/// <param name="baseline">A value to be better than: until then a better epoch does not begin the count anew. None by default.</param>
/// <param name="restoreBestWeights">
/// Whether the run ends with the weights of the best epoch, whoever ends it and after averages have taken their place; false by default.
/// </param>
/// <param name="startFromEpoch">So many epochs are not looked at; 0 by default.</param>
/// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
public sealed class EarlyStopping(
    string monitor = "val_loss", double minDelta = 0, int patience = 0, MonitorMode mode = MonitorMode.Auto, double? baseline = null,
    bool restoreBestWeights = false, int startFromEpoch = 0) : Callback
{
    private readonly MetricMonitor _monitor = new(monitor, mode, minDelta);
    private readonly int _patience = Require.AtLeast(patience, 0, nameof(patience));
    private readonly int _startFromEpoch = Require.AtLeast(startFromEpoch, 0, nameof(startFromEpoch));
    private float[][]? _bestWeights;
    private int _wait;

    /// <summary>The best value; NaN before there was one.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>The epoch of the best value, from 1; 0 before there was one.</summary>
    public int BestEpoch { get; private set; }

    /// <summary>The epoch after which this callback ended the training; 0 if it did not.</summary>
    public int StoppedEpoch { get; private set; }

    /// <inheritdoc/>
    public override void OnTrainBegin(Model model)
    {
        _monitor.Begin(model, Parameters!);
        (Best, BestEpoch, StoppedEpoch, _wait, _bestWeights) = (double.NaN, 0, 0, 0, null);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Model model, EpochResult result)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(result);
        if (result.Epoch <= _startFromEpoch || !_monitor.TryRead(result, out double value))
            return;
        _wait++;
        if (_monitor.IsBetter(value, BestEpoch == 0 ? _monitor.Worst : Best))
        {
            (Best, BestEpoch) = (value, result.Epoch);
            if (restoreBestWeights)
                model.ReadWeights(_bestWeights ??= model.RoomForWeights());
            if (baseline is null || _monitor.IsBetter(value, baseline.Value))
                _wait = 0;
        }

        bool isFirst = result.Epoch == Parameters!.InitialEpoch + 1;
        if (_wait >= Math.Max(_patience, 1) && !isFirst)
            (StopTraining, StoppedEpoch) = (true, result.Epoch);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(Model model, History history)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_bestWeights is not null)
            model.WriteWeights(_bestWeights);
        _bestWeights = null;
    }
}
