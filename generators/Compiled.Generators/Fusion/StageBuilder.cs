using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Fuse: groups the nodes into stages. Unfused, every node is a stage of its own.</summary>
internal sealed class StageBuilder
{
    private readonly TrainingGraph _training;
    private readonly ModelOptions _options;
    private readonly ILookup<int, Node> _consumers;

    private StageBuilder(TrainingGraph training, ModelOptions options)
    {
        _training = training;
        _options = options;
        _consumers = training.Graph.Nodes.SelectMany(node => node.Inputs, (node, input) => (node, input)).ToLookup(pair => pair.input, pair => pair.node);
    }

    public static StageGraph Build(TrainingGraph training, ModelOptions options) => new StageBuilder(training, options).Build();

    private StageGraph Build()
    {
        Graph graph = _training.Graph;
        Node? softmax = SoftmaxInLoss();
        var taken = new HashSet<int>();
        var stages = new List<Stage>();
        foreach (Node node in graph.Nodes)
        {
            if (node.Operation is LossOperation || node.Operation.IsView || node == softmax || taken.Contains(node.Id))
                continue;
            Stage stage = Grow(node, stages.Count + 1);
            taken.UnionWith(stage.Nodes);
            stages.Add(stage);
        }

        Dictionary<int, Stage> byAnchor = stages.ToDictionary(stage => stage.Anchor);
        IEnumerable<int> backward = _training.Gradients
            .Where(gradient => byAnchor.ContainsKey(gradient.Node)).Select(gradient => byAnchor[gradient.Node].Number);
        (Shape[] stored, Shape[] anchors) = LiveRegions.Find(graph, stages, trim: _options.Fused);
        return new StageGraph(
            _training, _options, stages.ToEquatableArray(), backward.ToEquatableArray(), stored.ToEquatableArray(),
            anchors.ToEquatableArray(), softmax?.Input ?? graph.Loss.Input, softmax is not null);
    }

    /// <summary>Follows the only consumer as long as it can join the epilogue.</summary>
    private Stage Grow(Node anchor, int number)
    {
        List<int> nodes = [anchor.Id];
        Epilogue epilogue = Epilogue.None;
        int output = anchor.Output;
        int followed = output;
        while (_options.Fused && OnlyConsumer(followed) is { } next)
        {
            // A view that keeps the shape is nothing but a name.
            bool isName = next.Operation.IsView && next.Operation is not FlattenOperation;
            if (!isName && (next.Operation.Join(epilogue) is not { } joined || !anchor.Operation.TakesEpilogue(joined)))
                break;
            if (!isName)
            {
                epilogue = next.Operation.Join(epilogue)!;
                nodes.Add(next.Id);
                output = next.Output;
            }

            followed = next.Output;
        }

        GradientNode? gradient = _training.Gradients.FirstOrDefault(candidate => candidate.Node == anchor.Id);
        GradientMode inputMode = gradient?.InputMode ?? GradientMode.None;
        return new Stage(number, nodes.ToEquatableArray(), epilogue, anchor.Input, output, gradient is not null, inputMode);
    }

    private Node? OnlyConsumer(int value)
    {
        Node[] consumers = _consumers[value].Take(2).ToArray();
        return consumers.Length == 1 ? consumers[0] : null;
    }

    /// <summary>The softmax that only a cross-entropy reads.</summary>
    private Node? SoftmaxInLoss()
    {
        Graph graph = _training.Graph;
        if (!_options.Fused || graph.Loss.Operation is not LossOperation { IsCrossentropy: true } || _consumers[graph.Loss.Input].Count() != 1)
            return null;
        return graph.Nodes.FirstOrDefault(node => node.Output == graph.Loss.Input && node.Operation is SoftmaxOperation);
    }
}
