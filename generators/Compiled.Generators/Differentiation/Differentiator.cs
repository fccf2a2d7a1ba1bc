using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>What a backward call does with the gradient of its input; as cn_gradient_mode.</summary>
internal enum GradientMode
{
    None,
    Overwrite,
    Accumulate,
}

/// <summary>The gradient of one node: reads the gradient of its output, makes those of its weights and, by mode, of its input.</summary>
/// <param name="Node">The node.</param>
/// <param name="InputMode">Whether and how the gradient of its input is written.</param>
internal sealed record GradientNode(int Node, GradientMode InputMode);

/// <summary>A graph with its gradients, in the order in which they are computed.</summary>
internal sealed record TrainingGraph(Graph Graph, EquatableArray<GradientNode> Gradients);

/// <summary>
/// Differentiate: derives the backward pass. Only gradients that a weight needs are made: none of the input, none of layers that have no
/// weights before them. Where a value has several consumers, the first to come backward overwrites its gradient and the others add.
/// </summary>
internal static class Differentiator
{
    public static TrainingGraph Differentiate(Graph graph)
    {
        HashSet<int> wanted = ValuesWithWeightsBefore(graph);
        var views = new Views(graph);
        var written = new HashSet<int> { views.Root(graph.Loss.Input) };
        var gradients = new List<GradientNode>();
        foreach (Node node in graph.Nodes.Reverse().Where(node => node.Output >= 0))
        {
            bool hasWeights = graph.Parameters.Any(parameter => parameter.Node == node.Id);
            bool inputWanted = wanted.Contains(node.Input);
            if (node.Operation.IsView || (!hasWeights && !inputWanted))
                continue;
            GradientMode mode = !inputWanted ? GradientMode.None
                : written.Add(views.Root(node.Input)) ? GradientMode.Overwrite : GradientMode.Accumulate;
            gradients.Add(new GradientNode(node.Id, mode));
        }

        return new TrainingGraph(graph, gradients.ToEquatableArray());
    }

    private static HashSet<int> ValuesWithWeightsBefore(Graph graph)
    {
        var values = new HashSet<int>();
        foreach (Node node in graph.Nodes)
        {
            if (graph.Parameters.Any(parameter => parameter.Node == node.Id) || node.Inputs.Any(values.Contains))
                values.Add(node.Output);
        }

        return values;
    }
}
