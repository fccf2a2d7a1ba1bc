namespace Compiled.Generators;

/// <summary>The mean of each window of [height, width, channels], over the cells inside the image.</summary>
internal sealed record AveragePooling2DOperation(Window Window) : Operation
{
    public override string Title => Window.PoolTitle("AveragePooling2D");

    public override string BaseName => "average_pooling2d";

    public static Operation Read(LayerArguments arguments) => new AveragePooling2DOperation(Window.ReadPool(arguments));

    public override Shape? Infer(Shape input, LayerPlace place) => Window.InferPool(input, place);

    public override bool CanTrim => true;

    public override Shape LiveInput(Shape input, long height, long width) =>
        new(Window.LiveRows(input.Height, height), Window.LiveColumns(input.Width, width), input.Last);

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_average_pooling2d_create, new cn_average_pooling2d_desc");
        writer.Open();
        Window.WritePool(writer, stage);
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_average_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_average_pooling2d_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
