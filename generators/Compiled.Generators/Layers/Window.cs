using System;

namespace Compiled.Generators;

/// <summary>A sliding window: its extents, steps and padding, and the arithmetic of Keras over them.</summary>
internal sealed record Window(long Height, long Width, long StrideHeight, long StrideWidth, long Dilation, bool Same)
{
    public string Title => $"{Height}×{Width}{Strides}{(Dilation == 1 ? "" : $" dilation {Dilation}")}{(Same ? " same" : "")}";

    public long OutputHeight(long input) => Output(input, Height, StrideHeight);

    public long OutputWidth(long input) => Output(input, Width, StrideWidth);

    public long PadTop(long input) => PadBefore(input, Height, StrideHeight);

    public long PadLeft(long input) => PadBefore(input, Width, StrideWidth);

    /// <summary>How many of <paramref name="input"/> rows the first <paramref name="output"/> rows of the output need.</summary>
    public long LiveRows(long input, long output) => Live(input, output, Height, StrideHeight, PadTop(input));

    /// <summary>The columns of the input that the first columns of the output need.</summary>
    public long LiveColumns(long input, long output) => Live(input, output, Width, StrideWidth, PadLeft(input));

    /// <summary>Writes the native description for logical input extents: padding follows from them, whatever part is stored.</summary>
    public void Write(CodeWriter writer, string field, Shape logical)
    {
        writer.Line($"{field} = new()");
        writer.Open();
        writer.Line($"height = {Height}, width = {Width}, stride_height = {StrideHeight}, stride_width = {StrideWidth},");
        (long top, long left) = (PadTop(logical.Height), PadLeft(logical.Width));
        writer.Line($"dilation_height = {Dilation}, dilation_width = {Dilation}, pad_top = {top}, pad_left = {left},");
        writer.Close("},");
    }

    private string Strides => StrideHeight != StrideWidth ? $" stride {StrideHeight}×{StrideWidth}"
        : StrideHeight == 1 ? ""
        : $" stride {StrideHeight}";

    private long Reach(long extent) => (extent - 1) * Dilation + 1;

    private long Output(long input, long extent, long stride) =>
        Same ? (input + stride - 1) / stride : input < Reach(extent) ? 0 : (input - Reach(extent)) / stride + 1;

    private long PadBefore(long input, long extent, long stride) =>
        Same ? Math.Max((Output(input, extent, stride) - 1) * stride + Reach(extent) - input, 0) / 2 : 0;

    private long Live(long input, long output, long extent, long stride, long pad) =>
        Math.Min(input, (output - 1) * stride - pad + Reach(extent));
}
