using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>The documentation of the class: hovering it in an editor shows the network.</summary>
internal static class SummaryDoc
{
    public static void Write(CodeWriter writer, ModelSpec spec, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        var index = new GraphIndex(graph);
        var stages = new StageNumbers(layout);
        // A stage keeps the result of its last layer.
        ILookup<int, long> kept = layout.Stages.ToLookup(stage => stage.Stage.Nodes.Last, stage => stage.SavedBytes);
        long weights = graph.Parameters.Sum(parameter => parameter.Spec.Shape.Elements);
        writer.Line(
            $"/// <summary>{graph.Values[graph.Input].Shape} → {graph.Values[graph.Output].Shape}, {Plural(weights, "parameter")}, " +
            $"{Plural(layout.Stages.Count, "stage")} and the loss.</summary>");
        writer.Line("/// <remarks>");
        writer.Line("/// <list type=\"table\">");
        writer.Line(
            "/// <listheader><term>Layer</term><description>Output; parameters; stage; bytes kept per sample for the backward pass" +
            "</description></listheader>");
        foreach (Node node in graph.Nodes)
        {
            string layer = $"{node.Name}: {node.Operation.Canonical}";
            string shape = node.Output < 0 ? "loss" : graph.Values[node.Output].Shape.ToString();
            string details = Describe(shape, index.WeightsOf(node), stages.Of(node), kept[node.Id].Sum());
            writer.Line($"/// <item><term>{layer}</term><description>{details}</description></item>");
        }

        writer.Line("/// </list>");
        writer.Line("/// <para>");
        writer.Line(
            $"/// Memory: 2 × {Number(layout.ParameterBytes)} bytes for weights and gradients, " +
            $"{Number(layout.ValueBytes)} bytes per sample of the batch,");
        writer.Line($"/// {Number(layout.SavedBytes)} of which the backward pass keeps of the forward pass.");
        writer.Line("/// </para>");
        writer.Line("/// </remarks>");
    }

    private static string Describe(string shape, long weights, int stage, long saved)
    {
        List<string> parts = [shape];
        if (weights > 0)
            parts.Add(Plural(weights, "parameter"));
        parts.Add($"stage {stage}");
        if (saved > 0)
            parts.Add($"{Number(saved)} bytes kept");
        return string.Join("; ", parts);
    }

    private static string Plural(long count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>Which stage a layer belongs to.</summary>
internal sealed class StageNumbers
{
    private readonly GraphIndex _index;
    private readonly Dictionary<int, int> _stageOfNode = [];
    private readonly int _last;

    public StageNumbers(ModelLayout layout)
    {
        _index = new GraphIndex(layout.Graph.Graph);
        _last = layout.Stages.Count + 1;
        foreach (Stage stage in layout.Graph.Stages)
        {
            foreach (int node in stage.Nodes)
                _stageOfNode[node] = stage.Number;
        }
    }

    /// <summary>A view belongs to the stage of what it views, the loss and a softmax in it come after all others.</summary>
    public int Of(Node node)
    {
        for (Node? at = node; at is not null; at = _index.Producer(at.Input))
        {
            if (_stageOfNode.TryGetValue(at.Id, out int stage))
                return stage;
            if (!at.Operation.IsView)
                return _last;
        }

        return 1;
    }
}
