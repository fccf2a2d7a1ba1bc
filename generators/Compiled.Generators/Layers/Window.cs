using System;

namespace Compiled.Generators;

/// <summary>A sliding window: its extents, steps and padding, and the arithmetic of Keras over them.</summary>
internal sealed record Window(
    long Height, long Width, long StrideHeight, long StrideWidth, bool Same, long DilationHeight = 1, long DilationWidth = 1)
{
    public string Title => $"{Height}×{Width}{Steps("stride", StrideHeight, StrideWidth)}{Steps("dilation", DilationHeight, DilationWidth)}{(Same ? " same" : "")}";

    /// <summary>What a pooling with this window is called.</summary>
    public string PoolTitle(string name)
    {
        bool isUsual = StrideHeight == Height && StrideWidth == Width;
        return $"{name} {Height}×{Width}{(isUsual ? "" : StrideHeight * StrideWidth == 1 ? " stride 1" : Steps("stride", StrideHeight, StrideWidth))}{(Same ? " same" : "")}";
    }

    /// <summary>Reads the window of a pooling, which steps by its own size as a rule.</summary>
    public static Window ReadPool(LayerArguments arguments)
    {
        bool square = arguments.Has("poolSize");
        long height = square ? arguments.Positive("poolSize", 2) : arguments.Positive("poolHeight", 2);
        long width = square ? height : arguments.Positive("poolWidth", 2);
        long strides = arguments.Has("strides") ? arguments.Positive("strides", 1) : 0;
        long strideHeight = arguments.Positive("stridesHeight", strides > 0 ? strides : height);
        long strideWidth = arguments.Positive("stridesWidth", strides > 0 ? strides : width);
        return new Window(height, width, strideHeight, strideWidth, arguments.Choice("padding", 2) == 1);
    }

    /// <summary>Reads the window of a convolution.</summary>
    public static Window ReadConvolution(LayerArguments arguments)
    {
        long size = arguments.Has("kernelSize") ? arguments.Positive("kernelSize", 0) : 0;
        long height = size > 0 ? size : arguments.Positive("kernelHeight", 0);
        long width = size > 0 ? size : arguments.Positive("kernelWidth", 0);
        long strides = arguments.Positive("strides", 1);
        long strideHeight = arguments.Positive("stridesHeight", strides);
        long strideWidth = arguments.Positive("stridesWidth", strides);
        long dilation = arguments.Positive("dilationRate", 1);
        long dilationHeight = arguments.Positive("dilationRateHeight", dilation);
        long dilationWidth = arguments.Positive("dilationRateWidth", dilation);
        if ((dilationHeight > 1 || dilationWidth > 1) && (strideHeight > 1 || strideWidth > 1))
        {
            string given = dilationHeight > 1 && arguments.Has("dilationRateHeight") ? "dilationRateHeight"
                : dilationWidth > 1 && arguments.Has("dilationRateWidth") ? "dilationRateWidth"
                : "dilationRate";
            long value = given == "dilationRateHeight" ? dilationHeight : given == "dilationRateWidth" ? dilationWidth : dilation;
            arguments.OutOfRange(given, $"{value} with strides {strideHeight}×{strideWidth}", "1 where a stride is above 1 (Keras)");
        }

        return new Window(height, width, strideHeight, strideWidth, arguments.Choice("padding", 2) == 1, dilationHeight, dilationWidth);
    }

    /// <summary>The shape that a pooling gives.</summary>
    public Shape? InferPool(Shape input, LayerPlace place)
    {
        if (input.Rank != 3)
            return place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");
        long height = OutputHeight(input.Height);
        long width = OutputWidth(input.Width);
        return height >= 1 && width >= 1 ? new Shape(height, width, input.Last) : place.TooSmall(
            input, null, $"the window {Title} does not fit into it",
            "remove it, use Padding = Padding.Same on it, or on a convolution before it");
    }

    /// <summary>Writes the members that the descriptions of all poolings have.</summary>
    public void WritePool(CodeWriter writer, StagePlan stage)
    {
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"input_height = {stage.Input.Height}, input_width = {stage.Input.Width}, channels = {stage.Input.Last},");
        writer.Line($"output_height = {stage.Output.Height}, output_width = {stage.Output.Width},");
        Write(writer, "window", stage.LogicalInput);
    }

    /// <summary>How many rows of the input a window spans.</summary>
    public long ReachHeight => (Height - 1) * DilationHeight + 1;

    /// <summary>How many columns of the input a window spans.</summary>
    public long ReachWidth => (Width - 1) * DilationWidth + 1;

    public long OutputHeight(long input) => Output(input, ReachHeight, StrideHeight);

    public long OutputWidth(long input) => Output(input, ReachWidth, StrideWidth);

    public long PadTop(long input) => PadBefore(input, ReachHeight, StrideHeight);

    public long PadLeft(long input) => PadBefore(input, ReachWidth, StrideWidth);

    /// <summary>How far the windows reach beyond an image; below 0 where they leave some of it out at the end.</summary>
    public Margins Reach(Shape input) => new(
        PadTop(input.Height), (OutputHeight(input.Height) - 1) * StrideHeight + ReachHeight - PadTop(input.Height) - input.Height,
        PadLeft(input.Width), (OutputWidth(input.Width) - 1) * StrideWidth + ReachWidth - PadLeft(input.Width) - input.Width);

    /// <summary>How many of <paramref name="input"/> rows the first <paramref name="output"/> rows of the output need.</summary>
    public long LiveRows(long input, long output) => Live(input, output, ReachHeight, StrideHeight, PadTop(input));

    /// <summary>The columns of the input that the first columns of the output need.</summary>
    public long LiveColumns(long input, long output) => Live(input, output, ReachWidth, StrideWidth, PadLeft(input));

    /// <summary>Writes the native description for logical input extents: padding follows from them, whatever part is stored.</summary>
    public void Write(CodeWriter writer, string field, Shape logical) => Write(writer, field, logical, Margins.None);

    /// <summary>The same for what reads an image without its margins.</summary>
    public void Write(CodeWriter writer, string field, Shape logical, Margins margins)
    {
        writer.Line($"{field} = new()");
        writer.Open();
        writer.Line($"height = {Height}, width = {Width}, stride_height = {StrideHeight}, stride_width = {StrideWidth},");
        (long top, long left) = (PadTop(logical.Height) + margins.Top, PadLeft(logical.Width) + margins.Left);
        writer.Line($"dilation_height = {DilationHeight}, dilation_width = {DilationWidth}, pad_top = {top}, pad_left = {left},");
        writer.Close("},");
    }

    private static string Steps(string name, long height, long width) => height != width ? $" {name} {height}×{width}"
        : height == 1 ? ""
        : $" {name} {height}";

    private long Output(long input, long reach, long stride) =>
        Same ? (input + stride - 1) / stride : input < reach ? 0 : (input - reach) / stride + 1;

    private long PadBefore(long input, long reach, long stride) =>
        Same ? Math.Max((Output(input, reach, stride) - 1) * stride + reach - input, 0) / 2 : 0;

    private static long Live(long input, long output, long reach, long stride, long pad) =>
        Math.Min(input, (output - 1) * stride - pad + reach);
}
