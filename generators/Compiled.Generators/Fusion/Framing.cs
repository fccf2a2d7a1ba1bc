using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// What is padded or cut off right before a window, as an offset of the windows, and what is joined before that: it costs neither a call nor
/// memory. Negative margins are cut off.
/// </summary>
/// <param name="Nodes">The layers in order; none where the window reads the value as it is.</param>
/// <param name="Source">The value that is padded or cut off.</param>
/// <param name="Margins">What is added to it.</param>
/// <param name="Parts">What is joined to be that value, which then nobody makes; none where it is read itself.</param>
internal sealed record Framing(EquatableArray<int> Nodes, int Source, Margins Margins, EquatableArray<JoinedPart> Parts)
{
    /// <summary>Whether parts of the source are read instead of it.</summary>
    public bool IsJoined => Parts.Count > 0;

    /// <summary>The values that are read.</summary>
    public EquatableArray<int> Inputs => IsJoined ? Parts.Select(part => part.Value).ToEquatableArray() : new([Source]);

    /// <summary>Of what reads a value as it is.</summary>
    public static Framing None(int source) => new(EquatableArray<int>.Empty, source, Margins.None, EquatableArray<JoinedPart>.Empty);

    /// <summary>Takes what is before an operation, as far as it is the operation's alone and its windows can do the same.</summary>
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

        Joining joining = Joining.Of(graph, node.Operation, source, producer, onlyConsumer);
        return new Framing(joining.Nodes.Concat(nodes).ToEquatableArray(), source, margins, joining.Parts);
    }

    /// <summary>Whether windows find the same in inputs of the same shapes.</summary>
    public bool IsLike(Framing other) => Margins == other.Margins && Factors.Equals(other.Factors);

    private EquatableArray<JoinedPart> Factors => Parts.Select(part => part with { Value = 0 }).ToEquatableArray();

    /// <summary>The part of the source that the given part of the framed image needs; something of it is always stored.</summary>
    public Shape LiveSource(Shape source, Shape framed) => new(
        Live(source.Height, framed.Height - Margins.Top), Live(source.Width, framed.Width - Margins.Left), source.Last);

    private static long Live(long all, long needed) => System.Math.Max(1, System.Math.Min(all, needed));
}
