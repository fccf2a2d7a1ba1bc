using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// The members for weights that a declaration with errors would have, as far as its layers can be read: the code that uses them is right,
/// and shall not be full of errors, too.
/// </summary>
internal sealed class StubWeights
{
    // Where shapes are not known, the way past a block is taken to need weights.
    private static readonly Shape Image = new(1, 1, 1);

    private readonly List<(string Layer, string Type)> _weights = [];
    private int _room = GraphBuilder.MaxBlockLayers;

    private StubWeights()
    {
    }

    /// <summary>The members and their types.</summary>
    public static IEnumerable<(string Member, string Type)> Of(ModelSpec spec)
    {
        var all = new StubWeights();
        all.AddAll(spec.Layers, "");
        var members = new MemberNames(spec.Name);
        return all._weights.Select(weights => (Member: members.Next(weights.Layer), weights.Type))
            .Where(weights => !spec.Members.Contains(weights.Member));
    }

    private void AddAll(EquatableArray<LayerSpec> layers, string prefix)
    {
        var names = new LayerNames();
        foreach (LayerSpec layer in layers)
        {
            if (_room-- <= 0)
                return;
            if (BlockLayer.IsBlock(layer.Kind))
                AddBlocks(layer, names, prefix);
            else if (LayerKinds.Find(layer.Kind) is { } kind)
                AddLayer(layer, kind, names, prefix);
        }
    }

    private void AddLayer(LayerSpec layer, LayerKind kind, LayerNames names, string prefix)
    {
        var arguments = new LayerArguments(layer, 0, kind.Name, new IssueList());
        Operation operation = kind.Read(arguments)[0];
        string name = names.Next(arguments, operation.BaseName);
        if (operation.WeightsType is { } type && LayerNames.IsName(name))
            _weights.Add((prefix + name, type));
    }

    private void AddBlocks(LayerSpec layer, LayerNames names, string prefix)
    {
        if (layer.BodyFault is not null)
            return;
        var arguments = new LayerArguments(layer, 0, BlockLayer.Title(layer), new IssueList());
        BlockLayer block = BlockLayer.Read(layer, arguments);
        string? shared = block.Repeat > 1 ? arguments.Text("name") : null;
        for (int i = 0; i < block.Repeat && _room > 0; i++)
        {
            string name = shared is null ? names.Next(arguments, block.BaseName) : $"{shared}_{i + 1}";
            if (!LayerNames.IsName(name))
                return;
            AddAll(layer.Body, $"{prefix}{name}/");
            foreach (Operation operation in block.Shortcut(Image, Image))
                _weights.Add(($"{prefix}{name}/{BlockLayer.ShortcutName}/{operation.BaseName}", operation.WeightsType!));
        }
    }
}
