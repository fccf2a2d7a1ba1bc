using System.Linq;

namespace Compiled.Generators;

/// <summary>A gated linear unit: the first half of the last axis times the sigmoid of the second.</summary>
internal sealed record GLUOperation : Operation
{
    public override string Title => "GLU";

    public override string BaseName => "glu";

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        if (input.Last % 2 != 0)
        {
            return place.WrongRank(
                "two halves of the last axis", input, $"make the last axis even, not {input.Last}: twice the units or filters that are to be left");
        }

        return new Shape(input.Extents.Take(input.Rank - 1).Concat([input.Last / 2]).ToEquatableArray());
    }

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Input;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_glu_create, new cn_glu_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"positions = {stage.Output.Elements / stage.Output.Last}, units = {stage.Output.Last},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) => new("cn_glu_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_glu_backward", stage.Field, $"x: {stage.X}, dy: {stage.Dy}", $"dx: {stage.Dx}");
}
