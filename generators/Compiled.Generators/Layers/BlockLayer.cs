using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>A use of a class with [Block]: its layers, some times in a row, with or without a way past them.</summary>
/// <param name="BaseName">The name that numbering goes by.</param>
/// <param name="Repeat">How often the layers stand there.</param>
/// <param name="IsResidual">Whether the input of each repetition is added to its output.</param>
/// <param name="HasProjection">Whether the way past the layers brings the input into their shape.</param>
/// <param name="Activation">What follows the addition.</param>
internal sealed record BlockLayer(string BaseName, int Repeat, bool IsResidual, bool HasProjection, Operation? Activation)
{
    /// <summary>What the way past the layers is called within a block that has one with weights.</summary>
    public const string ShortcutName = "shortcut";

    private const string Block = "Compiled.Block";
    private const string Residual = "Compiled.Residual";
    private const long MaxRepeat = 1000;

    public static bool IsBlock(string kind) => kind is Block or Residual;

    public static string Title(LayerSpec spec) => $"{(spec.Kind == Block ? "Block" : "Residual")}<{spec.BodyName}>";

    public static BlockLayer Read(LayerSpec spec, LayerArguments arguments)
    {
        long repeat = arguments.Positive("repeat", 1);
        if (repeat > MaxRepeat)
            arguments.OutOfRange("repeat", $"{repeat}", $"from 1 to {MaxRepeat}");
        return new BlockLayer(
            LayerNames.Snake(spec.BodyName), (int)repeat, spec.Kind == Residual, arguments.Flag("projection", false),
            ActivationOperation.ReadProperty(arguments));
    }

    /// <summary>
    /// What brings the input of a residual block into the shape of its output: nothing, or a convolution of 1×1 and a normalization, as in
    /// residual networks of kind B (He et al., 2016).
    /// </summary>
    public IEnumerable<Operation> Shortcut(Shape input, Shape output)
    {
        if (!HasProjection || input.Rank != 3 || output.Rank != 3)
            return [];
        long strideHeight = Stride(input.Height, output.Height), strideWidth = Stride(input.Width, output.Width);
        return
        [
            new Conv2DOperation(output.Last, new Window(1, 1, strideHeight, strideWidth, Same: true), UseBias: false),
            BatchNormalizationOperation.Default,
        ];
    }

    /// <summary>The step with which a padded window gives so many places; if there is none, the shapes will not fit, which is reported.</summary>
    private static long Stride(long input, long output) => (input + output - 1) / output;
}
