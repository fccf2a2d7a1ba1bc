using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Finds the rows and columns at the end of each value that reach no output, e.g. those that a flooring pooling drops, by walking
/// from the consumers to the producers. What nobody reads is neither stored nor computed, forward or backward.
/// </summary>
internal static class LiveRegions
{
    /// <summary>The stored shape of each value, and of each stage's anchor before its pooling.</summary>
    public static (Shape[] Stored, Shape[] Anchors) Find(Graph graph, List<Stage> stages, bool trim)
    {
        Shape[] logical = graph.Values.Select(value => value.Shape).ToArray();
        Shape[] stored = trim ? Trim(graph, stages, logical) : logical;
        Shape[] anchors = stages.Select(stage => AnchorShape(graph, stage, logical, stored[stage.Output])).ToArray();
        return (stored, anchors);
    }

    private static Shape[] Trim(Graph graph, List<Stage> stages, Shape[] logical)
    {
        var needed = new Shape?[logical.Length];
        // The loss and every flattening or dense reader need all of what they read; so does whoever writes the input.
        Need(needed, graph.Loss.Input, logical[graph.Loss.Input]);
        Need(needed, graph.Input, logical[graph.Input]);
        var inStage = new HashSet<int>(stages.SelectMany(stage => stage.Nodes));
        foreach (int input in graph.Nodes.Where(node => !inStage.Contains(node.Id)).SelectMany(node => node.Inputs))
            Need(needed, input, logical[input]);

        for (int i = stages.Count - 1; i >= 0; i--)
        {
            Stage stage = stages[i];
            Operation operation = graph.Nodes[stage.Anchor].Operation;
            // The mask of a dropout is indexed by the logical shape; what is added lies beside the output.
            if (!operation.CanTrim || stage.Epilogue.Dropout is not null || stage.Epilogue.Add is not null)
                needed[stage.Output] = logical[stage.Output];
            Shape anchor = AnchorShape(graph, stage, logical, needed[stage.Output]!);
            Shape all = logical[graph.Nodes[stage.Anchor].Input];
            Shape read = anchor.Rank == 3 ? operation.LiveInput(all, anchor.Height, anchor.Width) : all;
            // Parts that are joined are read as wholes: cut, they were no longer of one height and width when they are enlarged.
            Need(needed, stage.Input, stage.Framing.IsJoined ? logical[stage.Input]
                : stage.Framing.Nodes.Count == 0 ? read
                : stage.Framing.LiveSource(logical[stage.Input], read));
            foreach (int input in stage.Inputs.Skip(1))
                Need(needed, input, logical[input]);
        }

        // An element-wise stage walks through both of its arrays at once: where its input is stored beyond what it needs, so is its output.
        // What is a view, or is viewed, is stored as a whole.
        var views = new Views(graph);
        foreach (Stage stage in stages.Where(stage => graph.Nodes[stage.Anchor].Operation.IsElementwise))
            needed[stage.Output] = views.Root(stage.Input) == stage.Input ? needed[stage.Input] : logical[stage.Input];

        return logical.Select((shape, value) => needed[value] ?? shape).ToArray();
    }

    private static Shape AnchorShape(Graph graph, Stage stage, Shape[] logical, Shape output)
    {
        Shape all = logical[graph.Nodes[stage.Anchor].Output];
        return stage.Epilogue.Average is not null ? all
            : stage.Epilogue.Pool is not { } pool ? output
            : graph.Nodes[stage.Anchor].Operation.CanTrim ? pool.LiveInput(all, output.Height, output.Width)
            : all;
    }

    private static void Need(Shape?[] needed, int value, Shape shape)
    {
        Shape? before = needed[value];
        needed[value] = before is null || before.Rank != 3 ? shape
            : new Shape(Math.Max(before.Height, shape.Height), Math.Max(before.Width, shape.Width), shape.Last);
    }
}
