namespace Compiled.Generators;

/// <summary>What the native softmax computes beside softmax.</summary>
internal enum RowFunction
{
    LogSoftmax,
    Sparsemax,
}

/// <summary>A relative of softmax over the last axis. None is part of a loss.</summary>
internal sealed record RowActivationOperation(RowFunction Function) : Operation
{
    public override string Title => Function.ToString();

    public override string BaseName => LayerNames.Snake(Title);

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Output;

    public override void WriteCreate(CodeWriter writer, StagePlan stage) => SoftmaxOperation.WriteCreate(
        writer, stage.Field, stage.Output, stage.GradientModeCode, $"CN_SOFTMAX_FUNCTION_{BaseName.ToUpperInvariant()}");

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_softmax_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_softmax_backward", stage.Field, $"y: {stage.Y}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
