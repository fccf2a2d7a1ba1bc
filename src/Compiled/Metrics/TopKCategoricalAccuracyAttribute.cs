namespace Compiled;

/// <summary>
/// The part of samples for which fewer than k outputs are greater than that of the target's class: a tie at the end counts, a number that is not finite does not.
/// </summary>
/// <param name="k">How many classes the target may be among; 5 by default.</param>
public sealed class TopKCategoricalAccuracyAttribute(int k = 5) : MetricAttribute
{
    /// <summary>How many classes the target may be among.</summary>
    public int K { get; } = k;
}
