using System;
using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>
/// What a convolution does to the gradient of its output, with a kernel [height, width, out, in], and its stage: each value adds its
/// multiple of the kernel to the output, a stride apart from its neighbour.
/// </summary>
/// <param name="Filters">The channels that come out.</param>
/// <param name="Window">The window of the convolution from the output to the input.</param>
/// <param name="MoreRows">Rows beyond the least; null for the extent that follows from the stride.</param>
/// <param name="MoreColumns">The same of columns.</param>
/// <param name="UseBias">Whether a bias is added.</param>
internal sealed record Conv2DTransposeOperation(long Filters, Window Window, long? MoreRows, long? MoreColumns, bool UseBias)
    : KernelOperation(UseBias)
{
    public override string Title => $"Conv2DTranspose {Window.Title}{More}";

    public override string BaseName => "conv2d_transpose";

    public override string Canonical => $"{Title}, {Filters} filters{(UseBias ? "" : ", no bias")}";

    public override string WeightsType => UseBias ? "Conv2DWeights" : "KernelWeights";

    public override IReadOnlyList<string> WeightNames => UseBias ? ["kernel", "bias"] : ["kernel"];

    private string More => MoreRows is null && MoreColumns is null ? "" : $" output padding {Text(MoreRows)}×{Text(MoreColumns)}";

    public static IReadOnlyList<Operation> Read(LayerArguments arguments)
    {
        long filters = arguments.Channels("filters");
        var window = Window.ReadConvolution(arguments);
        long? rows = ReadPadding(arguments, "outputPaddingHeight", window.ReachHeight, window.StrideHeight, window.Same);
        // What is wrong for both axes is one error.
        long? columns = arguments.Failed ? null : ReadPadding(arguments, "outputPaddingWidth", window.ReachWidth, window.StrideWidth, window.Same);
        return ActivationOperation.After(
            new Conv2DTransposeOperation(filters, window, rows, columns, arguments.Flag("useBias", true)), arguments);
    }

    public override Shape? Infer(Shape input, LayerPlace place) => input.Rank == 3
        ? new Shape(
            Extent(input.Height, Window.ReachHeight, Window.StrideHeight, MoreRows),
            Extent(input.Width, Window.ReachWidth, Window.StrideWidth, MoreColumns), Filters)
        : place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");

    public override EquatableArray<ParameterSpec> Parameters(Shape input)
    {
        long taps = Shape.Multiply(Window.Height, Window.Width);
        var kernel = new ParameterSpec(
            "kernel", new Shape(Window.Height, Window.Width, Filters, input.Last), "GlorotUniform", Shape.Multiply(taps, Filters),
            Shape.Multiply(taps, input.Last));
        List<ParameterSpec> all = [kernel];
        if (UseBias)
            all.Add(new ParameterSpec("bias", new Shape(Filters), "Zeros", Filters, Filters));
        return all.ToEquatableArray();
    }

    public override bool TakesEpilogue(Epilogue epilogue) =>
        epilogue is { Add: null, Pool: null, Average: null, Dropout: null };

    public override SavedValues Saved(Epilogue epilogue) =>
        SavedValues.Input | (epilogue.Activation is null ? SavedValues.None : SavedValues.Output);

    public override SavedValues SavedFrozen(Epilogue epilogue) => Saved(epilogue) & ~SavedValues.Input;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        WriteFold(writer, stage);
        writer.Line($"{stage.Field} = Create(cn_conv2d_transpose_create, new cn_conv2d_transpose_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        (Shape x, Shape y) = (stage.Input, stage.Output);
        writer.Line($"input_height = {x.Height}, input_width = {x.Width}, input_channels = {x.Last}, filters = {Filters},");
        writer.Line($"output_height = {y.Height}, output_width = {y.Width},");
        Window.Write(writer, "window", stage.LogicalOutput);
        writer.Line($"{stage.Epilogue.ActivationCode}, use_bias = {BiasFlag},{stage.PrecisionCode}");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_conv2d_transpose_forward", stage.Field, $"x: {stage.X}, {Weights(stage)}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_conv2d_transpose_backward", stage.Field,
            $"x: {stage.X}, kernel: {stage.Parameter("kernel")}, y: {(stage.Epilogue.Activation is null ? "0" : stage.Y)}, dy: {stage.Dy}",
            $"dx: {stage.Dx}, dkernel: {stage.Gradient("kernel")}, dbias: {stage.Gradient("bias")}");

    /// <remarks>A channel of the result has the kernel's values of all channels of the input.</remarks>
    protected override long ValuesOfChannel(StagePlan stage) => stage.LogicalInput.Last;

    /// <summary>What is added to the least extent: such that the convolution back gives the input, and less than the stride (Keras).</summary>
    private static long? ReadPadding(LayerArguments arguments, string name, long reach, long stride, bool same)
    {
        string given = arguments.Has(name) ? name : "outputPadding";
        if (!arguments.Has(given))
            return null;
        long value = arguments.Integer(given, 0);
        long least = same && reach % 2 == 0 ? 1 : 0;
        if (value < least || value >= stride)
        {
            arguments.OutOfRange(
                given, $"{value} with a stride of {stride}",
                least < stride ? $"from {least} to {stride - 1}" : "left out where a padded window of an even extent has no stride");
        }

        return value;
    }

    private long Extent(long input, long reach, long stride, long? more)
    {
        if (more is null)
            return Shape.Multiply(input, stride) + (Window.Same ? 0 : Math.Max(reach - stride, 0));
        return Shape.Multiply(input - 1, stride) + reach - (Window.Same ? reach / 2 * 2 : 0) + more.Value;
    }

    private static string Text(long? more) => more is null ? "none" : $"{more}";
}
