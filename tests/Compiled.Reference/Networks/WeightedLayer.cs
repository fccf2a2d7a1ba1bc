namespace Compiled.Reference;

/// <summary>A layer with a kernel and perhaps a bias.</summary>
public abstract record WeightedLayer(bool UseBias) : Layer
{
    /// <summary>What the declaration says of the bias.</summary>
    protected IEnumerable<string> Options => UseBias ? [] : ["UseBias = false"];

    protected IReadOnlyList<LayerWeight> OfKernel(params IReadOnlyList<int> kernel) =>
        [new LayerWeight("kernel", kernel), .. UseBias ? [new LayerWeight("bias", [kernel[^1]])] : Array.Empty<LayerWeight>()];
}

/// <summary>A convolution.</summary>
public sealed record Conv2DLayer(int Filters, Window2D Window, bool UseBias = true) : WeightedLayer(UseBias)
{
    public override string Attribute => "Conv2D";

    public override IEnumerable<string> Arguments =>
        [$"{Filters}", .. Of(Window), $"DilationRate = {Window.DilationHeight}", .. Options];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Infer(Window, input, Filters);

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) => OfKernel(Window.Height, Window.Width, input[^1], Filters);
}

/// <summary>A dense layer.</summary>
public sealed record DenseLayer(int Units, bool UseBias = true) : WeightedLayer(UseBias)
{
    public override string Attribute => "Dense";

    public override IEnumerable<string> Arguments => [$"{Units}", .. Options];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [.. input.SkipLast(1), Units];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) => OfKernel(input[^1], Units);
}
