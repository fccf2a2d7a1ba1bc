namespace Compiled.Generators;

/// <summary>Max pooling of [height, width, channels], alone or as an epilogue of a convolution.</summary>
internal sealed record MaxPooling2DOperation(Window Window) : Operation
{
    private const long MaxCells = 254;

    public override string Title =>
        Window.StrideHeight == Window.Height && Window.StrideWidth == Window.Width
            ? $"MaxPooling2D {Window.Height}×{Window.Width}{(Window.Same ? " same" : "")}"
            : $"MaxPooling2D {Window.Title}";

    public override string BaseName => "max_pooling2d";

    public static Operation Read(LayerArguments arguments)
    {
        bool square = arguments.Has("poolSize");
        long height = square ? arguments.Positive("poolSize", 2) : arguments.Positive("poolHeight", 2);
        long width = square ? height : arguments.Positive("poolWidth", 2);
        long strides = arguments.Has("strides") ? arguments.Positive("strides", 1) : 0;
        long strideHeight = arguments.Positive("stridesHeight", strides > 0 ? strides : height);
        long strideWidth = arguments.Positive("stridesWidth", strides > 0 ? strides : width);
        if (Shape.Multiply(height, width) > MaxCells)
            arguments.OutOfRange(square ? "poolSize" : "poolHeight", $"{height}×{width}", $"a window of at most {MaxCells} cells");
        return new MaxPooling2DOperation(new Window(height, width, strideHeight, strideWidth, 1, arguments.Choice("padding", 2) == 1));
    }

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        if (input.Rank != 3)
            return place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");
        long height = Window.OutputHeight(input.Height);
        long width = Window.OutputWidth(input.Width);
        return height >= 1 && width >= 1 ? new Shape(height, width, input.Last) : place.TooSmall(
            input, null, $"the window {Window.Title} does not fit into it",
            "remove it, use Padding = Padding.Same on it, or on a convolution before it");
    }

    public override bool CanTrim => true;

    public override Shape LiveInput(Shape input, long height, long width) =>
        new(Window.LiveRows(input.Height, height), Window.LiveColumns(input.Width, width), input.Last);

    public override Epilogue? Join(Epilogue epilogue) =>
        epilogue.Pool is null && epilogue.Dropout is null ? epilogue with { Pool = this } : null;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Codes;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_max_pooling2d_create, new cn_max_pooling2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"input_height = {stage.Input.Height}, input_width = {stage.Input.Width}, channels = {stage.Input.Last},");
        writer.Line($"output_height = {stage.Output.Height}, output_width = {stage.Output.Width},");
        Window.Write(writer, "window", stage.LogicalInput);
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_max_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, codes: {stage.Codes}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_max_pooling2d_forward", stage.Field, $"x: {stage.PredictX}", $"y: {stage.Y}, codes: 0");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_max_pooling2d_backward", stage.Field, $"codes: {stage.Codes}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
