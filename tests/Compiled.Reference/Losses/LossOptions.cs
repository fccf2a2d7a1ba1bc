namespace Compiled.Reference;

/// <summary>What a loss can be told besides its name.</summary>
/// <param name="FromLogits">The predictions of a cross-entropy are logits.</param>
/// <param name="LabelSmoothing">Part of a target, in [0, 1], that all classes share; in binary cross-entropy, 0 and 1 do.</param>
/// <param name="Delta">Where Huber's loss becomes a straight line.</param>
/// <param name="SampleWeights">One weight per sample or per position; 1 without.</param>
/// <param name="Gamma">Of focal losses: how much less a good prediction counts.</param>
/// <param name="Alpha">
/// Of focal losses: the weight of categorical targets; of binary ones that are 1, against 1 − alpha. Of Tversky's, that of false positives.
/// </param>
/// <param name="Balance">Whether the binary focal loss weighs.</param>
/// <param name="Beta">Of Tversky's loss: the weight of false negatives.</param>
/// <param name="PerSample">Whether Dice and Tversky look at each sample by itself.</param>
/// <param name="IgnoredClass">Of class numbers: the one whose positions count nothing; the others, that many times more.</param>
public sealed record LossOptions(
    bool FromLogits = false, double LabelSmoothing = 0, double Delta = 1, IReadOnlyList<double>? SampleWeights = null,
    double Gamma = 2, double Alpha = 0.25, bool Balance = false, double Beta = 0.5, bool PerSample = false,
    int? IgnoredClass = null)
{
    public static LossOptions Default { get; } = new();
}
