using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A stage with its shapes and addresses, as code.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Precision">How its products are computed.</param>
/// <param name="Operation">The anchor's operation.</param>
/// <param name="Input">The input as stored.</param>
/// <param name="LogicalInput">The input as the layer's shape rule sees it.</param>
/// <param name="Anchor">The anchor's result, before pooling, as computed.</param>
/// <param name="LogicalAnchor">The anchor's result as the pooling's shape rule sees it.</param>
/// <param name="Output">The output as stored.</param>
/// <param name="LogicalOutput">The output as the network sees it.</param>
/// <param name="SavedBytes">What the backward pass keeps alive of its output and codes, per sample.</param>
/// <param name="Offsets">The addresses.</param>
internal sealed record StagePlan(
    Stage Stage,
    PrecisionKind Precision,
    Operation Operation,
    Shape Input,
    Shape LogicalInput,
    Shape Anchor,
    Shape LogicalAnchor,
    Shape Output,
    Shape LogicalOutput,
    long SavedBytes,
    StageOffsets Offsets)
{
    public Epilogue Epilogue => Stage.Epilogue;

    public string Field => $"_stage{Stage.Number}";

    public string GradientModeCode => $"(int)cn_gradient_mode.{(Stage.InputMode switch
    {
        GradientMode.Overwrite => "CN_GRADIENT_OVERWRITE",
        GradientMode.Accumulate => "CN_GRADIENT_ACCUMULATE",
        _ => "CN_GRADIENT_NONE",
    })}";

    /// <summary>The member of a description that says how products are computed; empty for float32, which is 0.</summary>
    public string PrecisionCode => Precision == PrecisionKind.Float32
        ? ""
        : $" precision = (int)cn_precision.CN_PRECISION_{Precision.ToString().ToUpperInvariant()},";

    public string X => Value(Offsets.X);

    public string PredictX => Value(Offsets.PredictX);

    public string Y => Value(Offsets.Y);

    public string Codes => Value(Offsets.Codes);

    public string Dy => Value(Offsets.Dy);

    public string Dx => Value(Offsets.Dx);

    public string Kernel => Weight("Parameter", 0);

    public string Bias => Weight("Parameter", 1);

    public string KernelGradient => Weight("Gradient", 0);

    public string BiasGradient => Weight("Gradient", 1);

    /// <summary>The layers of the stage in words.</summary>
    public string Title => string.Join(" · ", [Operation.Title, .. Offsets.Parameters.Skip(1).Select(_ => "bias"), .. Epilogue.Titles()]);

    /// <summary>What of the anchor is not computed, in words; empty if nothing.</summary>
    public string Trimmed => Anchor == LogicalAnchor ? "" : $"{Anchor} of {LogicalAnchor}: nobody reads the rest.";

    /// <summary>An address in the arena of values; null for -1.</summary>
    public static string Value(long offset) => offset < 0 ? "0" : $"Value({Literal(offset)})";

    public static string Literal(long number) =>
        number.ToString(number < 10_000 ? "0" : "#,0", CultureInfo.InvariantCulture).Replace(',', '_');

    private string Weight(string arena, int index) =>
        index < Offsets.Parameters.Count ? $"{arena}({Literal(Offsets.Parameters[index])})" : "0";
}

/// <summary>Offsets in bytes: of values per sample, of weights absolute; -1 for what there is not.</summary>
internal sealed record StageOffsets(long X, long PredictX, long Y, long Codes, long Dy, long Dx, EquatableArray<long> Parameters);
