using System.Linq;

namespace Compiled.Generators;

/// <summary>The losses, numbered as in cn_loss_kind.</summary>
internal enum LossKind
{
    MeanSquaredError,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
}

/// <summary>The accuracies, numbered as in cn_accuracy.</summary>
internal enum AccuracyKind
{
    None,
    Binary,
    Categorical,
    Sparse,
}

/// <summary>The loss at the end of a network, with the accuracy that goes with it (Keras: by shape and type of the target).</summary>
internal sealed record LossOperation(LossKind Loss) : Operation
{
    public AccuracyKind Accuracy { get; init; }

    public override string Title => Loss.ToString();

    public override string BaseName => Loss switch
    {
        LossKind.MeanSquaredError => "mean_squared_error",
        LossKind.CategoricalCrossentropy => "categorical_crossentropy",
        _ => "sparse_categorical_crossentropy",
    };

    public bool IsCrossentropy => Loss != LossKind.MeanSquaredError;

    public bool TakesClassIds => Loss == LossKind.SparseCategoricalCrossentropy;

    private string LossConstant => Loss switch
    {
        LossKind.MeanSquaredError => "CN_LOSS_MEAN_SQUARED_ERROR",
        LossKind.CategoricalCrossentropy => "CN_LOSS_CATEGORICAL_CROSSENTROPY",
        _ => "CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY",
    };

    private string AccuracyConstant => Accuracy switch
    {
        AccuracyKind.Binary => "CN_ACCURACY_BINARY",
        AccuracyKind.Categorical => "CN_ACCURACY_CATEGORICAL",
        AccuracyKind.Sparse => "CN_ACCURACY_SPARSE",
        _ => "CN_ACCURACY_NONE",
    };

    /// <summary>The shape of a target.</summary>
    public Shape Target(Shape output) => TakesClassIds ? new Shape(output.Extents.Take(output.Rank - 1).ToEquatableArray()) : output;

    /// <summary>The loss of an output, after it was held against the layer that makes it.</summary>
    public LossOperation For(Shape output, Operation? head, LayerPlace place)
    {
        if (IsCrossentropy && output.Last == 1)
            Mismatch(place, "an output of one unit", "softmax over one unit is always 1; use at least two units");
        else if (IsCrossentropy && head is not SoftmaxOperation)
            Mismatch(place, $"the output of {head?.Title ?? "the input"}", "it needs probabilities; put [Softmax] before it");
        return this with { Accuracy = AccuracyOf(output, head) };
    }

    /// <remarks>A regression has no hits: a mean squared error counts them only of probabilities.</remarks>
    private AccuracyKind AccuracyOf(Shape output, Operation? head)
    {
        if (TakesClassIds)
            return AccuracyKind.Sparse;
        if (IsCrossentropy)
            return AccuracyKind.Categorical;
        if (head is not (SoftmaxOperation or ActivationOperation { Function: ActivationFunction.Sigmoid }))
            return AccuracyKind.None;
        return output.Last == 1 ? AccuracyKind.Binary : AccuracyKind.Categorical;
    }

    public override Shape Infer(Shape input, LayerPlace place) => new(1);

    public void WriteCreate(CodeWriter writer, string field, Shape predictions, bool fromLogits)
    {
        writer.Line($"{field} = Create(cn_loss_create, new cn_loss_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"loss = (int)cn_loss_kind.{LossConstant}, accuracy = (int)cn_accuracy.{AccuracyConstant},");
        long positions = predictions.Elements / predictions.Last;
        writer.Line($"positions = {positions}, classes = {predictions.Last}, from_logits = {(fromLogits ? 1 : 0)},");
        writer.Close("});");
    }

    private void Mismatch(LayerPlace place, string output, string reason) =>
        place.Issues.OnLayer(Rules.LossMismatch, place.Layer, Title, output, reason);
}
