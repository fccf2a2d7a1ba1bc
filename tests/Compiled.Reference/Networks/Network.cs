namespace Compiled.Reference;

/// <summary>A network as data: what random tests draw, golden files describe, and a declaration is written from.</summary>
/// <param name="Input">The shape of a sample.</param>
/// <param name="Layers">The layers, in order.</param>
/// <param name="Loss">The loss, by its Keras name.</param>
public sealed record Network(IReadOnlyList<int> Input, IReadOnlyList<Layer> Layers, string Loss)
{
    /// <summary>Whether targets are class numbers.</summary>
    public bool TakesClassIds => Loss == "sparse_categorical_crossentropy";

    /// <summary>The shape of a sample before each layer, and after the last one.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Shapes()
    {
        List<IReadOnlyList<int>> shapes = [Input];
        foreach (Layer layer in Layers)
            shapes.Add(layer.Infer(shapes[^1]));
        return shapes;
    }

    /// <summary>The C# declaration.</summary>
    /// <param name="className">The name of the class.</param>
    /// <param name="fused">False for the twin with one stage per layer.</param>
    public string Declare(string className, bool fused) =>
        $"""
        [Compiled.Model{(fused ? "" : "(Fusion = Compiled.Fusion.None)")}]
        [Compiled.Input({string.Join(", ", Input)})]
        {string.Join(Environment.NewLine, Layers.Select(layer => $"[Compiled.{layer.Declaration}]"))}
        [Compiled.{string.Concat(Loss.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}]
        public sealed partial class {className};
        """;

    /// <inheritdoc/>
    public override string ToString() => Declare("Drawn", fused: true);
}
