using System.Globalization;

namespace Compiled.Generators;

/// <summary>
/// Dropout of elements, alone or as an epilogue, or of whole channels. Its mask is indexed by the logical shape, so nothing of its output is
/// ever trimmed.
/// </summary>
internal sealed record DropoutOperation(double Rate, bool IsSpatial) : RandomOperation
{
    public override string Title => $"{(IsSpatial ? "SpatialDropout2D" : "Dropout")} {Number}";

    public override string BaseName => IsSpatial ? "spatial_dropout2d" : "dropout";

    public override bool IsView => Rate == 0;

    public string RateCode => Number + "f";

    private string Number => Rate.ToString("R", CultureInfo.InvariantCulture);

    public static Operation Read(LayerArguments arguments, bool isSpatial) => new DropoutOperation(arguments.Fraction("rate"), isSpatial);

    public override Shape? Infer(Shape input, LayerPlace place) => !IsSpatial || input.Rank == 3 ? input : place.WrongRank(
        "images [height, width, channels]", input, "use [Dropout], or put it before [Flatten]");

    public override Epilogue? Join(Epilogue epilogue) =>
        !IsSpatial && epilogue.Dropout is null ? epilogue with { Dropout = this } : null;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_dropout_create, new cn_dropout_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"rate = {RateCode}, stream = {Stream}, count = {stage.Output.Elements},");
        if (IsSpatial)
            writer.Line($"shared = {stage.Output.Elements / stage.Output.Last},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_dropout_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_dropout_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
