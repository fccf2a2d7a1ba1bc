using System.Linq;

namespace Compiled.Generators;

/// <summary>A graph with the gradients that training makes.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Wanted">Of each value, whether its gradient is made.</param>
/// <param name="Trained">Of each node, whether it has weights to train.</param>
internal sealed record TrainingGraph(Graph Graph, EquatableArray<bool> Wanted, EquatableArray<bool> Trained)
{
    /// <summary>Of a graph that is only to predict.</summary>
    public static TrainingGraph WithoutGradients(Graph graph) =>
        new(graph, new bool[graph.Values.Count].ToEquatableArray(), new bool[graph.Nodes.Count].ToEquatableArray());

    /// <summary>Whether a node has something to do in the backward pass: for its weights or for what lies before it.</summary>
    public bool HasBackward(Node node) =>
        !node.Operation.IsView && (Trained[node.Id] || node.Inputs.Any(input => Wanted[input]));
}

/// <summary>
/// Differentiate: derives the backward pass. Only gradients that a weight needs are made: none of the input, none of layers that have no
/// weights before them, or only frozen ones. The pass itself is the graph from back to front; how the gradients of a value with several
/// consumers come together is for the stages to say, which are what runs.
/// </summary>
internal static class Differentiator
{
    public static TrainingGraph Differentiate(Graph graph)
    {
        bool[] wanted = new bool[graph.Values.Count];
        bool[] trained = new bool[graph.Nodes.Count];
        foreach (Parameter parameter in graph.Parameters.Where(parameter => parameter.Spec.Trainable))
            trained[parameter.Node] = true;
        foreach (Node node in graph.Nodes.Where(node => node.Output >= 0))
            wanted[node.Output] = trained[node.Id] || node.Inputs.Any(input => wanted[input]);
        return new TrainingGraph(graph, wanted.ToEquatableArray(), trained.ToEquatableArray());
    }
}
