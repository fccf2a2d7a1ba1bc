using System.Globalization;

namespace Compiled.Reference;

/// <summary>A layer that keeps the shape of its input.</summary>
public abstract record ElementwiseLayer : Layer
{
    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => input;

    protected static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>An activation, by its Keras name.</summary>
public sealed record ActivationLayer(string Activation) : ElementwiseLayer
{
    public override string Attribute => Activation == "relu" ? "ReLU" : char.ToUpperInvariant(Activation[0]) + Activation[1..];
}

/// <summary>Dropout.</summary>
public sealed record DropoutLayer(double Rate) : ElementwiseLayer
{
    public override string Attribute => "Dropout";

    public override IEnumerable<string> Arguments => [Text(Rate)];
}

/// <summary>Batch normalization.</summary>
public sealed record BatchNormalizationLayer(
    double Momentum = 0.99, double Epsilon = 0.001, bool Center = true, bool Scale = true, bool Trainable = true) : ElementwiseLayer
{
    public override string Attribute => "BatchNormalization";

    public override IEnumerable<string> Arguments =>
    [
        $"Momentum = {Text(Momentum)}", $"Epsilon = {Text(Epsilon)}",
        .. Center ? [] : (string[])["Center = false"],
        .. Scale ? [] : (string[])["Scale = false"],
        .. Trainable ? [] : (string[])["Trainable = false"],
    ];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input)
    {
        LayerWeight Channels(string name, bool trainable) => new(name, [input[^1]], trainable);
        return
        [
            .. Scale ? [Channels("gamma", Trainable)] : Array.Empty<LayerWeight>(),
            .. Center ? [Channels("beta", Trainable)] : Array.Empty<LayerWeight>(),
            Channels("moving_mean", trainable: false),
            Channels("moving_variance", trainable: false),
        ];
    }
}

/// <summary>Layer normalization over the last axis.</summary>
public sealed record LayerNormalizationLayer(double Epsilon = 0.001, bool Center = true, bool Scale = true) : ElementwiseLayer
{
    public override string Attribute => "LayerNormalization";

    public override IEnumerable<string> Arguments =>
        [$"Epsilon = {Text(Epsilon)}", .. Center ? [] : (string[])["Center = false"], .. Scale ? [] : (string[])["Scale = false"]];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
    [
        .. Scale ? [new LayerWeight("gamma", [input[^1]])] : Array.Empty<LayerWeight>(),
        .. Center ? [new LayerWeight("beta", [input[^1]])] : Array.Empty<LayerWeight>(),
    ];
}
