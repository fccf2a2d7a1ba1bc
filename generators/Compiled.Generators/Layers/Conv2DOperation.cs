using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Convolution of [height, width, channels] with a kernel [height, width, in, out], and its stage.</summary>
/// <param name="Filters">The channels that come out.</param>
/// <param name="Window">The window.</param>
/// <param name="UseBias">Whether a bias is added.</param>
/// <param name="Groups">Into how many groups channels and filters are divided; those of a group see each other alone.</param>
internal record Conv2DOperation(long Filters, Window Window, bool UseBias, long Groups = 1) : KernelOperation(UseBias)
{
    public override string Title => $"Conv2D {Window.Title}{(Groups == 1 ? "" : $" groups {Groups}")}";

    public override string BaseName => "conv2d";

    public override string Canonical => $"{Title}, {Filters} filters{(UseBias ? "" : ", no bias")}";

    public override string? WeightsType => UseBias ? "Conv2DWeights" : "KernelWeights";

    public override IReadOnlyList<string> WeightNames => UseBias ? [KernelName, "bias"] : [KernelName];

    public static IReadOnlyList<Operation> Read(LayerArguments arguments)
    {
        long filters = arguments.Channels("filters");
        var window = Window.ReadConvolution(arguments);
        return ActivationOperation.After(
            new Conv2DOperation(filters, window, arguments.Flag("useBias", true), ReadGroups(arguments, filters)), arguments);
    }

    /// <summary>The groups that were asked for, which channels and filters divide into.</summary>
    private static long ReadGroups(LayerArguments arguments, long filters)
    {
        long groups = arguments.Positive("groups", 1);
        // Of another rank the input has no channels, which is reported instead.
        if (arguments.Failed || arguments.Input.Rank != 3 || (arguments.Input.Last % groups == 0 && filters % groups == 0))
            return groups;
        long channels = arguments.Input.Last;
        arguments.OutOfRange(
            "groups", $"{groups} for {channels} channels and {filters} filters",
            $"a divisor of both; the nearest is {NearestDivisor(groups, channels, filters)}");
        return 1;
    }

    private static long NearestDivisor(long wanted, long a, long b)
    {
        long common = a, rest = b;
        while (rest != 0)
            (common, rest) = (rest, common % rest);
        long nearest = 1;
        for (long divisor = 1; divisor * divisor <= common; divisor++)
        {
            if (common % divisor != 0)
                continue;
            foreach (long candidate in new[] { divisor, common / divisor })
                nearest = Math.Abs(candidate - wanted) < Math.Abs(nearest - wanted) ? candidate : nearest;
        }

        return nearest;
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
        (long rows, long columns) = KernelMatrix(input);
        long taps = Shape.Multiply(Window.Height, Window.Width);
        var kernel = new ParameterSpec(
            KernelName, new Shape(Window.Height, Window.Width, rows, columns), "GlorotUniform", Shape.Multiply(taps, rows),
            Shape.Multiply(taps, columns));
        List<ParameterSpec> all = [kernel];
        if (UseBias)
            all.Add(new ParameterSpec("bias", new Shape(Filters), "Zeros", Filters, Filters));
        return all.ToEquatableArray();
    }

    /// <summary>The kernel's third and fourth extent.</summary>
    protected virtual (long Rows, long Columns) KernelMatrix(Shape input) => (input.Last / Groups, Filters);

    public override bool CanTrim => true;

    public override Shape LiveInput(Shape input, long height, long width) =>
        new(Window.LiveRows(input.Height, height), Window.LiveColumns(input.Width, width), input.Last);

    public override Margins Reach(Shape input) => Window.Reach(input);

    public override bool TakesEpilogue(Epilogue epilogue) => epilogue is { Add: null, Average: null };

    public override bool TakesInPrediction(Epilogue epilogue) =>
        epilogue.Average is null && (epilogue.Add is null || epilogue is { Pool: null, Dropout: null });

    public override bool CanGiveMoments => true;

    public override SavedValues Saved(Epilogue epilogue) =>
        SavedValues.Input | SavedValues.Output | (epilogue.Pool is null ? SavedValues.None : SavedValues.Codes);

    public override SavedValues SavedFrozen(Epilogue epilogue) => Saved(epilogue) & ~SavedValues.Input;

    /// <remarks>A pooling writes its codes, whoever reads them.</remarks>
    public override bool AlwaysNotes(Epilogue epilogue) => epilogue.Pool is not null;

    /// <remarks>Groups of channels might lie in several parts.</remarks>
    public override bool TakesJoined => Groups == 1;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        WriteFold(writer, stage);
        if (stage.Stage.Framing.IsJoined)
        {
            WriteJoined(writer, stage);
            return;
        }

        writer.Line($"{stage.Field} = Create(cn_conv2d_create, new cn_conv2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        WriteDescription(writer, stage);
        writer.Close("});");
    }

    private void WriteJoined(CodeWriter writer, StagePlan stage)
    {
        EquatableArray<JoinedPart> parts = stage.Stage.Framing.Parts;
        writer.Line($"{stage.Field} = Create(cn_joined_conv2d_create, new cn_joined_conv2d_desc");
        writer.Open();
        for (int i = 0; i < parts.Count; i++)
        {
            writer.Line(
                $"channels_{i} = {stage.Inputs[i].Last}, upsampling_height_{i} = {parts[i].FactorHeight}, " +
                $"upsampling_width_{i} = {parts[i].FactorWidth},");
            if (parts[i].IsBilinear)
                writer.Line($"interpolation_{i} = {UpSampling2DOperation.Interpolation(isBilinear: true)},");
        }

        JoinCode.WriteInputs(writer, stage, parts.Count);
        writer.Line("conv = new()");
        writer.Open();
        writer.Line("batch = BatchSize,");
        WriteDescription(writer, stage);
        writer.Close("},");
        writer.Close("});");
    }

    private void WriteDescription(CodeWriter writer, StagePlan stage)
    {
        (Shape x, Shape conv, Shape y) = (stage.Input, stage.Anchor, stage.Output);
        string groups = Groups == 1 ? "" : $" groups = {Groups},";
        writer.Line($"input_height = {x.Height}, input_width = {x.Width}, input_channels = {x.Last}, filters = {Filters},{groups}");
        writer.Line($"conv_height = {conv.Height}, conv_width = {conv.Width}, output_height = {y.Height}, output_width = {y.Width},");
        Window.Write(writer, "window", stage.FramedInput, stage.Stage.Framing.Margins);
        if (stage.Epilogue.Pool is { } pool)
            pool.Window.Write(writer, "pool", stage.LogicalAnchor);
        writer.Line($"{stage.Epilogue.ActivationCode}, use_bias = {BiasFlag},{stage.PrecisionCode}");
        if (stage.Epilogue.Dropout is { } dropout)
            writer.Line($"dropout_rate = {dropout.RateCode}, dropout_stream = {dropout.Stream},");
        if (stage.Epilogue.GivesMoments)
            writer.Line("use_moments = 1,");
    }

    public override NativeCall Forward(StagePlan stage) => new(
        Function(stage, "forward"), stage.Field, $"{Inputs(stage)}, {Weights(stage)}",
        $"y: {stage.Y}, codes: {stage.Codes}, moments: {stage.Moments}");

    public override NativeCall Predict(StagePlan stage) =>
        new(Function(stage, "predict"), stage.Field, $"{Inputs(stage)}, {Weights(stage)}, addend: {stage.Addend}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            Function(stage, "backward"), stage.Field,
            $"{Inputs(stage)}, kernel: {stage.Parameter(KernelName)}, y: {stage.Y}, codes: {stage.Codes}, dy: {stage.Dy}",
            $"{Gradients(stage)}, dkernel: {stage.Gradient(KernelName)}, dbias: {stage.Gradient("bias")}");

    private static string Function(StagePlan stage, string name) => $"cn_{(stage.Stage.Framing.IsJoined ? "joined_" : "")}conv2d_{name}";

    private static string Inputs(StagePlan stage) => stage.Stage.Framing.IsJoined ? JoinCode.Arguments("x", Parts(stage, stage.Offsets.X)) : $"x: {stage.X}";

    private static string Gradients(StagePlan stage) =>
        stage.Stage.Framing.IsJoined ? JoinCode.Arguments("dx", Parts(stage, stage.Offsets.Dx)) : $"dx: {stage.Dx}";

    private static long[] Parts(StagePlan stage, EquatableArray<long> offsets) => offsets.Take(stage.Stage.Framing.Parts.Count).ToArray();
}
