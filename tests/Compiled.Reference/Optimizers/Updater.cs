namespace Compiled.Reference;

/// <summary>
/// One update of all weights: penalties of regularizers into the gradients, clipping, weight decay, the rule, the moving average,
/// constraints; in this order.
/// </summary>
public sealed class Updater
{
    private readonly List<Entry> _entries = [];

    /// <summary>The learning rate by the number of finished updates; without, the rules keep theirs.</summary>
    public Func<long, double>? Schedule { get; init; }

    public ClippingRule Clipping { get; init; } = new();

    /// <summary>Times the learning rate, the part of every weight that an update takes away.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The number of finished updates.</summary>
    public int Updates { get; private set; }

    /// <summary>Adds a weight; its rule has <paramref name="rateRatio"/> of the rate, which decays it all the same.</summary>
    public void Add(
        Tensor weight, OptimizerRule rule,
        RegularizerRule? regularizer = null, Action<Tensor>? constraint = null, MovingWeights? average = null, double rateRatio = 1)
    {
        rule.LearningRate *= rateRatio;
        _entries.Add(new(weight, rule, regularizer, constraint, average, rateRatio));
    }

    public void Step(params IReadOnlyList<Tensor> gradients)
    {
        IReadOnlyList<double[]> clipped = Clipping.Apply(
            [.. _entries.Zip(gradients, (entry, gradient) => (entry.Regularizer?.Gradient(entry.Weight, gradient) ?? gradient).Values)]);
        foreach ((Entry entry, double[] gradient) in _entries.Zip(clipped))
        {
            double[] weights = entry.Weight.Values;
            if (Schedule is not null)
                entry.Rule.LearningRate = Schedule(Updates) * entry.RateRatio;
            for (int i = 0; i < weights.Length; i++)
                weights[i] -= entry.Rule.LearningRate / entry.RateRatio * WeightDecay * weights[i];
            entry.Rule.Update(weights, gradient);
            entry.Average?.Follow(weights);
            entry.Constraint?.Invoke(entry.Weight);
        }

        Updates++;
    }

    private sealed record Entry(
        Tensor Weight, OptimizerRule Rule, RegularizerRule? Regularizer, Action<Tensor>? Constraint, MovingWeights? Average,
        double RateRatio);
}
