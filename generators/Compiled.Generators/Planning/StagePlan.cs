using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A stage with its shapes and addresses, as code.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Field">The field that holds its op.</param>
/// <param name="Trained">Whether its weights have gradients.</param>
/// <param name="Precision">How its products are computed.</param>
/// <param name="Operation">The anchor's operation.</param>
/// <param name="Input">The input as stored, or as joined.</param>
/// <param name="LogicalInput">The input as the layer's shape rule sees it.</param>
/// <param name="FramedInput">What of it the anchor's shape rule sees, padded or cut off.</param>
/// <param name="FramingTitles">The layers in front of the anchor that the stage takes in.</param>
/// <param name="Anchor">The anchor's result, before pooling, as computed.</param>
/// <param name="LogicalAnchor">The anchor's result as the pooling's shape rule sees it.</param>
/// <param name="Output">The output as stored.</param>
/// <param name="LogicalOutput">The output as the network sees it.</param>
/// <param name="Inputs">All inputs as the network sees them.</param>
/// <param name="LossPositions">The loss values of a sample.</param>
/// <param name="SavedBytes">What the backward pass keeps alive of its output and codes, per sample.</param>
/// <param name="Offsets">The addresses.</param>
internal sealed record StagePlan(
    Stage Stage,
    string Field,
    bool Trained,
    PrecisionKind Precision,
    Operation Operation,
    Shape Input,
    Shape LogicalInput,
    Shape FramedInput,
    EquatableArray<string> FramingTitles,
    Shape Anchor,
    Shape LogicalAnchor,
    Shape Output,
    Shape LogicalOutput,
    EquatableArray<Shape> Inputs,
    long LossPositions,
    long SavedBytes,
    StageOffsets Offsets)
{
    /// <summary>Where its weights with a normalization begin among those of all stages.</summary>
    public long FoldedOffset { get; init; }

    public Epilogue Epilogue => Stage.Epilogue;

    /// <summary>The field that holds the op that multiplies a normalization into its weights.</summary>
    public string FoldField => $"_fold{Stage.Number}";

    public string GradientModeCode => GradientModeOf(0);

    /// <summary>The member of a description that says how products are computed; empty for float32, which is 0.</summary>
    public string PrecisionCode => Precision == PrecisionKind.Float32
        ? ""
        : $" precision = (int)cn_precision.CN_PRECISION_{Precision.ToString().ToUpperInvariant()},";

    public string X => Value(Offsets.X[0]);

    /// <summary>What the epilogue adds; null where it adds nothing.</summary>
    public string Addend => Epilogue.Add is null ? "0" : Value(Offsets.X.Last);

    public string AddendGradient => Epilogue.Add is null ? "0" : Value(Offsets.Dx.Count == 0 ? -1 : Offsets.Dx.Last);

    public string Y => Value(Offsets.Y);

    public string Codes => Value(Offsets.Codes);

    public string Moments => Value(Offsets.Moments);

    public string Dy => Value(Offsets.Dy);

    public string Dx => Value(Offsets.Dx.Count == 0 ? -1 : Offsets.Dx[0]);

    /// <summary>The layers of the stage in words.</summary>
    public string Title => string.Join(
        " · ", [.. FramingTitles, Operation.Title, .. HasParameter("bias") ? ["bias"] : (string[])[], .. FoldedTitles, .. Epilogue.Titles()]);

    /// <summary>The shapes that come in, in words.</summary>
    public string InputTitle => Stage.Framing.IsJoined ? string.Join(" + ", Inputs.Take(Stage.Framing.Parts.Count)) : $"{LogicalInput}";

    /// <summary>What of the anchor is not computed, in words; empty if nothing.</summary>
    public string Trimmed => Anchor == LogicalAnchor ? "" : $"{Anchor} of {LogicalAnchor}: nobody reads the rest.";

    /// <summary>An address in the arena of values; null for -1.</summary>
    public static string Value(long offset) => offset < 0 ? "0" : $"Value({Literal(offset)})";

    public static string Literal(long number) =>
        number.ToString(number < 10_000 ? "0" : "#,0", CultureInfo.InvariantCulture).Replace(',', '_');

    /// <summary>The address of a weight; null where the layer does without.</summary>
    public string Parameter(string name) => Weight("Parameter", name);

    /// <summary>The address of its gradient; null where it is not trained.</summary>
    public string Gradient(string name) => Trained ? Weight("Gradient", name) : "0";

    /// <summary>The constant that says what happens to the gradient of an input.</summary>
    public string GradientModeOf(int input) => $"(int)cn_gradient_mode.{(Stage.HasBackward ? Stage.InputModes[input] : GradientMode.None) switch
    {
        GradientMode.Overwrite => "CN_GRADIENT_OVERWRITE",
        GradientMode.Accumulate => "CN_GRADIENT_ACCUMULATE",
        _ => "CN_GRADIENT_NONE",
    }}";

    /// <summary>Whether a normalization is multiplied into its weights.</summary>
    public bool FoldsNormalization => Operation is KernelOperation { Folded: not null };

    private string[] FoldedTitles => Operation is KernelOperation { Folded: { } folded } ? [folded.Title] : [];

    /// <summary>Whether the op of a training stage, which may drop out in the end or give moments, does in prediction what this stage does.</summary>
    public bool CanUseOpOf(StagePlan training) =>
        training.Operation.Equals(Operation) && training.Epilogue with { Dropout = null, GivesMoments = false } == Epilogue
        && training.Stage.Framing.IsLike(Stage.Framing)
        && training.Input == Input && training.LogicalInput == LogicalInput && training.FramedInput == FramedInput
        && training.Anchor == Anchor && training.LogicalAnchor == LogicalAnchor
        && training.Output == Output && training.LogicalOutput == LogicalOutput && training.Inputs.Equals(Inputs);

    private bool HasParameter(string name) => Offsets.Parameters.Any(parameter => parameter.Key == name);

    private string Weight(string arena, string name) =>
        HasParameter(name) ? $"{arena}({Literal(Offsets.Parameters.First(parameter => parameter.Key == name).Value)})" : "0";
}

/// <summary>Offsets in bytes: of values per sample, of weights absolute; -1 for what there is not.</summary>
/// <param name="X">Each input.</param>
/// <param name="Y">The output.</param>
/// <param name="Codes">What the forward call notes for the backward call.</param>
/// <param name="Moments">What the forward call notes for the normalization behind it, or takes.</param>
/// <param name="Dy">The gradient of the output.</param>
/// <param name="Dx">The gradient of each input; empty without a backward call.</param>
/// <param name="Parameters">The weights by their names within the layer.</param>
internal sealed record StageOffsets(
    EquatableArray<long> X,
    long Y,
    long Codes,
    long Moments,
    long Dy,
    EquatableArray<long> Dx,
    EquatableArray<KeyValuePair<string, long>> Parameters);
