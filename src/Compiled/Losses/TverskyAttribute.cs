namespace Compiled;

/// <summary>
/// One minus Tversky's index, T / (T + α Σ (1 - t) p + β Σ t (1 - p)) with T = Σ t p, of all outputs and targets of a batch (Salehi et al., 2017):
/// like <see cref="DiceAttribute"/>, with weights of what is wrongly 1 and of what is wrongly 0. For targets of the output's shape, of 0 and 1;
/// predictions are probabilities.
/// </summary>
/// <remarks>
/// That is the paper, and what Keras' documentation says; its code has the two weights the other way round, so a ported <c>Tversky(a, b)</c> of Keras 3
/// is <c>Tversky(b, a)</c> here. Weights of samples: see <see cref="DiceAttribute"/>.
/// </remarks>
/// <param name="alpha">The weight of false positives, at least 0; 0.5 by default.</param>
/// <param name="beta">The weight of false negatives, at least 0; 0.5 by default.</param>
public sealed class TverskyAttribute(double alpha = 0.5, double beta = 0.5) : LossAttribute
{
    /// <summary>The weight of false positives.</summary>
    public double Alpha { get; } = alpha;

    /// <summary>The weight of false negatives.</summary>
    public double Beta { get; } = beta;

    /// <summary>
    /// Whether each sample has a value of its own, as with all axes but the batch for Keras' <c>axis</c>; false by default: one value of the whole
    /// batch.
    /// </summary>
    public bool PerSample { get; set; }
}
