namespace Compiled.Reference;

/// <summary>The exponential moving average of a tensor of weights; it starts as the weights after the first update.</summary>
/// <param name="momentum">How much of the average stays at an update.</param>
/// <param name="overwriteFrequency">After every so many updates the weights become the average; never without.</param>
public sealed class MovingWeights(double momentum, int? overwriteFrequency = null)
{
    private int _updates;

    /// <summary>The average, after an update.</summary>
    public double[] Average { get; private set; } = [];

    /// <summary>Follows an update of the weights.</summary>
    public void Follow(double[] weights)
    {
        double[] before = _updates == 0 ? weights : Average;
        Average = [.. before.Zip(weights, (average, weight) => (momentum * average) + ((1 - momentum) * weight))];
        _updates++;
        if (overwriteFrequency is int frequency && _updates % frequency == 0)
            Average.CopyTo(weights, 0);
    }
}
