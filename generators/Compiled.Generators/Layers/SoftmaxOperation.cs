namespace Compiled.Generators;

/// <summary>Softmax over the last axis; before a cross-entropy it is part of the loss.</summary>
internal sealed record SoftmaxOperation : Operation
{
    public override string Title => "Softmax";

    public override string BaseName => "softmax";

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Output;

    public override void WriteCreate(CodeWriter writer, StagePlan stage) => writer.Line($"{stage.Field} = " + Create(stage.Output, stage.GradientModeCode));

    public static string Create(Shape shape, string mode) =>
        $"CreateSoftmax(new() {{ positions = {shape.Elements / shape.Last}, classes = {shape.Last}, input_gradient = {mode} }});";

    public override string Forward(StagePlan stage) => $"cn_softmax_forward({stage.Field}, State, {stage.X}, {stage.Y})";

    public override string Predict(StagePlan stage) => $"cn_softmax_forward({stage.Field}, State, {stage.PredictX}, {stage.Y})";

    public override string Backward(StagePlan stage) => $"cn_softmax_backward({stage.Field}, State, {stage.Y}, {stage.Dy}, {stage.Dx})";
}
