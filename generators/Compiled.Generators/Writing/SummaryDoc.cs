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
            writer.Line($"/// <item><term>{layer}</term><description>{Describe(layout, node)}</description></item>");
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

    private static string Describe(ModelLayout layout, Node node)
    {
        Graph graph = layout.Graph.Graph;
        long count = graph.Parameters.Where(parameter => parameter.Node == node.Id).Sum(parameter => parameter.Spec.Shape.Elements);
        // A stage keeps the result of its last layer.
        long saved = layout.Stages.Where(stage => stage.Stage.Nodes.Last == node.Id).Sum(stage => stage.SavedBytes);
        List<string> parts = [node.Output < 0 ? "loss" : graph.Values[node.Output].Shape.ToString()];
        if (count > 0)
            parts.Add(Plural(count, "parameter"));
        parts.Add($"stage {StageNumbers.Of(layout, node)}");
        if (saved > 0)
            parts.Add($"{Number(saved)} bytes kept");
        return string.Join("; ", parts);
    }

    private static string Plural(long count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>Which stage a layer belongs to.</summary>
internal static class StageNumbers
{
    /// <summary>A view belongs to the stage of what it views, the loss and a softmax in it come after all others.</summary>
    public static int Of(ModelLayout layout, Node node)
    {
        Graph graph = layout.Graph.Graph;
        for (Node? at = node; at is not null; at = graph.Nodes.FirstOrDefault(candidate => candidate.Output == at.Input))
        {
            StagePlan? stage = layout.Stages.FirstOrDefault(candidate => candidate.Stage.Nodes.Contains(at.Id));
            if (stage is not null)
                return stage.Stage.Number;
            if (!at.Operation.IsView)
                return layout.Stages.Count + 1;
        }

        return 1;
    }
}
