namespace Compiled.Generators;

/// <summary>Softmax over the last axis; before a cross-entropy it is part of the loss.</summary>
internal sealed record SoftmaxOperation : Operation
{
    public override string Title => "Softmax";

    public override string BaseName => "softmax";

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Output;

    public override void WriteCreate(CodeWriter writer, StagePlan stage) =>
        WriteCreate(writer, stage.Field, stage.Output, stage.GradientModeCode);

    /// <summary>Writes the op; <paramref name="function"/> is a member of cn_softmax_function where that is not softmax.</summary>
    public static void WriteCreate(CodeWriter writer, string field, Shape shape, string mode, string? function = null)
    {
        writer.Line($"{field} = Create(cn_softmax_create, new cn_softmax_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"positions = {shape.Elements / shape.Last}, classes = {shape.Last}, input_gradient = {mode},");
        if (function is not null)
            writer.Line($"function = (int)cn_softmax_function.{function},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_softmax_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_softmax_backward", stage.Field, $"y: {stage.Y}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
