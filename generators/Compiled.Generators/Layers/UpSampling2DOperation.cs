namespace Compiled.Generators;

/// <summary>[height, width, channels] enlarged by whole factors.</summary>
internal sealed record UpSampling2DOperation(long FactorHeight, long FactorWidth, bool IsBilinear) : Operation
{
    public override string Title => $"UpSampling2D {FactorHeight}×{FactorWidth}{(IsBilinear ? " bilinear" : "")}";

    public override string BaseName => "up_sampling2d";

    public static Operation Read(LayerArguments arguments)
    {
        long size = arguments.Positive("size", 2);
        return new UpSampling2DOperation(
            arguments.Positive("sizeHeight", size), arguments.Positive("sizeWidth", size), arguments.Choice("interpolation", 2) == 1);
    }

    public override Shape? Infer(Shape input, LayerPlace place) => input.Rank == 3
        ? new Shape(Shape.Multiply(input.Height, FactorHeight), Shape.Multiply(input.Width, FactorWidth), input.Last)
        : place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        Shape x = stage.Input;
        writer.Line($"{stage.Field} = Create(cn_upsampling2d_create, new cn_upsampling2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"input_height = {x.Height}, input_width = {x.Width}, channels = {x.Last},");
        writer.Line($"factor_height = {FactorHeight}, factor_width = {FactorWidth},");
        writer.Line($"interpolation = {Interpolation(IsBilinear)},");
        writer.Close("});");
    }

    /// <summary>As a field of a descriptor has it.</summary>
    public static string Interpolation(bool isBilinear) =>
        $"(int)cn_interpolation.{(isBilinear ? "CN_INTERPOLATION_BILINEAR" : "CN_INTERPOLATION_NEAREST")}";

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_upsampling2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_upsampling2d_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
