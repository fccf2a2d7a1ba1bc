namespace Compiled.Generators;

/// <summary>Max pooling of [height, width, channels], alone or as an epilogue of a convolution.</summary>
internal sealed record MaxPooling2DOperation(Window Window) : Operation
{
    private const long MaxCells = 254;

    public override string Title => Window.PoolTitle("MaxPooling2D");

    public override string BaseName => "max_pooling2d";

    public static Operation Read(LayerArguments arguments)
    {
        Window window = Window.ReadPool(arguments);
        if (Shape.Multiply(window.Height, window.Width) > MaxCells)
        {
            string name = arguments.Has("poolSize") ? "poolSize" : "poolHeight";
            arguments.OutOfRange(name, $"{window.Height}×{window.Width}", $"a window of at most {MaxCells} cells");
        }

        return new MaxPooling2DOperation(window);
    }

    public override Shape? Infer(Shape input, LayerPlace place) => Window.InferPool(input, place);

    public override bool CanTrim => true;

    public override Shape LiveInput(Shape input, long height, long width) =>
        new(Window.LiveRows(input.Height, height), Window.LiveColumns(input.Width, width), input.Last);

    public override Epilogue? Join(Epilogue epilogue) =>
        epilogue is { Pool: null, Average: null, Dropout: null } ? epilogue with { Pool = this } : null;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Codes;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_max_pooling2d_create, new cn_max_pooling2d_desc");
        writer.Open();
        Window.WritePool(writer, stage);
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_max_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, codes: {stage.Codes}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_max_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, codes: 0");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_max_pooling2d_backward", stage.Field, $"codes: {stage.Codes}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
