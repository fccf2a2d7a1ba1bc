namespace Compiled;

/// <summary>
/// Saves the weights after epochs: after every so many, or after those that are the best so far. A file is replaced as a whole or not at all.
/// </summary>
public sealed class ModelCheckpoint : Callback
{
    private readonly FilePattern _path;
    private readonly MetricMonitor _monitor;
    private readonly string _monitored;
    private readonly bool _saveBestOnly;
    private readonly int _period;

    /// <param name="filePath">
    /// The safetensors file, e.g. <c>best.safetensors</c> or <c>{epoch:D2}-{val_loss:F2}.safetensors</c>: in braces stands <c>epoch</c>, from 1, or
    /// what the epoch gave, with a format of .NET or one of Python (<c>02d</c>, <c>.2f</c>). Folders are made where they are missing.
    /// </param>
    /// <param name="monitor">What the best is told by: <c>loss</c>, <c>accuracy</c>, a metric, or that with <c>val_</c> before it.</param>
    /// <param name="saveBestOnly">Whether only the best so far is saved; false by default. What is not a number is never the best.</param>
    /// <param name="mode">Which values are better; by default larger ones of accuracies and scores, smaller ones of losses and errors.</param>
    /// <param name="period">Only every so many epochs are looked at; 1 by default. An epoch without a value that the file's name asks for is not saved.</param>
    /// <param name="initialValueThreshold">What the first one must be better than, e.g. the best of an earlier run; null by default.</param>
    /// <exception cref="ArgumentException">The pattern is none, or a name is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The period is below 1.</exception>
    public ModelCheckpoint(
        string filePath, string monitor = "val_loss", bool saveBestOnly = false, MonitorMode mode = MonitorMode.Auto, int period = 1,
        double? initialValueThreshold = null)
    {
        _path = new FilePattern(filePath);
        _monitor = new MetricMonitor(monitor, mode);
        _monitored = monitor;
        _saveBestOnly = saveBestOnly;
        _period = Require.AtLeast(period, 1, nameof(period));
        Best = initialValueThreshold ?? double.NaN;
    }

    /// <summary>
    /// The best value, of all runs that this object has watched, or what it must be better than; NaN without either, and where the best is not asked
    /// for.
    /// </summary>
    public double Best { get; private set; }

    /// <summary>The epoch that was saved last, from 1; 0 before there was one.</summary>
    public int SavedEpoch { get; private set; }

    /// <summary>The file that was written last; null before there was one.</summary>
    public string? SavedPath { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The run will not have what is monitored, or named in the file's name.</exception>
    public override void OnTrainBegin(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_saveBestOnly)
            _monitor.Begin(model, Parameters!);
        foreach (string name in _path.Names)
            MetricNames.Require(name, model.Plan, Parameters!.HasValidation);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public override void OnEpochEnd(Model model, EpochResult result)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(result);
        if (result.Epoch % _period != 0 || _path.Names.Any(name => !result.TryGet(name, out _)) || (_saveBestOnly && !IsBest(result)))
            return;
        string path = _path.Of(result);
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            Directory.CreateDirectory(folder);
        model.SaveWeights(path);
        (SavedEpoch, SavedPath) = (result.Epoch, path);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{nameof(ModelCheckpoint)} {_path}{(_saveBestOnly ? $", the best by {_monitored}" : "")}";

    private bool IsBest(EpochResult result)
    {
        if (!_monitor.TryRead(result, out double value) || !_monitor.IsBetter(value, double.IsNaN(Best) ? _monitor.Worst : Best))
            return false;
        Best = value;
        return true;
    }
}
