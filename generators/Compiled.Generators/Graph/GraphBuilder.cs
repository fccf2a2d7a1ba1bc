using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Build: turns the layers of a declaration into a graph, inferring every shape, or reports why it cannot.</summary>
internal sealed class GraphBuilder
{
    /// <summary>The most layers that blocks may make of a network: what they multiply, nobody has written.</summary>
    public const int MaxBlockLayers = 10_000;

    private readonly IssueList _issues;
    private readonly GraphAssembly _graph = new();
    private readonly List<int> _layerOfNode = [];
    private int _randomStreams;

    private GraphBuilder(IssueList issues)
    {
        _issues = issues;
    }

    /// <summary>The graph, or null when an error was reported or the declaration is not complete.</summary>
    public static Graph? Build(ModelSpec spec, IssueList issues)
    {
        var builder = new GraphBuilder(issues);
        Graph? graph = builder.Build(spec.Layers);
        return spec.IsComplete && !issues.HasErrors ? graph : null;
    }

    private Graph? Build(EquatableArray<LayerSpec> layers)
    {
        var scope = new LayerScope("");
        if (!RequireFrame(layers) || AddInput(layers[0], scope) is not { } current)
            return null;
        int loss = LossOf(layers);
        for (int i = 1; i <= loss; i++)
        {
            if (AddLayer(layers[i], i, scope, current) is not { } value)
                return null;
            current = value;
        }

        Graph graph = _graph.ToGraph();
        graph = graph with { Metrics = ReadMetrics(graph, layers, loss) };
        if (!_issues.HasErrors)
            ReportDeadLayers(graph);
        return LiveGraph.Of(graph);
    }

    /// <summary>One input at the beginning, one loss at the end, only known layers between.</summary>
    private bool RequireFrame(EquatableArray<LayerSpec> layers)
    {
        int loss = LossOf(layers);
        bool hasInput = layers.Count > 0 && layers[0].Kind == InputLayer.Kind;
        for (int i = 0; i < layers.Count; i++)
        {
            if (!IsKnown(layers[i].Kind))
                _issues.OnLayer(Rules.UnknownLayer, i, layers[i].Kind);
            else if (i > 0 && layers[i].Kind == InputLayer.Kind)
                _issues.OnLayer(Rules.NoInput, i, hasInput ? "There is a second [Input]" : "[Input] is not the first layer");
            else if ((loss < 0 || i < loss) && LayerKinds.IsLoss(layers[i].Kind))
                _issues.OnLayer(Rules.NoLoss, i, "The loss is not the last layer");
            else if (i < loss && MetricKinds.IsMetric(layers[i].Kind))
                _issues.OnLayer(Rules.NoLoss, i, "A metric stands before the loss");
        }

        if (layers.All(layer => layer.Kind != InputLayer.Kind))
            _issues.OnClass(Rules.NoInput, "The model has no [Input]");
        else if (loss < 0 && !_issues.HasErrors)
            _issues.OnClass(Rules.NoLoss, "The model has no loss");
        return !_issues.HasErrors;
    }

    private static bool IsKnown(string kind) =>
        kind == InputLayer.Kind || BlockLayer.IsBlock(kind) || LayerKinds.Find(kind) is not null || MetricKinds.IsMetric(kind);

    /// <summary>The loss is the first of the losses that has none but metrics and losses behind it; -1 where there is none.</summary>
    private static int LossOf(EquatableArray<LayerSpec> layers)
    {
        int loss = -1;
        for (int i = layers.Count - 1; i >= 0 && (LayerKinds.IsLoss(layers[i].Kind) || MetricKinds.IsMetric(layers[i].Kind)); i--)
            loss = LayerKinds.IsLoss(layers[i].Kind) ? i : loss;
        return loss;
    }

    private EquatableArray<Metric> ReadMetrics(Graph graph, EquatableArray<LayerSpec> layers, int loss)
    {
        var metrics = new List<Metric>();
        for (int i = loss + 1; i < layers.Count; i++)
        {
            string title = layers[i].Kind.Substring(layers[i].Kind.LastIndexOf('.') + 1);
            var arguments = new LayerArguments(layers[i], i, title, _issues);
            var place = new LayerPlace(i, title, () => _graph.Chain(graph.Output), _issues);
            Metric metric = MetricKinds.Read(
                layers[i].Kind, arguments, (LossOperation)graph.Loss.Operation, graph.Values[graph.Output].Shape, place);
            RequireName(metric, arguments, i, metrics);
            metrics.Add(metric);
        }

        return metrics.ToEquatableArray();
    }

    private void RequireName(Metric metric, LayerArguments arguments, int layer, List<Metric> before)
    {
        bool isReserved = metric.Name is "loss" or "accuracy" or "acc" || metric.Name.StartsWith("val_", StringComparison.Ordinal);
        if (isReserved || !LayerNames.IsName(metric.Name))
            arguments.OutOfRange("name", $"'{metric.Name}'", $"{LayerNames.Range}, and neither loss, accuracy nor acc, nor begin with val_");
        else if (arguments.Text("from") is not null)
            arguments.OutOfRange("from", $"'{arguments.Text("from")}'", "absent: a metric looks at what the loss looks at");
        else if (before.Any(other => other.Name == metric.Name))
            _issues.OnArgument(Rules.DuplicateName, layer, "name", metric.Name);
    }

    private int? AddInput(LayerSpec spec, LayerScope scope)
    {
        var arguments = new LayerArguments(spec, 0, "Input", _issues);
        if (InputLayer.Read(arguments, _issues) is not { } shape)
            return null;
        if (arguments.Text("from") is { } from && scope.Find(from, "from", 0, 0, _issues) is null)
            return null;
        if (scope.Next(arguments, InputLayer.BaseName, 0, _issues) is not { } name)
            return null;
        int value = _graph.AddValue(shape);
        scope.Define(name, value);
        return value;
    }

    /// <summary>Adds a layer, or the layers of a block; returns what the next one reads, or null after an issue was reported.</summary>
    private int? AddLayer(LayerSpec spec, int layer, LayerScope scope, int previous)
    {
        if (BlockLayer.IsBlock(spec.Kind))
            return AddBlocks(spec, layer, scope, previous);
        LayerKind kind = LayerKinds.Find(spec.Kind)!;
        if (Source(new LayerArguments(spec, layer, kind.Name, _issues), layer, scope, previous) is not { } source)
            return null;
        var arguments = new LayerArguments(spec, layer, kind.Name, _issues) { Input = _graph.ShapeOf(source) };
        IReadOnlyList<Operation> parts = kind.Read(arguments);
        if (arguments.Failed || Inputs(arguments, layer, scope, source) is not { } inputs)
            return null;
        if (scope.Next(arguments, parts[0].BaseName, layer, _issues) is not { } name)
            return null;
        int? value = AddParts(parts, name, layer, scope, inputs, new WeightOptions(arguments));
        return arguments.Failed ? null : value;
    }

    private int? AddParts(IReadOnlyList<Operation> parts, string name, int layer, LayerScope scope, List<int> inputs, WeightOptions options)
    {
        int current = inputs[0];
        for (int i = 0; i < parts.Count; i++)
        {
            string part = i == 0 ? "" : parts[i].BaseName;
            if (AddNode(parts[i], scope.Qualify(name), part, layer, i == 0 ? inputs : [current], options) is not { } node)
                return null;
            current = node.Output < 0 ? current : node.Output;
        }

        scope.Define(name, current);
        return current;
    }

    /// <summary>What the layer reads first: the layer before it, or the one that it names.</summary>
    private int? Source(LayerArguments arguments, int layer, LayerScope scope, int previous) =>
        arguments.Text("from") is { } from ? scope.Find(from, "from", 0, layer, _issues) : previous;

    /// <summary>All that the layer reads.</summary>
    private List<int>? Inputs(LayerArguments arguments, int layer, LayerScope scope, int source)
    {
        List<int> inputs = [source];
        EquatableArray<string> names = arguments.Texts("layers");
        for (int i = 0; i < names.Count; i++)
        {
            if (scope.Find(names[i], "layers", i, layer, _issues) is not { } value)
                return null;
            inputs.Add(value);
        }

        return inputs;
    }

    private int? AddBlocks(LayerSpec spec, int layer, LayerScope scope, int previous)
    {
        var arguments = new LayerArguments(spec, layer, BlockLayer.Title(spec), _issues);
        BlockLayer block = BlockLayer.Read(spec, arguments);
        if (arguments.Failed || !RequireBody(spec, layer) || Source(arguments, layer, scope, previous) is not { } current)
            return null;
        // Where a named block is repeated, the name stands for the last repetition.
        string? shared = block.Repeat > 1 ? arguments.Text("name") : null;
        if (shared is not null && scope.Claim(shared, arguments, layer, _issues) is null)
            return null;
        for (int i = 0; i < block.Repeat; i++)
        {
            string? name = shared is null
                ? scope.Next(arguments, block.BaseName, layer, _issues)
                : scope.Claim($"{shared}_{i + 1}", arguments, layer, _issues);
            if (name is null || !RequireRoom(spec, layer) || AddBlock(spec, block, name, layer, scope, current) is not { } output)
                return null;
            scope.Define(name, output);
            current = output;
        }

        if (shared is not null)
            scope.Define(shared, current);
        return current;
    }

    private bool RequireRoom(LayerSpec spec, int layer)
    {
        bool hasRoom = _layerOfNode.Count < MaxBlockLayers;
        if (!hasRoom)
        {
            string limit = GraphAssembly.Count(MaxBlockLayers);
            _issues.OnLayer(Rules.BadBlock, layer, $"'{spec.BodyName}' brings the model above {limit} layers: repeat it less often");
        }

        return hasRoom;
    }

    /// <summary>The layers of one repetition, and what leads past them.</summary>
    private int? AddBlock(LayerSpec spec, BlockLayer block, string name, int layer, LayerScope scope, int input)
    {
        string prefix = scope.Qualify(name);
        var inside = new LayerScope($"{prefix}/");
        inside.Define(InputLayer.BaseName, input);
        if (block.HasProjection)
            inside.Reserve(BlockLayer.ShortcutName);
        int current = input;
        using (_issues.OnWholeLayers())
        {
            foreach (LayerSpec each in spec.Body)
            {
                if (AddLayer(each, layer, inside, current) is not { } value)
                    return null;
                current = value;
            }
        }

        return block.IsResidual ? AddResidual(block, prefix, layer, input, current) : current;
    }

    private int? AddResidual(BlockLayer block, string name, int layer, int input, int output)
    {
        int? shortcut = input;
        foreach (Operation operation in block.Shortcut(_graph.ShapeOf(input), _graph.ShapeOf(output)))
        {
            string own = $"{name}/{BlockLayer.ShortcutName}/{operation.BaseName}";
            shortcut = shortcut is { } value ? AddNode(operation, own, "", layer, [value])?.Output : null;
        }

        if (shortcut is not { } past || AddNode(new AddOperation(), name, "add", layer, [output, past]) is not { } sum)
            return null;
        return block.Activation is { } activation ? AddNode(activation, name, activation.BaseName, layer, [sum.Output])?.Output : sum.Output;
    }

    /// <summary>A block holds layers only, and not itself.</summary>
    private bool RequireBody(LayerSpec spec, int layer)
    {
        string? fault = spec.BodyFault;
        if (fault is null && spec.Body.FirstOrDefault(each => !IsKnown(each.Kind)) is { } unknown)
            fault = $"'{spec.BodyName}' has the layer '{unknown.Kind}', which this version of Compiled does not know";
        if (fault is null && spec.Body.Any(each => each.Kind == InputLayer.Kind || LayerKinds.IsLoss(each.Kind) || MetricKinds.IsMetric(each.Kind)))
            fault = $"'{spec.BodyName}' has an input or a loss of its own: these belong to the model";
        if (fault is not null)
            _issues.OnLayer(Rules.BadBlock, layer, fault);
        return fault is null;
    }

    private Node? AddNode(Operation operation, string name, string part, int layer, List<int> inputs, WeightOptions? options = null)
    {
        var place = new LayerPlace(layer, $"{operation.Title} '{name}'", () => _graph.Chain(inputs[0]), _issues);
        operation = Fit(operation, inputs[0], place);
        EquatableArray<Shape> shapes = inputs.Select(_graph.ShapeOf).ToEquatableArray();
        if (operation.Infer(shapes, place) is not { } shape)
            return null;
        if (shape.Elements > GraphAssembly.ElementLimit)
        {
            place.TooLarge($"gives {shape} = {GraphAssembly.Count(shape.Elements)} elements per sample");
            return null;
        }

        EquatableArray<ParameterSpec> parameters = operation.Parameters(shapes[0]);
        if (options is not null)
            parameters = options.Apply(parameters);
        if (parameters.FirstOrDefault(parameter => parameter.Shape.Elements > GraphAssembly.ElementLimit) is { } large)
        {
            place.TooLarge($"needs a {large.Name} of {large.Shape} = {GraphAssembly.Count(large.Shape.Elements)} weights");
            return null;
        }

        _layerOfNode.Add(layer);
        return _graph.AddNode(operation, name, part, inputs, shape, parameters);
    }

    /// <summary>The operation with what it takes from where it stands, after it was held against that.</summary>
    private Operation Fit(Operation operation, int input, LayerPlace place)
    {
        Operation? before = _graph.Producer(input)?.Operation;
        if (operation is SoftmaxOperation && before is SoftmaxOperation)
            _issues.OnLayer(Rules.SoftmaxTwice, place.Layer, place.Title);
        return operation switch
        {
            RandomOperation random => random with { Stream = _randomStreams++ },
            LossOperation loss => loss.For(_graph.ShapeOf(input), before, place),
            _ => operation,
        };
    }

    private void ReportDeadLayers(Graph graph)
    {
        HashSet<int> live = graph.ValuesBeforeLoss();
        foreach (Node node in graph.Nodes)
        {
            if (node.Output >= 0 && !live.Contains(node.Output))
                _issues.OnLayer(Rules.DeadLayer, _layerOfNode[node.Id], $"{node.Operation.Title} '{node.Name}'");
        }
    }
}
