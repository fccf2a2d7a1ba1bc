using System.Globalization;

namespace Compiled.Reference;

/// <summary>A layer of a <see cref="Network"/>.</summary>
public abstract record Layer
{
    /// <summary>The attribute, without namespace and brackets.</summary>
    public abstract string Declaration { get; }

    /// <summary>The shape that comes out, without the batch.</summary>
    public abstract IReadOnlyList<int> Infer(IReadOnlyList<int> input);
}

/// <summary>A layer with a kernel and perhaps a bias.</summary>
public abstract record WeightedLayer(bool UseBias, string? Name) : Layer
{
    /// <summary>What the declaration says of both.</summary>
    protected string Options => (UseBias ? "" : ", UseBias = false") + (Name is null ? "" : $", Name = \"{Name}\"");
}

/// <summary>A convolution.</summary>
public sealed record Conv2DLayer(int Filters, Window2D Window, bool UseBias = true, string? Name = null) : WeightedLayer(UseBias, Name)
{
    public override string Declaration =>
        $"Conv2D({Filters}, {Window.Height}, {Window.Width}, StridesHeight = {Window.StrideHeight}, StridesWidth = {Window.StrideWidth}, " +
        $"DilationRate = {Window.DilationHeight}, Padding = Compiled.Padding.{(Window.Same ? "Same" : "Valid")}{Options})";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [Window.OutputHeight(input[0]), Window.OutputWidth(input[1]), Filters];
}

/// <summary>A dense layer.</summary>
public sealed record DenseLayer(int Units, bool UseBias = true, string? Name = null) : WeightedLayer(UseBias, Name)
{
    public override string Declaration => $"Dense({Units}{Options})";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [.. input.SkipLast(1), Units];
}

/// <summary>An activation, by its Keras name.</summary>
public sealed record ActivationLayer(string Activation) : Layer
{
    public override string Declaration => Activation == "relu" ? "ReLU" : char.ToUpperInvariant(Activation[0]) + Activation[1..];

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => input;
}

/// <summary>Max pooling.</summary>
public sealed record MaxPooling2DLayer(Window2D Window) : Layer
{
    public override string Declaration =>
        $"MaxPooling2D({Window.Height}, {Window.Width}, StridesHeight = {Window.StrideHeight}, StridesWidth = {Window.StrideWidth}, " +
        $"Padding = Compiled.Padding.{(Window.Same ? "Same" : "Valid")})";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [Window.OutputHeight(input[0]), Window.OutputWidth(input[1]), input[2]];
}

/// <summary>Dropout.</summary>
public sealed record DropoutLayer(double Rate) : Layer
{
    public override string Declaration => $"Dropout({Rate.ToString("R", CultureInfo.InvariantCulture)})";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => input;
}

/// <summary>A sample as one axis.</summary>
public sealed record FlattenLayer : Layer
{
    public override string Declaration => "Flatten";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [Tensor.Size(input)];
}
