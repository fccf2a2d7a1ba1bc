using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

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

    /// <summary>Whether the activation is part of the loss because the declaration says so.</summary>
    public bool FromLogits { get; init; }

    public double LabelSmoothing { get; init; }

    /// <summary>Of Huber's loss.</summary>
    public double Delta { get; init; }

    /// <summary>Of focal losses and Tversky's.</summary>
    public double Alpha { get; init; }

    /// <summary>Of focal losses.</summary>
    public double Gamma { get; init; }

    /// <summary>Of the binary focal loss: whether alpha counts.</summary>
    public bool Balance { get; init; }

    /// <summary>Of Tversky's.</summary>
    public double Beta { get; init; }

    /// <summary>Of overlaps: whether each sample has one of its own.</summary>
    public bool PerSample { get; init; }

    /// <summary>Of class numbers: the one whose positions count nothing.</summary>
    public long? IgnoredClass { get; init; }

    public override string Title => Loss.ToString();

    public override string BaseName => Loss.BaseName();

    public override string Canonical => Options().Aggregate(Title, (text, option) => $"{text}, {option}");

    public bool TakesClassIds => Loss.TakesClassIds();

    private string AccuracyConstant => Accuracy switch
    {
        AccuracyKind.Binary => "CN_ACCURACY_BINARY",
        AccuracyKind.Categorical => "CN_ACCURACY_CATEGORICAL",
        AccuracyKind.Sparse => "CN_ACCURACY_SPARSE",
        _ => "CN_ACCURACY_NONE",
    };

    public static Operation Read(LossKind loss, LayerArguments arguments) => new LossOperation(loss)
    {
        FromLogits = arguments.Flag("fromLogits", false),
        LabelSmoothing = arguments.Number("labelSmoothing", 0, 0, 1),
        Delta = loss == LossKind.Huber ? arguments.PositiveNumber("delta", 1) : 0,
        Alpha = loss.IsFocal() ? arguments.Number("alpha", 0.25, 0, 1)
            : loss == LossKind.Tversky ? arguments.Number("alpha", 0.5, 0, float.MaxValue)
            : 0,
        Beta = loss == LossKind.Tversky ? arguments.Number("beta", 0.5, 0, float.MaxValue) : 0,
        PerSample = arguments.Flag("perSample", false),
        IgnoredClass = arguments.Has("ignoreClass") ? arguments.Integer("ignoreClass", 0) : null,
        Gamma = loss.IsFocal() ? arguments.Number("gamma", 2, 0, float.MaxValue) : 0,
        Balance = arguments.Flag("applyClassBalancing", false),
    };

    /// <summary>The shape of a target.</summary>
    public Shape Target(Shape output) => TakesClassIds ? new Shape(output.Extents.Take(output.Rank - 1).ToEquatableArray()) : output;

    /// <summary>Whether the loss can be computed from what the layer before it reads.</summary>
    public bool Absorbs(Operation head) => head switch
    {
        SoftmaxOperation => Loss.IsCategorical(),
        ActivationOperation { Function: ActivationFunction.Sigmoid } => Loss.IsBinary(),
        _ => false,
    };

    /// <summary>The loss of an output, after it was held against the layer that makes it.</summary>
    public LossOperation For(Shape output, Operation? head, LayerPlace place)
    {
        if (output.Last == 1 && ReasonAgainstOneUnit() is { } one)
            Mismatch(place, "an output of one unit", one, null);
        else if (ReasonAgainst(head) is ({ } reason, var repair))
            Mismatch(place, $"the output of {head?.Title ?? "the input"}", reason, repair);
        return this with { Accuracy = AccuracyOf(output, head) };
    }

    public override Shape Infer(Shape input, LayerPlace place) => new(1);

    public void WriteCreate(CodeWriter writer, string field, Shape predictions, bool fromLogits)
    {
        writer.Line($"{field} = Create(cn_loss_create, new cn_loss_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"loss = (int)cn_loss_kind.{Loss.Constant()}, accuracy = (int)cn_accuracy.{AccuracyConstant},");
        long positions = predictions.Elements / predictions.Last;
        writer.Line($"positions = {positions}, classes = {predictions.Last}, from_logits = {(fromLogits ? 1 : 0)},");
        if (LabelSmoothing > 0)
            writer.Line($"label_smoothing = {Code(LabelSmoothing)},");
        foreach (string own in Fields())
            writer.Line($"{own},");
        writer.Close("});");
    }

    /// <summary>The fields of a descriptor that only losses of this kind have.</summary>
    public IEnumerable<string> Fields()
    {
        if (Loss == LossKind.Huber)
            yield return $"delta = {Code(Delta)}";
        if (Loss.IsFocal())
            yield return $"alpha = {Code(Alpha)}, gamma = {Code(Gamma)}, balance = {(Balance ? 1 : 0)}";
        if (Loss == LossKind.Tversky)
            yield return $"alpha = {Code(Alpha)}, beta = {Code(Beta)}";
        if (PerSample)
            yield return "per_sample = 1";
        if (IgnoredClass is { } ignored)
            yield return $"ignores_class = 1, ignored_class = {ignored}";
    }

    private string? ReasonAgainstOneUnit() => Loss switch
    {
        _ when Loss.IsCategorical() => "softmax over one unit is always 1; use at least two units",
        LossKind.CategoricalHinge => "it compares classes; use at least two units",
        LossKind.CosineSimilarity => "the direction of one number is its sign, and flat; use at least two units",
        _ => null,
    };

    /// <summary>Why a layer cannot stand before the loss, and the one that has to come between; nothing where it can.</summary>
    private (string? Reason, string? Between) ReasonAgainst(Operation? head)
    {
        if (!Loss.IsCategorical() && !Loss.IsBinary())
            return default;
        bool isSoftmax = IsDistribution(head), isSigmoid = head is ActivationOperation { Function: ActivationFunction.Sigmoid };
        if (FromLogits)
        {
            return isSoftmax || isSigmoid
                ? ($"with FromLogits the activation is part of the loss; remove [{head!.Title}], or FromLogits", null)
                : default;
        }

        bool isProbable = isSoftmax
            || (Loss.IsBinary() && (isSigmoid || head is ActivationOperation { Function: ActivationFunction.HardSigmoid }));
        string between = Loss.IsCategorical() ? "Softmax" : "Sigmoid";
        return isProbable ? default : ($"it needs probabilities; put [{between}] before it", between);
    }

    /// <remarks>A regression has no hits: a mean squared error counts them only of probabilities.</remarks>
    private AccuracyKind AccuracyOf(Shape output, Operation? head)
    {
        if (TakesClassIds)
            return AccuracyKind.Sparse;
        if (Loss.IsCategorical() || Loss == LossKind.CategoricalHinge)
            return AccuracyKind.Categorical;
        if (Loss.IsBinary())
            return AccuracyKind.Binary;
        if (!IsDistribution(head) && head is not ActivationOperation { Function: ActivationFunction.Sigmoid })
            return AccuracyKind.None;
        return output.Last == 1 ? AccuracyKind.Binary : AccuracyKind.Categorical;
    }

    /// <summary>Whether what the layer makes are probabilities that add up to 1.</summary>
    private static bool IsDistribution(Operation? head) => head is SoftmaxOperation or RowActivationOperation { Function: RowFunction.Sparsemax };

    /// <summary>What differs from a loss of this kind without arguments.</summary>
    private IEnumerable<string> Options()
    {
        if (FromLogits)
            yield return "from logits";
        if (LabelSmoothing > 0)
            yield return $"label smoothing {Number(LabelSmoothing)}";
        if (Loss == LossKind.Huber)
            yield return $"delta {Number(Delta)}";
        if (Loss.IsFocal() && (Balance || !Loss.IsBinary()))
            yield return $"alpha {Number(Alpha)}";
        if (Loss.IsFocal())
            yield return $"gamma {Number(Gamma)}";
        if (Loss == LossKind.Tversky)
            yield return $"alpha {Number(Alpha)}, beta {Number(Beta)}";
        if (PerSample)
            yield return "per sample";
        if (IgnoredClass is { } ignored)
            yield return $"without class {ignored}";
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Code(double value) => Number(value) + "f";

    private void Mismatch(LayerPlace place, string output, string reason, string? repair) =>
        place.Issues.OnRepairableElement(Rules.LossMismatch, place.Layer, null, 0, repair, Title, output, reason);
}
