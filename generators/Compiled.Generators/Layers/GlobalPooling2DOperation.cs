namespace Compiled.Generators;

/// <summary>The mean or the maximum of each channel of [height, width, channels].</summary>
internal sealed record GlobalPooling2DOperation(bool IsMax, bool KeepDims) : Operation
{
    public override string Title => $"Global{(IsMax ? "Max" : "Average")}Pooling2D";

    public override string BaseName => IsMax ? "global_max_pooling2d" : "global_average_pooling2d";

    public override string Canonical => Title + (KeepDims ? ", keeps rank" : "");

    public static Operation Read(LayerArguments arguments, bool isMax) =>
        new GlobalPooling2DOperation(isMax, arguments.Flag("keepDims", false));

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        if (input.Rank != 3)
            return place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");
        return KeepDims ? new Shape(1, 1, input.Last) : new Shape(input.Last);
    }

    /// <remarks>Whether a gradient passes has to be known of each element that is averaged, of which nothing else is kept: ReLU says it.</remarks>
    public override Epilogue? Join(Epilogue epilogue) =>
        !IsMax && epilogue is { Pool: null, Average: null, Dropout: null }
        && epilogue.Activation is null or { Function: ActivationFunction.ReLU }
            ? epilogue with { Average = this }
            : null;

    public override SavedValues Saved(Epilogue epilogue) => IsMax ? SavedValues.Codes : SavedValues.None;

    /// <remarks>The position of each maximum, 32 bits.</remarks>
    public override long CodeBytes(Epilogue epilogue, Shape input, Shape output) => sizeof(int) * input.Last;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_global_pooling2d_create, new cn_global_pooling2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"positions = {stage.Input.Elements / stage.Input.Last}, channels = {stage.Input.Last},");
        writer.Line($"pooling = (int)cn_global_pooling.{(IsMax ? "CN_GLOBAL_POOLING_MAX" : "CN_GLOBAL_POOLING_AVERAGE")},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_global_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, indices: {stage.Codes}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_global_pooling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}, indices: 0");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_global_pooling2d_backward", stage.Field, $"indices: {stage.Codes}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
