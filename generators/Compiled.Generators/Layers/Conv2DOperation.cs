using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>Convolution of [height, width, channels] with a kernel [height, width, in, out], and its stage.</summary>
internal sealed record Conv2DOperation(long Filters, Window Window, bool UseBias) : Operation
{
    public override string Title => $"Conv2D {Window.Title}";

    public override string BaseName => "conv2d";

    public override string Canonical => $"{Title}, {Filters} filters{(UseBias ? "" : ", no bias")}";

    public override string WeightsType => UseBias ? "Conv2DWeights" : "KernelWeights";

    public override IReadOnlyList<string> WeightNames => UseBias ? ["kernel", "bias"] : ["kernel"];

    public static IReadOnlyList<Operation> Read(LayerArguments arguments)
    {
        long filters = arguments.Channels("filters");
        long size = arguments.Has("kernelSize") ? arguments.Positive("kernelSize", 0) : 0;
        long height = size > 0 ? size : arguments.Positive("kernelHeight", 0);
        long width = size > 0 ? size : arguments.Positive("kernelWidth", 0);
        long strides = arguments.Positive("strides", 1);
        long strideHeight = arguments.Positive("stridesHeight", strides);
        long strideWidth = arguments.Positive("stridesWidth", strides);
        long dilation = arguments.Positive("dilationRate", 1);
        if (dilation > 1 && (strideHeight > 1 || strideWidth > 1))
            arguments.OutOfRange(
                "dilationRate", $"{dilation} with strides {strideHeight}×{strideWidth}", "1 where a stride is above 1 (Keras)");
        var window = new Window(height, width, strideHeight, strideWidth, dilation, arguments.Choice("padding", 2) == 1);
        return ActivationOperation.After(new Conv2DOperation(filters, window, arguments.Flag("useBias", true)), arguments);
    }

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        if (input.Rank != 3)
            return place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");
        long height = Window.OutputHeight(input.Height);
        long width = Window.OutputWidth(input.Width);
        return height >= 1 && width >= 1 ? new Shape(height, width, Filters) : place.TooSmall(
            input, null, $"the window {Window.Title} does not fit into it",
            "use Padding = Padding.Same, a smaller kernel, or one pooling less before it");
    }

    public override EquatableArray<ParameterSpec> Parameters(Shape input)
    {
        long taps = Shape.Multiply(Window.Height, Window.Width);
        var kernel = new ParameterSpec(
            "kernel", new Shape(Window.Height, Window.Width, input.Last, Filters), "GlorotUniform",
            Shape.Multiply(taps, input.Last), Shape.Multiply(taps, Filters));
        List<ParameterSpec> all = [kernel];
        if (UseBias)
            all.Add(new ParameterSpec("bias", new Shape(Filters), "Zeros", Filters, Filters));
        return all.ToEquatableArray();
    }

    public override bool CanTrim => true;

    public override Shape LiveInput(Shape input, long height, long width) =>
        new(Window.LiveRows(input.Height, height), Window.LiveColumns(input.Width, width), input.Last);

    public override bool TakesEpilogue(Epilogue epilogue) => epilogue.Add is null;

    public override SavedValues Saved(Epilogue epilogue) =>
        SavedValues.Input | SavedValues.Output | (epilogue.Pool is null ? SavedValues.None : SavedValues.Codes);

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_conv2d_create, new cn_conv2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        (Shape x, Shape conv, Shape y) = (stage.Input, stage.Anchor, stage.Output);
        writer.Line($"input_height = {x.Height}, input_width = {x.Width}, input_channels = {x.Last}, filters = {Filters},");
        writer.Line($"conv_height = {conv.Height}, conv_width = {conv.Width}, output_height = {y.Height}, output_width = {y.Width},");
        Window.Write(writer, "window", stage.LogicalInput);
        if (stage.Epilogue.Pool is { } pool)
            pool.Window.Write(writer, "pool", stage.LogicalAnchor);
        writer.Line($"{stage.Epilogue.ActivationCode}, use_bias = {(UseBias ? 1 : 0)},{stage.PrecisionCode}");
        if (stage.Epilogue.Dropout is { } dropout)
            writer.Line($"dropout_rate = {dropout.RateCode}, dropout_stream = {dropout.Stream},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new(
            "cn_conv2d_forward", stage.Field, $"x: {stage.X}, kernel: {stage.Parameter("kernel")}, bias: {stage.Parameter("bias")}",
            $"y: {stage.Y}, codes: {stage.Codes}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_conv2d_predict", stage.Field, $"x: {stage.PredictX}, kernel: {stage.Parameter("kernel")}, bias: {stage.Parameter("bias")}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_conv2d_backward", stage.Field, $"x: {stage.X}, kernel: {stage.Parameter("kernel")}, y: {stage.Y}, codes: {stage.Codes}, dy: {stage.Dy}",
            $"dx: {stage.Dx}, dkernel: {stage.Gradient("kernel")}, dbias: {stage.Gradient("bias")}");
}
