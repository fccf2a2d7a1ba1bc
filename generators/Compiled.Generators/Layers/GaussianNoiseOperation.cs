using System.Globalization;

namespace Compiled.Generators;

/// <summary>Normal numbers added in training, and their stage.</summary>
internal sealed record GaussianNoiseOperation(double Deviation) : RandomOperation
{
    public override string Title => $"GaussianNoise {Number}";

    public override string BaseName => "gaussian_noise";

    public override bool IsView => Deviation == 0;

    private string Number => Deviation.ToString("R", CultureInfo.InvariantCulture);

    public static Operation Read(LayerArguments arguments) =>
        new GaussianNoiseOperation(arguments.Number("stddev", 0, 0, float.MaxValue));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_gaussian_noise_create, new cn_gaussian_noise_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"stddev = {Number}f, stream = {Stream}, count = {stage.Output.Elements},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_gaussian_noise_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_gaussian_noise_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
