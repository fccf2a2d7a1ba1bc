namespace Compiled;

/// <summary>
/// One minus the Dice coefficient, 2 Σ t p / (Σ t + Σ p), of all outputs and targets of a batch (Milletari et al., 2016): how little they overlap,
/// as for masks of which most pixels are 0. For targets of the output's shape, of 0 and 1; predictions are probabilities.
/// </summary>
/// <remarks>
/// What a weight makes a sample or position count, it counts in the sums, so that one of weight 0 is as if it were not there (in Keras it is in the
/// sums all the same), and the value is multiplied by the mean of the weights.
/// </remarks>
public sealed class DiceAttribute : LossAttribute
{
    /// <summary>
    /// Whether each sample has a value of its own, which is Keras' <c>axis</c> of all axes but the batch; false by default: one value of the whole
    /// batch.
    /// </summary>
    public bool PerSample { get; set; }
}
