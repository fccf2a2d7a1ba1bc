using System.Linq;

namespace Compiled.Generators;

/// <summary>Where everything of a model lies.</summary>
/// <param name="Graph">The stages of training.</param>
/// <param name="Stages">Each of them with its addresses.</param>
/// <param name="Prediction">Each stage of prediction and evaluation; those that do what one of training does have its op.</param>
/// <param name="Parameters">The offset of each weight among the weights.</param>
/// <param name="TrainableBytes">The size of the weights that the optimizer changes; they come first.</param>
/// <param name="ParameterBytes">The size of all weights.</param>
/// <param name="FoldedBytes">The size of all weights that prediction multiplies a normalization into.</param>
/// <param name="ValueBytes">The size of all values, per sample.</param>
/// <param name="Spare">Of the values, what prediction and evaluation have no use for.</param>
/// <param name="InputSavedBytes">What the backward pass keeps alive of the input, per sample.</param>
/// <param name="Input">The offset of the input.</param>
/// <param name="Output">The offset of the prediction.</param>
/// <param name="Target">The offset of the target.</param>
/// <param name="Logits">The offset of what the loss reads, in training.</param>
/// <param name="PredictLogits">The same in prediction.</param>
/// <param name="LogitsGradient">The offset of the loss's gradient; -1 when no weight needs it.</param>
/// <param name="Probabilities">The offset of what the loss makes of logits for the metrics; -1 where they read what the loss reads.</param>
internal sealed record ModelLayout(
    StageGraph Graph,
    EquatableArray<StagePlan> Stages,
    EquatableArray<StagePlan> Prediction,
    EquatableArray<long> Parameters,
    long TrainableBytes,
    long ParameterBytes,
    long FoldedBytes,
    long ValueBytes,
    Gap Spare,
    long InputSavedBytes,
    long Input,
    long Output,
    long Target,
    long Logits,
    long PredictLogits,
    long LogitsGradient,
    long Probabilities)
{
    /// <summary>What the backward pass keeps alive of the forward pass, per sample.</summary>
    public long SavedBytes => InputSavedBytes + Stages.Sum(stage => stage.SavedBytes);
}
