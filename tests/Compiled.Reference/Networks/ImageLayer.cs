namespace Compiled.Reference;

/// <summary>A layer without weights that takes images.</summary>
public abstract record ImageLayer : Layer;

/// <summary>Max pooling.</summary>
public sealed record MaxPooling2DLayer(Window2D Window) : ImageLayer
{
    public override string Attribute => "MaxPooling2D";

    public override IEnumerable<string> Arguments => Of(Window);

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, input[2]);
}

/// <summary>Average pooling.</summary>
public sealed record AveragePooling2DLayer(Window2D Window) : ImageLayer
{
    public override string Attribute => "AveragePooling2D";

    public override IEnumerable<string> Arguments => Of(Window);

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, input[2]);
}

/// <summary>Pooling over all rows and columns.</summary>
public sealed record GlobalPooling2DLayer(bool IsMax, bool KeepDims) : ImageLayer
{
    public override string Attribute => IsMax ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D";

    public override IEnumerable<string> Arguments => KeepDims ? ["KeepDims = true"] : [];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => KeepDims ? [1, 1, input[2]] : [input[2]];
}

/// <summary>Enlargement.</summary>
public sealed record UpSampling2DLayer(int Height, int Width, bool Bilinear) : ImageLayer
{
    public override string Attribute => "UpSampling2D";

    public override IEnumerable<string> Arguments =>
        [$"{Height}", $"{Width}", $"Interpolation = Compiled.Interpolation.{(Bilinear ? "Bilinear" : "Nearest")}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [input[0] * Height, input[1] * Width, input[2]];
}

/// <summary>Zeros around images.</summary>
public sealed record ZeroPadding2DLayer(Margins Margins) : ImageLayer
{
    public override string Attribute => "ZeroPadding2D";

    public override IEnumerable<string> Arguments => [$"{Margins.Top}", $"{Margins.Bottom}", $"{Margins.Left}", $"{Margins.Right}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) =>
        [input[0] + Margins.Top + Margins.Bottom, input[1] + Margins.Left + Margins.Right, input[2]];
}

/// <summary>Images cut at their edges.</summary>
public sealed record Cropping2DLayer(Margins Margins) : ImageLayer
{
    public override string Attribute => "Cropping2D";

    public override IEnumerable<string> Arguments => [$"{Margins.Top}", $"{Margins.Bottom}", $"{Margins.Left}", $"{Margins.Right}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) =>
        [input[0] - Margins.Top - Margins.Bottom, input[1] - Margins.Left - Margins.Right, input[2]];
}
