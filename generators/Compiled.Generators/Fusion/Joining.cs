using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// What is enlarged, and put side by side in channels, right before a window that reads the parts themselves: it costs
/// neither a call nor a value.
/// </summary>
/// <param name="Nodes">The layers in order; none where the window reads the value as it is.</param>
/// <param name="Parts">What they join; none likewise.</param>
internal sealed record Joining(EquatableArray<int> Nodes, EquatableArray<JoinedPart> Parts)
{
    public static Joining None { get; } = new(EquatableArray<int>.Empty, EquatableArray<JoinedPart>.Empty);

    /// <summary>Takes what gives <paramref name="value"/>, as far as it is the operation's alone and its window can do the same.</summary>
    public static Joining Of(Graph graph, Operation operation, int value, Func<int, Node?> producer, Func<int, Node?> onlyConsumer)
    {
        if (!operation.TakesJoined)
            return None;
        var nodes = new List<int>();
        List<JoinedPart> parts = Expand(new JoinedPart(value, 1, 1, IsBilinear: false), JoinCode.MaxInputs);
        return nodes.Count == 0 ? None : new Joining(nodes.OrderBy(node => node).ToEquatableArray(), parts.ToEquatableArray());

        // At most `room` parts that together are the given one.
        List<JoinedPart> Expand(JoinedPart part, int room)
        {
            if (onlyConsumer(part.Value) is null || producer(part.Value) is not { } before || before.Inputs.Count > room)
                return [part];
            // What is repeated and interpolated, or interpolated twice, is neither.
            bool joins = before.Operation is ConcatenateOperation { Axis: 2 } && graph.Values[part.Value].Shape.Rank == 3;
            var enlarges = before.Operation as UpSampling2DOperation;
            if (!joins && (enlarges is null || part.IsBilinear || (enlarges.IsBilinear && part.IsEnlarged)))
                return [part];
            nodes.Add(before.Id);
            var all = new List<JoinedPart>();
            for (int i = 0; i < before.Inputs.Count; i++)
            {
                var input = new JoinedPart(
                    before.Inputs[i], part.FactorHeight * (enlarges?.FactorHeight ?? 1), part.FactorWidth * (enlarges?.FactorWidth ?? 1),
                    part.IsBilinear || enlarges is { IsBilinear: true });
                all.AddRange(Expand(input, room - all.Count - (before.Inputs.Count - 1 - i)));
            }

            return all;
        }
    }
}

/// <summary>A value that is enlarged.</summary>
/// <param name="Value">The value.</param>
/// <param name="FactorHeight">How many rows become of one.</param>
/// <param name="FactorWidth">How many columns become of one.</param>
/// <param name="IsBilinear">Whether they are interpolated; else repeated.</param>
internal sealed record JoinedPart(int Value, long FactorHeight, long FactorWidth, bool IsBilinear)
{
    public bool IsEnlarged => FactorHeight > 1 || FactorWidth > 1;
}
