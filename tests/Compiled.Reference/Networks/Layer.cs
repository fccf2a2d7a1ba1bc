namespace Compiled.Reference;

/// <summary>A layer of a <see cref="Network"/>. Values go by number: 0 is the input of the network, i the output of its i-th layer.</summary>
public abstract record Layer
{
    /// <summary>The attribute without namespace, suffix and arguments.</summary>
    public abstract string Attribute { get; }

    /// <summary>Its name; null for one that is given where somebody asks for it.</summary>
    public string? Name { get; init; }

    /// <summary>The value that it reads first; null for the output of the layer before it.</summary>
    public int? From { get; init; }

    /// <summary>The values that it joins with that one.</summary>
    public IReadOnlyList<int> Others { get; init; } = [];

    /// <summary>Positional arguments and properties, as they are written.</summary>
    public virtual IEnumerable<string> Arguments => [];

    /// <summary>The shape that comes out, without the batch.</summary>
    public abstract IReadOnlyList<int> Infer(IReadOnlyList<int> input);

    /// <summary>The same of a layer that reads several values.</summary>
    public virtual IReadOnlyList<int> Infer(IReadOnlyList<IReadOnlyList<int>> inputs) => Infer(inputs[0]);

    /// <summary>What it keeps from step to step.</summary>
    public virtual IReadOnlyList<LayerWeight> Weights(IReadOnlyList<int> input) => [];

    /// <summary>How a window is written.</summary>
    protected static IEnumerable<string> Of(Window2D window) =>
    [
        $"{window.Height}", $"{window.Width}", $"StridesHeight = {window.StrideHeight}", $"StridesWidth = {window.StrideWidth}",
        $"Padding = Compiled.Padding.{(window.Same ? "Same" : "Valid")}",
    ];

    /// <summary>The shape of the images that a window makes.</summary>
    protected static IReadOnlyList<int> Infer(Window2D window, IReadOnlyList<int> input, int channels) =>
        [window.OutputHeight(input[0]), window.OutputWidth(input[1]), channels];
}

/// <summary>A tensor that a layer keeps from step to step, by the name that it has there.</summary>
public sealed record LayerWeight(string Name, IReadOnlyList<int> Shape, bool Trainable = true)
{
    /// <summary>What is asked of it while it is trained.</summary>
    public WeightRule Rule { get; init; } = WeightRule.None;
}
