namespace Compiled.Generators;

/// <summary>Zeros around [height, width, channels], or rows and columns cut off.</summary>
internal sealed record Padding2DOperation(Margins Margins, bool Crops) : Operation
{
    public override string Title => $"{(Crops ? "Cropping2D" : "ZeroPadding2D")} {Margins.Title}";

    public override string BaseName => Crops ? "cropping2d" : "zero_padding2d";

    /// <summary>The margins, below 0 where something is cut off.</summary>
    public Margins Added => Crops ? -Margins : Margins;

    public static Operation ReadPadding(LayerArguments arguments) =>
        new Padding2DOperation(Margins.Read(arguments, "padding", 1), Crops: false);

    public static Operation ReadCropping(LayerArguments arguments) =>
        new Padding2DOperation(Margins.Read(arguments, "cropping", 0), Crops: true);

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        if (input.Rank != 3)
            return place.WrongRank("images [height, width, channels]", input, "put it before [Flatten], or give [Input] three extents");
        long height = input.Height + Added.Top + Added.Bottom, width = input.Width + Added.Left + Added.Right;
        return height >= 1 && width >= 1 ? new Shape(height, width, input.Last) : place.TooSmall(
            input, null, $"nothing is left of it after {Margins.Top + Margins.Bottom} rows and {Margins.Left + Margins.Right} columns are cut off",
            "crop less");
    }

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        (Shape x, Shape y) = (stage.Input, stage.Output);
        writer.Line($"{stage.Field} = Create(cn_padding2d_create, new cn_padding2d_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"input_height = {x.Height}, input_width = {x.Width}, channels = {x.Last},");
        writer.Line($"output_height = {y.Height}, output_width = {y.Width}, pad_top = {Added.Top}, pad_left = {Added.Left},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_padding2d_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_padding2d_backward", stage.Field, $"dy: {stage.Dy}", $"dx: {stage.Dx}");
}
