using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>
/// What is padded or cut off right before a window, as an offset of the windows: it costs neither a call nor memory. Negative margins are cut
/// off.
/// </summary>
/// <param name="Nodes">The layers in order; none where the window reads the value as it is.</param>
/// <param name="Source">The value that the first of them reads.</param>
/// <param name="Margins">What they add to it.</param>
internal sealed record Framing(EquatableArray<int> Nodes, int Source, Margins Margins)
{
    /// <summary>Of what reads a value as it is.</summary>
    public static Framing None(int source) => new(EquatableArray<int>.Empty, source, Margins.None);

    /// <summary>Takes the padding and cropping before an operation, as far as they are its alone and its windows can do the same.</summary>
    public static Framing Of(Graph graph, Node node, System.Func<int, Node?> producer, System.Func<int, Node?> onlyConsumer)
    {
        if (node.Operation.Reach(graph.Values[node.Input].Shape) is not { } reach)
            return None(node.Input);
        var nodes = new List<int>();
        int source = node.Input;
        Margins margins = Margins.None;
        while (producer(source) is { Operation: Padding2DOperation padding } before && onlyConsumer(source) is not null
            && padding.Added.TryJoin(reach) is { } joined)
        {
            nodes.Insert(0, before.Id);
            source = before.Input;
            margins += padding.Added;
            reach = joined;
        }

        return new Framing(nodes.ToEquatableArray(), source, margins);
    }

    /// <summary>The part of the source that the given part of the framed image needs; something of it is always stored.</summary>
    public Shape LiveSource(Shape source, Shape framed) => new(
        Live(source.Height, framed.Height - Margins.Top), Live(source.Width, framed.Width - Margins.Left), source.Last);

    private static long Live(long all, long needed) => System.Math.Max(1, System.Math.Min(all, needed));
}
