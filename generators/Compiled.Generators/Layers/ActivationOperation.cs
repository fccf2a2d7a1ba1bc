namespace Compiled.Generators;

/// <summary>The element-wise functions, numbered as in Compiled.Activation and in cn_activation.</summary>
internal enum ActivationFunction
{
    Linear,
    ReLU,
    Sigmoid,
    Tanh,
}

internal static class ActivationFunctions
{
    public static string Constant(this ActivationFunction function) => function switch
    {
        ActivationFunction.ReLU => "CN_ACTIVATION_RELU",
        ActivationFunction.Sigmoid => "CN_ACTIVATION_SIGMOID",
        ActivationFunction.Tanh => "CN_ACTIVATION_TANH",
        _ => "CN_ACTIVATION_LINEAR",
    };
}

/// <summary>An element-wise activation, alone or as an epilogue.</summary>
internal sealed record ActivationOperation(ActivationFunction Function) : Operation
{
    private const int SoftmaxMember = 4;

    public override string Title => Function.ToString();

    public override string BaseName => Title.ToLowerInvariant();

    public override bool IsView => Function == ActivationFunction.Linear;

    public static Operation Read(LayerArguments arguments)
    {
        int member = arguments.Choice("activation", SoftmaxMember + 1);
        return member == SoftmaxMember ? new SoftmaxOperation() : new ActivationOperation((ActivationFunction)member);
    }

    public override Shape Infer(Shape input, LayerPlace place) => input;

    /// <remarks>Element by element: input and output are stored alike.</remarks>
    public override bool CanTrim => true;

    public override bool IsElementwise => true;

    public override Shape LiveInput(Shape input, long height, long width) => new(height, width, input.Last);

    /// <remarks>
    /// After a pooling only ReLU may still join: the stage computes it before, and the maximum of ReLUs is the ReLU of the maximum to the
    /// last bit, gradient included.
    /// </remarks>
    public override Epilogue? Join(Epilogue epilogue) =>
        epilogue.Activation is null && epilogue.Dropout is null && (epilogue.Pool is null || Function == ActivationFunction.ReLU)
            ? epilogue with { Activation = this }
            : null;

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Output;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_activation_create, new cn_activation_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"activation = (int)cn_activation.{Function.Constant()}, count = {stage.Output.Elements},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_activation_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_activation_forward", stage.Field, $"x: {stage.PredictX}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_activation_backward", stage.Field, $"x: 0, y: {stage.Y}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
