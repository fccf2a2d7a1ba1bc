using System.Linq;

namespace Compiled.Generators;

/// <summary>What belongs to a node or a value of a graph, found without a search: a network has hundreds of layers.</summary>
internal sealed class GraphIndex
{
    private readonly Node?[] _producers;
    private readonly ILookup<int, Parameter> _parameters;

    public GraphIndex(Graph graph)
    {
        _producers = new Node?[graph.Values.Count];
        foreach (Node node in graph.Nodes.Where(node => node.Output >= 0))
            _producers[node.Output] = node;
        _parameters = graph.Parameters.ToLookup(parameter => parameter.Node);
    }

    /// <summary>The node that makes a value; null for the input.</summary>
    public Node? Producer(int value) => _producers[value];

    /// <summary>The number of values of all weights of a node.</summary>
    public long WeightsOf(Node node) => _parameters[node.Id].Sum(parameter => parameter.Spec.Shape.Elements);
}
