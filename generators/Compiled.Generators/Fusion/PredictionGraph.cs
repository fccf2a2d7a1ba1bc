using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// The network as prediction and evaluation compute it: without what only training needs and, where layers are fused, with normalizations
/// multiplied into what they normalize.
/// </summary>
internal static class PredictionGraph
{
    private static readonly Epilogue Added = Epilogue.None with { Add = new AddOperation() };

    public static Graph Of(Graph graph, bool folds)
    {
        Graph predicting = LiveGraph.Of(WithoutTraining(graph));
        return folds ? LiveGraph.Of(Fold(predicting)) : predicting;
    }

    /// <summary>Whoever reads what only training changes reads what it is made of.</summary>
    private static Graph WithoutTraining(Graph graph) =>
        Bypass(graph, graph.Nodes, graph.Nodes.Where(node => node.Operation.IsTrainingOnly));

    /// <remarks>
    /// The stage of a normalization takes in an addition. Where that of what is before it does not, the pass over the values remains.
    /// </remarks>
    private static Graph Fold(Graph graph)
    {
        var index = new GraphIndex(graph);
        ILookup<int, Node> consumers = graph.Nodes.SelectMany(node => node.Inputs, (node, input) => (node, input))
            .ToLookup(pair => pair.input, pair => pair.node);
        var folded = new Dictionary<int, Node>(); // by what is before them
        foreach (Node node in graph.Nodes)
        {
            if (node.Operation is BatchNormalizationOperation normalization && index.Producer(node.Input) is { } before
                && before.Operation.Fold(normalization) is not null
                && OnlyConsumer(before) == node && (before.Operation.TakesInPrediction(Added) || !TakesAddition(node)))
            {
                folded[before.Id] = node;
            }
        }

        IEnumerable<Node> nodes = graph.Nodes.Select(node => folded.TryGetValue(node.Id, out Node normalization)
            ? node with { Operation = node.Operation.Fold((BatchNormalizationOperation)normalization.Operation)! }
            : node);
        Dictionary<int, int> homes = folded.ToDictionary(pair => pair.Value.Id, pair => pair.Key);
        return Bypass(graph, nodes, folded.Values) with
        {
            Parameters = graph.Parameters.Select(parameter => homes.TryGetValue(parameter.Node, out int home)
                ? parameter with { Node = home }
                : parameter).ToEquatableArray(),
        };

        // As the last of two that are added.
        bool TakesAddition(Node node) => OnlyConsumer(node) is { Operation: AddOperation, Inputs.Count: 2 } addition
            && addition.Inputs.All(input => input == node.Output || index.Producer(input) is not { } other || other.Id < node.Id);

        Node? OnlyConsumer(Node node)
        {
            Node[] readers = consumers[node.Output].Take(2).ToArray();
            return readers.Length == 1 ? readers[0] : null;
        }
    }

    /// <summary>A graph in which the readers of some nodes read the inputs of those.</summary>
    private static Graph Bypass(Graph graph, IEnumerable<Node> nodes, IEnumerable<Node> bypassed)
    {
        int[] source = Enumerable.Range(0, graph.Values.Count).ToArray();
        foreach (Node node in bypassed)
            source[node.Output] = source[node.Input];
        return graph with
        {
            Nodes = nodes.Select(node => node with { Inputs = node.Inputs.Select(input => source[input]).ToEquatableArray() }).ToEquatableArray(),
            Output = source[graph.Output],
        };
    }
}
