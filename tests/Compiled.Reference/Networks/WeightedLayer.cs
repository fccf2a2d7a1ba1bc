namespace Compiled.Reference;

/// <summary>A layer with a kernel and perhaps a bias.</summary>
public abstract record WeightedLayer(bool UseBias) : Layer
{
    /// <summary>Whether it learns.</summary>
    public bool Trainable { get; init; } = true;

    /// <summary>What is asked of its kernels.</summary>
    public WeightRule Kernel { get; init; } = WeightRule.None;

    /// <summary>What is asked of its bias.</summary>
    public WeightRule Bias { get; init; } = WeightRule.None;

    /// <summary>What the declaration says of the weights.</summary>
    protected IEnumerable<string> Options =>
    [
        .. UseBias ? [] : (string[])["UseBias = false"],
        .. Trainable ? [] : (string[])["Trainable = false"],
        .. KernelNames.SelectMany(Kernel.Arguments),
        .. Bias.Arguments("Bias"),
    ];

    /// <summary>What the properties of the kernels begin with.</summary>
    protected virtual IReadOnlyList<string> KernelNames => ["Kernel"];

    protected IReadOnlyList<LayerWeight> OfKernel(params IReadOnlyList<int> kernel) => [OfKernel("kernel", kernel), .. OfBias(kernel[^1])];

    protected LayerWeight OfKernel(string name, IReadOnlyList<int> shape) => new(name, shape, Trainable) { Rule = Kernel };

    protected IEnumerable<LayerWeight> OfBias(int units) => UseBias ? [new LayerWeight("bias", [units], Trainable) { Rule = Bias }] : [];
}

/// <summary>A dense layer.</summary>
public sealed record DenseLayer(int Units, bool UseBias = true) : WeightedLayer(UseBias)
{
    public override string Attribute => "Dense";

    public override IEnumerable<string> Arguments => [$"{Units}", .. Options];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [.. input.SkipLast(1), Units];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) => OfKernel(input[^1], Units);
}
