using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Fuse: groups the nodes into stages. Unfused, every node is a stage of its own.</summary>
internal sealed class StageBuilder
{
    private readonly TrainingGraph _training;
    private readonly ModelOptions _options;
    private readonly bool _wantsHead;
    private readonly bool _predicts;
    private readonly ILookup<int, Node> _consumers;
    private readonly Dictionary<int, Node> _producers;
    private readonly Views _views;

    private StageBuilder(TrainingGraph training, ModelOptions options, bool wantsHead, bool predicts)
    {
        _wantsHead = wantsHead;
        _predicts = predicts;
        _training = training;
        _options = options;
        _views = new Views(Graph);
        _consumers = Graph.Nodes.SelectMany(node => node.Inputs, (node, input) => (node, input)).ToLookup(pair => pair.input, pair => pair.node);
        _producers = Graph.Nodes.Where(node => node.Output >= 0).ToDictionary(node => node.Output);
    }

    private Graph Graph => _training.Graph;

    /// <param name="training">The graph.</param>
    /// <param name="options">What holds for the whole model.</param>
    /// <param name="wantsHead">Whether a softmax or sigmoid before a cross-entropy becomes part of it.</param>
    /// <param name="predicts">Whether the stages predict only, without a backward pass.</param>
    public static StageGraph Build(TrainingGraph training, ModelOptions options, bool wantsHead, bool predicts) =>
        new StageBuilder(training, options, wantsHead, predicts).Build();

    private StageGraph Build()
    {
        Node? head = HeadInLoss();
        int logits = head?.Input ?? Graph.Loss.Input;
        Dictionary<int, Framing> framings = FindFramings();
        var taken = new HashSet<int>(framings.Values.SelectMany(framing => framing.Nodes));
        var stages = new List<Stage>();
        foreach (Node node in Graph.Nodes)
        {
            if (node.Operation is LossOperation || node.Operation.IsView || node == head || taken.Contains(node.Id))
                continue;
            Framing framing = framings.TryGetValue(node.Id, out Framing found) ? found : Framing.None(node.Input);
            Stage stage = Grow(node, framing, head, stages.Count + 1);
            taken.UnionWith(stage.Nodes);
            stages.Add(stage);
        }

        List<int> backward = SetInputModes(stages, logits);
        (Shape[] stored, Shape[] anchors) = LiveRegions.Find(Graph, stages, trim: _options.Fused);
        return new StageGraph(
            _training, _options, stages.ToEquatableArray(), backward.ToEquatableArray(), stored.ToEquatableArray(),
            anchors.ToEquatableArray(), logits, head is null ? null : new LossHead(head.Operation));
    }

    /// <summary>Of the nodes that take in what is padded, cut off or joined before them.</summary>
    private Dictionary<int, Framing> FindFramings() => !_options.Fused ? [] : Graph.Nodes
        .Select(node => (node.Id, Framing: Framing.Of(Graph, node, Producer, OnlyConsumer)))
        .Where(pair => pair.Framing.Nodes.Count > 0)
        .ToDictionary(pair => pair.Id, pair => pair.Framing);

    /// <summary>Follows the only consumer as long as it can join the epilogue.</summary>
    private Stage Grow(Node anchor, Framing framing, Node? head, int number)
    {
        List<int> nodes = [.. framing.Nodes, anchor.Id], inputs = [.. framing.Inputs, .. anchor.Inputs.Skip(1)];
        Epilogue epilogue = Epilogue.None;
        int output = anchor.Output;
        int followed = output;
        while (_options.Fused && OnlyConsumer(followed) is { } next && next != head)
        {
            // A view that keeps the shape is nothing but a name.
            bool isName = next.Operation.IsView && Graph.Values[next.Input].Shape == Graph.Values[next.Output].Shape;
            if (!isName)
            {
                // An epilogue adds one value; in training not the one that the anchor reads: its op gives two gradients, in two arrays.
                int[] others = next.Inputs.Where(input => input != followed).ToArray();
                if (next.Operation.Join(epilogue) is not { } joined || !Takes(anchor.Operation, joined) || others.Length > 1
                    || others.Any(input => IsLater(input) || (!_predicts && _views.Root(input) == _views.Root(framing.Source))))
                    break;
                epilogue = joined;
                inputs.AddRange(others);
                nodes.Add(next.Id);
                output = next.Output;
            }

            followed = next.Output;
        }

        // A normalization that alone reads what a convolution gives takes its moments from there.
        if (_options.Fused && epilogue == Epilogue.None && anchor.Operation.CanGiveMoments
            && OnlyConsumer(followed) is { Operation.TakesMoments: true } normalization && _training.HasBackward(normalization))
            epilogue = epilogue with { GivesMoments = true };
        return new Stage(
            number, nodes.ToEquatableArray(), anchor.Id, framing, epilogue, inputs.ToEquatableArray(), output, HasBackward: false, default);

        // A stage runs where its anchor stands: what else it reads must be there by then.
        bool IsLater(int value) => Producer(value) is { } producer && producer.Id > anchor.Id;
    }

    private bool Takes(Operation anchor, Epilogue epilogue) =>
        _predicts ? anchor.TakesInPrediction(epilogue) : anchor.TakesEpilogue(epilogue);

    /// <summary>
    /// Walks through the backward pass: the first stage to write the gradient of a value overwrites it, later ones add. Returns the order of
    /// the pass.
    /// </summary>
    private List<int> SetInputModes(List<Stage> stages, int logits)
    {
        var written = new HashSet<int> { _views.Root(logits) };
        var backward = new List<int>();
        for (int i = stages.Count - 1; i >= 0; i--)
        {
            if (!stages[i].Nodes.Any(node => _training.HasBackward(Graph.Nodes[node])))
                continue;
            IEnumerable<GradientMode> modes = stages[i].Inputs.Select(input =>
                !_training.Wanted[input] ? GradientMode.None
                : written.Add(_views.Root(input)) ? GradientMode.Overwrite
                : GradientMode.Accumulate);
            stages[i] = stages[i] with { HasBackward = true, InputModes = modes.ToEquatableArray() };
            backward.Add(stages[i].Number);
        }

        return backward;
    }

    private Node? Producer(int value) => _producers.TryGetValue(value, out Node producer) ? producer : null;

    private Node? OnlyConsumer(int value)
    {
        Node[] consumers = _consumers[value].Take(2).ToArray();
        return consumers.Length == 1 ? consumers[0] : null;
    }

    /// <summary>The softmax or sigmoid that only a cross-entropy reads.</summary>
    private Node? HeadInLoss()
    {
        if (!_wantsHead || Graph.Loss.Operation is not LossOperation loss || _consumers[Graph.Loss.Input].Count() != 1)
            return null;
        return Graph.Nodes.FirstOrDefault(node => node.Output == Graph.Loss.Input && loss.Absorbs(node.Operation));
    }
}
