using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Leaves out what reaches no loss, as Keras does: it costs nothing, and all that goes by number (weights, their random streams and those
/// of the dropouts) is as if it had not been declared.
/// </summary>
internal static class LiveGraph
{
    public static Graph Of(Graph graph)
    {
        HashSet<int> reaching = graph.ValuesBeforeLoss();
        List<Node> live = graph.Nodes.Where(node => node.Output < 0 || reaching.Contains(node.Output)).ToList();
        if (live.Count == graph.Nodes.Count)
            return graph;
        Dictionary<int, int> nodes = Numbers(live.Select(node => node.Id));
        Dictionary<int, int> values = Numbers(live.Where(node => node.Output >= 0).Select(node => node.Output).Prepend(graph.Input));
        int streams = 0;
        IEnumerable<Node> renumbered = live.Select(node => node with
        {
            Id = nodes[node.Id],
            Operation = node.Operation is RandomOperation random ? random with { Stream = streams++ } : node.Operation,
            Inputs = node.Inputs.Select(input => values[input]).ToEquatableArray(),
            Output = node.Output < 0 ? node.Output : values[node.Output],
        });
        IEnumerable<Parameter> parameters = graph.Parameters
            .Where(parameter => nodes.ContainsKey(parameter.Node))
            .Select(parameter => parameter with { Node = nodes[parameter.Node] });
        return new Graph(
            values.OrderBy(pair => pair.Value).Select(pair => new Value(pair.Value, graph.Values[pair.Key].Shape)).ToEquatableArray(),
            renumbered.ToEquatableArray(),
            parameters.ToEquatableArray(),
            values[graph.Input],
            values[graph.Output])
        {
            Metrics = graph.Metrics,
        };
    }

    private static Dictionary<int, int> Numbers(IEnumerable<int> ids) =>
        ids.Select((id, number) => (id, number)).ToDictionary(pair => pair.id, pair => pair.number);
}
