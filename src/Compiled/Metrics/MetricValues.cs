namespace Compiled;

/// <summary>The values of the metrics of a model, by name and in their order.</summary>
public sealed class MetricValues : IEquatable<MetricValues>
{
    private readonly IReadOnlyList<MetricPlan> _plans;
    private readonly double[] _values;

    /// <param name="plans">The metrics.</param>
    /// <param name="sums">What the device has summed for them, one after the other.</param>
    internal MetricValues(IReadOnlyList<MetricPlan> plans, ReadOnlySpan<double> sums)
    {
        _plans = plans;
        _values = new double[plans.Count];
        for (int i = 0; i < plans.Count; i++)
        {
            _values[i] = MetricRules.Value(plans[i], sums[..plans[i].Sums]);
            sums = sums[plans[i].Sums..];
        }
    }

    /// <summary>Those of a model without metrics.</summary>
    public static MetricValues None { get; } = new([], []);

    /// <summary>The number of metrics.</summary>
    public int Count => _values.Length;

    /// <summary>The names.</summary>
    public IEnumerable<string> Names => _plans.Select(plan => plan.Name);

    /// <summary>The value of a metric.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">There is no such metric.</exception>
    public double this[string name] => TryGet(name, out double value)
        ? value
        : throw new ArgumentException($"There is no metric '{name}'; there are: {string.Join(", ", Names)}.", nameof(name));

    /// <summary>Looks for a metric.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; NaN where there is none.</param>
    public bool TryGet(string name, out double value)
    {
        for (int i = 0; i < _values.Length; i++)
        {
            if (_plans[i].Name == name)
            {
                value = _values[i];
                return true;
            }
        }

        value = double.NaN;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(MetricValues? other) => other is not null && Names.SequenceEqual(other.Names) && _values.SequenceEqual(other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MetricValues);

    /// <inheritdoc/>
    public override int GetHashCode() => _values.Aggregate(_values.Length, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Names.Zip(_values, (name, value) => $"{name} {value}"));
}
