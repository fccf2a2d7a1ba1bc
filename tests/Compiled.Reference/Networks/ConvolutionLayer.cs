namespace Compiled.Reference;

/// <summary>A convolution of any kind.</summary>
public abstract record ConvolutionLayer(Window2D Window, bool UseBias) : WeightedLayer(UseBias)
{
    /// <summary>How the window is written, and the rest.</summary>
    protected IEnumerable<string> WindowOptions =>
    [
        .. Of(Window), $"DilationRateHeight = {Window.DilationHeight}", $"DilationRateWidth = {Window.DilationWidth}", .. Options,
    ];

    /// <summary>The products that it takes to make an output.</summary>
    public abstract long Products(IReadOnlyList<int> input);

    protected long Cells => (long)Window.Height * Window.Width;
}

/// <summary>A convolution by groups.</summary>
public sealed record Conv2DLayer(int Filters, Window2D Window, bool UseBias = true, int Groups = 1) : ConvolutionLayer(Window, UseBias)
{
    public override string Attribute => "Conv2D";

    public override IEnumerable<string> Arguments =>
        [$"{Filters}", .. WindowOptions, .. Groups == 1 ? Array.Empty<string>() : [$"Groups = {Groups}"]];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, Filters);

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
        OfKernel(Window.Height, Window.Width, input[^1] / Groups, Filters);

    public override long Products(IReadOnlyList<int> input) => Cells * Tensor.Size(Infer(input)) * (input[2] / Groups);
}

/// <summary>A depthwise convolution.</summary>
public sealed record DepthwiseConv2DLayer(Window2D Window, int Multiplier, bool UseBias = true) : ConvolutionLayer(Window, UseBias)
{
    public override string Attribute => "DepthwiseConv2D";

    protected override IReadOnlyList<string> KernelNames => ["Depthwise"];

    public override IEnumerable<string> Arguments => [.. WindowOptions, $"DepthMultiplier = {Multiplier}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, input[2] * Multiplier);

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
        [OfKernel("depthwise_kernel", [Window.Height, Window.Width, input[2], Multiplier]), .. OfBias(input[2] * Multiplier)];

    public override long Products(IReadOnlyList<int> input) => Cells * Tensor.Size(Infer(input));
}

/// <summary>A separable convolution.</summary>
public sealed record SeparableConv2DLayer(int Filters, Window2D Window, int Multiplier, bool UseBias = true) : ConvolutionLayer(Window, UseBias)
{
    public override string Attribute => "SeparableConv2D";

    protected override IReadOnlyList<string> KernelNames => ["Depthwise", "Pointwise"];

    public override IEnumerable<string> Arguments => [$"{Filters}", .. WindowOptions, $"DepthMultiplier = {Multiplier}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, Filters);

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
    [
        OfKernel("depthwise_kernel", [Window.Height, Window.Width, input[2], Multiplier]),
        OfKernel("pointwise_kernel", [1, 1, input[2] * Multiplier, Filters]),
        .. OfBias(Filters),
    ];

    public override long Products(IReadOnlyList<int> input) => (Cells + Filters) * Tensor.Size(Infer(Window, input, input[2] * Multiplier));
}

/// <summary>A transposed convolution.</summary>
public sealed record Conv2DTransposeLayer(int Filters, Window2D Window, (int Height, int Width)? OutputPadding = null, bool UseBias = true)
    : ConvolutionLayer(Window, UseBias)
{
    public override string Attribute => "Conv2DTranspose";

    public override IEnumerable<string> Arguments =>
    [
        $"{Filters}", .. WindowOptions,
        .. OutputPadding is var (height, width) ? [$"OutputPaddingHeight = {height}", $"OutputPaddingWidth = {width}"] : Array.Empty<string>(),
    ];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input)
    {
        (int height, int width) = TransposedConvolution.Extents([1, .. input], Window, OutputPadding);
        return [height, width, Filters];
    }

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
        [OfKernel("kernel", [Window.Height, Window.Width, Filters, input[2]]), .. OfBias(Filters)];

    public override long Products(IReadOnlyList<int> input) => Cells * Tensor.Size(input) * Filters;
}
