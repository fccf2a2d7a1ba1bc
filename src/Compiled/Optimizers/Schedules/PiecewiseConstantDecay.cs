namespace Compiled;

/// <summary>
/// A learning rate that stays the same between boundaries: values[0] up to and with update boundaries[0], then values[1] up to and with
/// boundaries[1], and so on; the last value after the last boundary.
/// </summary>
public sealed class PiecewiseConstantDecay : LearningRateSchedule
{
    private readonly long[] _boundaries;
    private readonly double[] _values;

    /// <summary>Makes the schedule.</summary>
    /// <param name="boundaries">Numbers of updates, rising.</param>
    /// <param name="values">The rates: one more than there are boundaries, each at least 0.</param>
    /// <exception cref="ArgumentException">The boundaries do not rise, or the numbers of boundaries and values do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is negative or not finite.</exception>
    public PiecewiseConstantDecay(IReadOnlyList<long> boundaries, IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(boundaries);
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != boundaries.Count + 1)
        {
            throw new ArgumentException(
                $"{boundaries.Count} boundaries are between {boundaries.Count + 1} values; {values.Count} were given.", nameof(values));
        }

        for (int i = 1; i < boundaries.Count; i++)
        {
            if (boundaries[i] <= boundaries[i - 1])
                throw new ArgumentException($"Boundaries must rise: {boundaries[i]} follows {boundaries[i - 1]}.", nameof(boundaries));
        }

        foreach (double value in values)
            Require.AtLeastZero(value, nameof(values));
        _boundaries = [.. boundaries];
        _values = [.. values];
    }

    /// <inheritdoc/>
    public override double RateAt(long update)
    {
        int at = Array.BinarySearch(_boundaries, update);
        return _values[at >= 0 ? at : ~at];
    }
}
