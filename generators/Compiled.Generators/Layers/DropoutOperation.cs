using System.Globalization;

namespace Compiled.Generators;

/// <summary>Dropout, alone or as an epilogue. Its mask is indexed by the logical shape, so nothing of its output is ever trimmed.</summary>
internal sealed record DropoutOperation(double Rate) : RandomOperation
{
    public override string Title => $"Dropout {Rate.ToString("R", CultureInfo.InvariantCulture)}";

    public override string BaseName => "dropout";

    public override bool IsView => Rate == 0;

    public string RateCode => Rate.ToString("R", CultureInfo.InvariantCulture) + "f";

    public static Operation Read(LayerArguments arguments) => new DropoutOperation(arguments.Fraction("rate"));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override Epilogue? Join(Epilogue epilogue) => epilogue.Dropout is null ? epilogue with { Dropout = this } : null;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_dropout_create, new cn_dropout_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"rate = {RateCode}, stream = {Stream}, count = {stage.Output.Elements},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_dropout_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_dropout_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
