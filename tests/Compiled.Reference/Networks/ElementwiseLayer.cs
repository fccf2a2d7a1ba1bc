using System.Globalization;

namespace Compiled.Reference;

/// <summary>A layer that keeps the shape of its input, but for a gated linear unit.</summary>
public abstract record ElementwiseLayer : Layer
{
    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => input;

    protected static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>An activation, by its Keras name.</summary>
public sealed record ActivationLayer(string Activation) : ElementwiseLayer
{
    private static readonly Dictionary<string, string> Members = new()
    {
        ["linear"] = "Linear",
        ["relu"] = "ReLU",
        ["sigmoid"] = "Sigmoid",
        ["tanh"] = "Tanh",
        ["softmax"] = "Softmax",
        ["elu"] = "ELU",
        ["selu"] = "SELU",
        ["softplus"] = "Softplus",
        ["softsign"] = "Softsign",
        ["hard_sigmoid"] = "HardSigmoid",
        ["exponential"] = "Exponential",
        ["leaky_relu"] = "LeakyReLU",
        ["relu6"] = "ReLU6",
        ["celu"] = "CELU",
        ["hard_tanh"] = "HardTanh",
        ["log_sigmoid"] = "LogSigmoid",
        ["squareplus"] = "Squareplus",
        ["silu"] = "SiLU",
        ["gelu"] = "GELU",
        ["gelu_tanh"] = "GELUTanh",
        ["mish"] = "Mish",
        ["hard_silu"] = "HardSiLU",
        ["tanh_shrink"] = "TanhShrink",
        ["soft_shrink"] = "SoftShrink",
        ["hard_shrink"] = "HardShrink",
        ["sparse_plus"] = "SparsePlus",
        ["sparse_sigmoid"] = "SparseSigmoid",
        ["log_softmax"] = "LogSoftmax",
        ["sparsemax"] = "Sparsemax",
        ["glu"] = "GLU",
    };

    /// <summary>The names of the members of the enumeration.</summary>
    public static IReadOnlyCollection<string> Names => Members.Keys;

    /// <summary>Some have attributes of their own.</summary>
    private bool HasAttribute => Activation is "linear" or "relu" or "sigmoid" or "tanh" or "softmax" or "log_softmax" or "sparsemax" or "glu";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => Activation == "glu" ? [.. input.SkipLast(1), input[^1] / 2] : input;

    public override string Attribute => HasAttribute ? Members[Activation] : "Activation";

    public override IEnumerable<string> Arguments => HasAttribute ? [] : [$"Compiled.Activation.{Members[Activation]}"];
}

/// <summary>What is above a threshold, else a value.</summary>
public sealed record ThresholdLayer(double Threshold, double Value) : ElementwiseLayer
{
    public override string Attribute => "Threshold";

    public override IEnumerable<string> Arguments => [Text(Threshold), Text(Value)];

    /// <summary>The rule.</summary>
    public ActivationRule Rule => new("threshold", Threshold: Threshold, Value: Value);
}

/// <summary>Dropout of elements, or of the channels of images.</summary>
public sealed record DropoutLayer(double Rate, bool IsSpatial = false) : ElementwiseLayer
{
    public override string Attribute => IsSpatial ? "SpatialDropout2D" : "Dropout";

    public override IEnumerable<string> Arguments => [Text(Rate)];
}

/// <summary>Normal numbers, added in training.</summary>
public sealed record GaussianNoiseLayer(double Deviation) : ElementwiseLayer
{
    public override string Attribute => "GaussianNoise";

    public override IEnumerable<string> Arguments => [Text(Deviation)];
}

/// <summary>A penalty of a value in the loss.</summary>
public sealed record ActivityRegularizationLayer(double L1 = 0, double L2 = 0) : ElementwiseLayer
{
    public override string Attribute => "ActivityRegularization";

    public override IEnumerable<string> Arguments => [$"L1 = {Text(L1)}", $"L2 = {Text(L2)}"];
}

/// <summary>Batch normalization.</summary>
public sealed record BatchNormalizationLayer(
    double Momentum = 0.99, double Epsilon = 0.001, bool Center = true, bool Scale = true, bool Trainable = true) : ElementwiseLayer
{
    /// <summary>What is asked of gamma.</summary>
    public WeightRule Gamma { get; init; } = WeightRule.None;

    /// <summary>What is asked of beta.</summary>
    public WeightRule Beta { get; init; } = WeightRule.None;

    public override string Attribute => "BatchNormalization";

    public override IEnumerable<string> Arguments =>
    [
        $"Momentum = {Text(Momentum)}", $"Epsilon = {Text(Epsilon)}",
        .. Center ? [] : (string[])["Center = false"],
        .. Scale ? [] : (string[])["Scale = false"],
        .. Trainable ? [] : (string[])["Trainable = false"],
        .. Gamma.Arguments("Gamma"),
        .. Beta.Arguments("Beta"),
    ];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input)
    {
        LayerWeight Channels(string name, bool trainable) => new(name, [input[^1]], trainable);
        return
        [
            .. Scale ? [Channels("gamma", Trainable) with { Rule = Gamma }] : Array.Empty<LayerWeight>(),
            .. Center ? [Channels("beta", Trainable) with { Rule = Beta }] : Array.Empty<LayerWeight>(),
            Channels("moving_mean", trainable: false),
            Channels("moving_variance", trainable: false),
        ];
    }
}

/// <summary>Layer normalization over the last axis.</summary>
public sealed record LayerNormalizationLayer(double Epsilon = 0.001, bool Center = true, bool Scale = true, bool Trainable = true)
    : ElementwiseLayer
{
    /// <summary>What is asked of gamma.</summary>
    public WeightRule Gamma { get; init; } = WeightRule.None;

    /// <summary>What is asked of beta.</summary>
    public WeightRule Beta { get; init; } = WeightRule.None;

    public override string Attribute => "LayerNormalization";

    public override IEnumerable<string> Arguments =>
    [
        $"Epsilon = {Text(Epsilon)}",
        .. Center ? [] : (string[])["Center = false"],
        .. Scale ? [] : (string[])["Scale = false"],
        .. Trainable ? [] : (string[])["Trainable = false"],
        .. Gamma.Arguments("Gamma"),
        .. Beta.Arguments("Beta"),
    ];

    public override IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) =>
    [
        .. Scale ? [new LayerWeight("gamma", [input[^1]], Trainable) { Rule = Gamma }] : Array.Empty<LayerWeight>(),
        .. Center ? [new LayerWeight("beta", [input[^1]], Trainable) { Rule = Beta }] : Array.Empty<LayerWeight>(),
    ];
}
