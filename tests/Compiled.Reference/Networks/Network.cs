namespace Compiled.Reference;

/// <summary>A network as data: what random tests draw, golden files describe, and a declaration is written from.</summary>
/// <param name="Input">The shape of a sample.</param>
/// <param name="Layers">The layers, in order.</param>
/// <param name="Loss">The loss, by its Keras name.</param>
public sealed record Network(IReadOnlyList<int> Input, IReadOnlyList<Layer> Layers, string Loss)
{
    /// <summary>Whether targets are class numbers.</summary>
    public bool TakesClassIds => Loss == "sparse_categorical_crossentropy";

    /// <summary>Whether each layer reads the one before it and nothing else.</summary>
    public bool IsChain => Layers.All(layer => layer.From is null && layer.Others.Count == 0);

    /// <summary>The values that a layer reads, from 0.</summary>
    public IReadOnlyList<int> Reads(int layer) => [Layers[layer].From ?? layer, .. Layers[layer].Others];

    /// <summary>The shape of a sample in each value.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Shapes()
    {
        List<IReadOnlyList<int>> shapes = [Input];
        for (int i = 0; i < Layers.Count; i++)
            shapes.Add(Layers[i].Infer([.. Reads(i).Select(value => shapes[value])]));
        return shapes;
    }

    /// <summary>All weights in their order, each with the layer that it belongs to, from 0.</summary>
    public IEnumerable<(int Layer, LayerWeight Weight)> Weights()
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = Shapes();
        return Layers.SelectMany((layer, i) => layer.Weights(shapes[Reads(i)[0]]).Select(weight => (i, weight)));
    }

    /// <summary>The network without a layer, from 0: who reads that reads what it read first.</summary>
    public Network Without(int layer)
    {
        int instead = Reads(layer)[0];
        int Renumber(int value) => value == layer + 1 ? instead : value > layer ? value - 1 : value;
        return Select(Enumerable.Range(0, Layers.Count).Where(i => i != layer), Renumber);
    }

    /// <summary>The network without what does not reach its last layer.</summary>
    public Network Live()
    {
        HashSet<int> live = [Layers.Count];
        for (int i = Layers.Count - 1; i >= 0; i--)
            live.UnionWith(live.Contains(i + 1) ? Reads(i) : []);
        return Select(
            Enumerable.Range(0, Layers.Count).Where(i => live.Contains(i + 1)),
            value => value == 0 ? 0 : live.Count(kept => kept > 0 && kept <= value));
    }

    /// <summary>The C# declaration.</summary>
    /// <param name="className">The name of the class.</param>
    /// <param name="fused">False for the twin with one stage per layer.</param>
    public string Declare(string className, bool fused) =>
        $"""
        [Compiled.Model{(fused ? "" : "(Fusion = Compiled.Fusion.None)")}]
        [Compiled.Input({string.Join(", ", Input)})]
        {string.Join(Environment.NewLine, Layers.Select(Declare))}
        [Compiled.{string.Concat(Loss.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]))}]
        public sealed partial class {className};
        """;

    /// <inheritdoc/>
    public override string ToString() => Declare("Drawn", fused: true);

    private string Declare(Layer layer, int number)
    {
        bool isNamed = layer.Name is not null || Layers.Any(other => other.From == number + 1 || other.Others.Contains(number + 1));
        string[] arguments =
        [
            .. layer.Others.Select(value => $"\"{NameOf(value)}\""),
            .. layer.Arguments,
            .. isNamed ? [$"Name = \"{NameOf(number + 1)}\""] : Array.Empty<string>(),
            .. layer.From is { } from ? [$"From = \"{NameOf(from)}\""] : Array.Empty<string>(),
        ];
        return $"[Compiled.{layer.Attribute}{(arguments.Length == 0 ? "" : $"({string.Join(", ", arguments)})")}]";
    }

    private string NameOf(int value) => value == 0 ? "input_1" : Layers[value - 1].Name ?? $"value_{value}";

    /// <summary>Those of the layers, with what they read under other numbers.</summary>
    private Network Select(IEnumerable<int> layers, Func<int, int> renumber)
    {
        IEnumerable<Layer> selected = layers.Select((layer, number) =>
        {
            int first = renumber(Reads(layer)[0]);
            Layer read = Layers[layer] with { From = first == number ? null : first };
            // Layers without others are equal, as they have one and the same list of none.
            return read.Others.Count == 0 ? read : read with { Others = [.. read.Others.Select(renumber)] };
        });
        return this with { Layers = [.. selected] };
    }
}
