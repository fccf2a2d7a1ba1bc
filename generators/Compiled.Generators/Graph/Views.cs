using System.Linq;

namespace Compiled.Generators;

/// <summary>Which values are one another under another shape: they share their memory and their gradient.</summary>
internal sealed class Views
{
    private readonly int[] _root;

    public Views(Graph graph)
    {
        _root = Enumerable.Range(0, graph.Values.Count).ToArray();
        foreach (Node node in graph.Nodes)
        {
            if (node.Operation.IsView)
                _root[node.Output] = _root[node.Input];
        }
    }

    public int Root(int value) => _root[value];
}
