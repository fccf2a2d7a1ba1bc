namespace Compiled.Generators;

/// <summary>A model as stages.</summary>
/// <param name="Training">Those of the training step.</param>
/// <param name="Prediction">Those of prediction and evaluation, of a graph of its own.</param>
internal sealed record ModelStages(StageGraph Training, StageGraph Prediction)
{
    public static ModelStages Of(TrainingGraph training, ModelOptions options)
    {
        StageGraph stages = StageBuilder.Build(training, options, options.Fused, predicts: false);
        TrainingGraph prediction = TrainingGraph.WithoutGradients(PredictionGraph.Of(training.Graph, options.Fused));
        // Both are for one loss: it takes logits or it does not.
        return new ModelStages(stages, StageBuilder.Build(prediction, options, stages.Head is not null, predicts: true));
    }
}
