namespace Compiled.Reference;

/// <summary>What a loss can be told besides its name.</summary>
/// <param name="FromLogits">The predictions of a cross-entropy are logits.</param>
/// <param name="LabelSmoothing">Part of a target, in [0, 1], that all classes share; in binary cross-entropy, 0 and 1 do.</param>
/// <param name="Delta">Where Huber's loss becomes a straight line.</param>
/// <param name="SampleWeights">One weight per sample or per position; 1 without.</param>
public sealed record LossOptions(
    bool FromLogits = false, double LabelSmoothing = 0, double Delta = 1, IReadOnlyList<double>? SampleWeights = null)
{
    public static LossOptions Default { get; } = new();
}
