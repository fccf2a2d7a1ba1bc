namespace Compiled.Reference;

/// <summary>A layer with a kernel and perhaps a bias.</summary>
public abstract record WeightedLayer(bool UseBias) : Layer
{
    /// <summary>What the declaration says of the bias.</summary>
    protected IEnumerable<string> Options => UseBias ? [] : ["UseBias = false"];

    protected IReadOnlyList<LayerWeight> OfKernel(params IReadOnlyList<int> kernel) => [new LayerWeight("kernel", kernel), .. OfBias(kernel[^1])];

    protected IEnumerable<LayerWeight> OfBias(int units) => UseBias ? [new LayerWeight("bias", [units])] : [];
}

/// <summary>A dense layer.</summary>
public sealed record DenseLayer(int Units, bool UseBias = true) : WeightedLayer(UseBias)
{
    public override string Attribute => "Dense";

    public override IEnumerable<string> Arguments => [$"{Units}", .. Options];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [.. input.SkipLast(1), Units];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) => OfKernel(input[^1], Units);
}
