namespace Compiled.Generators;

/// <summary>A penalty of a value in the loss; the value itself goes on.</summary>
internal sealed record ActivityRegularizationOperation(double L1, double L2) : Operation
{
    public override string Title => $"ActivityRegularization{Factors}";

    public override string BaseName => "activity_regularization";

    public override bool IsView => L1 == 0 && L2 == 0;

    private string Factors => (L1 > 0 ? $" l1 {LayerArguments.Text(L1)}" : "") + (L2 > 0 ? $" l2 {LayerArguments.Text(L2)}" : "");

    public static Operation Read(LayerArguments arguments) =>
        new ActivityRegularizationOperation(arguments.NonNegative("l1", 0), arguments.NonNegative("l2", 0));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Input;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_activity_regularization_create, new cn_activity_regularization_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"count = {stage.Output.Elements}, positions = {stage.LossPositions},");
        writer.Line($"l1 = {LayerArguments.Text(L1)}f, l2 = {LayerArguments.Text(L2)}f,");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_activity_regularization_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, metrics: Metrics");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_activity_regularization_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, metrics: penalties");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_activity_regularization_backward", stage.Field, $"x: {stage.X}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
