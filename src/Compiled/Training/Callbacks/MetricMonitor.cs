namespace Compiled;

/// <summary>Watches a value of the epochs and tells better from worse. What is not a number is never better.</summary>
internal sealed class MetricMonitor
{
    private readonly string _metric;
    private readonly MonitorMode _mode;
    private readonly double _minDelta;
    private bool _largerIsBetter;

    /// <param name="metric">The name of the value, as in <see cref="History"/>.</param>
    /// <param name="mode">Which values are better.</param>
    /// <param name="minDelta">By how much at least; its sign does not matter.</param>
    public MetricMonitor(string metric, MonitorMode mode, double minDelta = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(metric, "monitor");
        if (mode is < MonitorMode.Auto or > MonitorMode.Max)
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "mode is Auto, Min or Max.");
        if (!double.IsFinite(minDelta))
            throw new ArgumentOutOfRangeException(nameof(minDelta), minDelta, "minDelta must be a finite number.");
        (_metric, _mode, _minDelta) = (metric, mode, Math.Abs(minDelta));
    }

    /// <summary>What everything is better than.</summary>
    public double Worst => _largerIsBetter ? double.NegativeInfinity : double.PositiveInfinity;

    /// <exception cref="ArgumentException">The run will not have the value.</exception>
    public void Begin(Model model, FitParameters parameters)
    {
        MetricNames.Require(_metric, model.Plan, parameters.HasValidation);
        _largerIsBetter = _mode == MonitorMode.Max || (_mode == MonitorMode.Auto && MetricNames.LargerIsBetter(_metric, model.Plan));
    }

    /// <summary>The value of an epoch; false for one that was not validated.</summary>
    public bool TryRead(EpochResult result, out double value) => result.TryGet(_metric, out value);

    public bool IsBetter(double value, double best) => _largerIsBetter ? value - _minDelta > best : value + _minDelta < best;
}
