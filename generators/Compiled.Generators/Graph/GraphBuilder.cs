using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Build: turns the layers of a declaration into a graph, inferring every shape, or reports why it cannot.</summary>
internal sealed class GraphBuilder
{
    private const long ElementLimit = int.MaxValue;

    private readonly IssueList _issues;
    private readonly List<Value> _values = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Parameter> _parameters = [];
    private readonly List<int> _layerOfNode = [];
    private readonly Dictionary<string, int> _byName = new(StringComparer.Ordinal);
    private readonly LayerNames _names = new();
    private int _dropouts;

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
        if (!RequireFrame(layers))
            return null;
        if (AddInput(layers[0]) is not { } current)
            return null;
        for (int i = 1; i < layers.Count; i++)
        {
            if (AddLayer(layers[i], i, current) is not { } node)
                return null;
            current = node.Output < 0 ? current : node.Output;
        }

        Node loss = _nodes[_nodes.Count - 1];
        var graph = new Graph(
            _values.ToEquatableArray(), _nodes.ToEquatableArray(), _parameters.ToEquatableArray(), Input: 0, Output: loss.Input);
        if (!_issues.HasErrors)
            ReportDeadLayers(graph);
        return LiveGraph.Of(graph);
    }

    /// <summary>One input at the beginning, one loss at the end, only known layers between.</summary>
    private bool RequireFrame(EquatableArray<LayerSpec> layers)
    {
        bool hasInput = layers.Count > 0 && layers[0].Kind == InputLayer.Kind;
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Kind != InputLayer.Kind && LayerKinds.Find(layers[i].Kind) is null)
                _issues.OnLayer(Rules.UnknownLayer, i, layers[i].Kind);
            else if (i > 0 && layers[i].Kind == InputLayer.Kind)
                _issues.OnLayer(Rules.NoInput, i, hasInput ? "There is a second [Input]" : "[Input] is not the first layer");
            else if (i < layers.Count - 1 && LayerKinds.IsLoss(layers[i].Kind))
                _issues.OnLayer(Rules.NoLoss, i, "The loss is not the last layer");
        }

        if (layers.All(layer => layer.Kind != InputLayer.Kind))
            _issues.OnClass(Rules.NoInput, "The model has no [Input]");
        else if (!LayerKinds.IsLoss(layers[layers.Count - 1].Kind) && !_issues.HasErrors)
            _issues.OnClass(Rules.NoLoss, "The model has no loss");
        return !_issues.HasErrors;
    }

    private int? AddInput(LayerSpec spec)
    {
        var arguments = new LayerArguments(spec, 0, "Input", _issues);
        if (InputLayer.Read(arguments, _issues) is not { } shape || (arguments.Text("from") is { } from && Find(from, 0) is null))
            return null;
        if (Name(arguments, InputLayer.BaseName, 0) is not { } name)
            return null;
        return _byName[name] = Add(shape);
    }

    private Node? AddLayer(LayerSpec spec, int layer, int previous)
    {
        LayerKind kind = LayerKinds.Find(spec.Kind)!;
        var arguments = new LayerArguments(spec, layer, kind.Name, _issues);
        Operation operation = kind.Read(arguments);
        if (arguments.Failed)
            return null;
        int? source = arguments.Text("from") is { } from ? Find(from, layer) : previous;
        if (source is not { } input || Name(arguments, operation.BaseName, layer) is not { } name)
            return null;
        var place = new LayerPlace(layer, $"{operation.Title} '{name}'", () => Chain(input), _issues);
        operation = Fit(operation, input, place);
        if (operation.Infer(_values[input].Shape, place) is not { } shape)
            return null;
        if (shape.Elements > ElementLimit)
        {
            place.TooLarge($"gives {shape} = {Count(shape.Elements)} elements per sample");
            return null;
        }

        return AddNode(operation, name, input, shape, place);
    }

    /// <summary>The operation with what it takes from where it stands, after it was held against that.</summary>
    private Operation Fit(Operation operation, int input, LayerPlace place)
    {
        Operation? before = Producer(input)?.Operation;
        if (operation is SoftmaxOperation && before is SoftmaxOperation)
            _issues.OnLayer(Rules.SoftmaxTwice, place.Layer, place.Title);
        return operation switch
        {
            DropoutOperation dropout => dropout with { Stream = _dropouts++ },
            LossOperation loss => loss.For(_values[input].Shape, before, place),
            _ => operation,
        };
    }

    private Node? AddNode(Operation operation, string name, int current, Shape shape, LayerPlace place)
    {
        int output = operation is LossOperation ? -1 : Add(shape);
        var node = new Node(_nodes.Count, name, operation, new[] { current }.ToEquatableArray(), output);
        _nodes.Add(node);
        _layerOfNode.Add(place.Layer);
        _byName[name] = output;
        foreach (ParameterSpec parameter in operation.Parameters(_values[current].Shape))
        {
            if (parameter.Shape.Elements > ElementLimit)
            {
                place.TooLarge($"needs a {parameter.Name} of {parameter.Shape} = {Count(parameter.Shape.Elements)} weights");
                return null;
            }

            _parameters.Add(new Parameter(node.Id, $"{name}/{parameter.Name}", parameter));
        }

        return node;
    }

    private string? Name(LayerArguments arguments, string baseName, int layer)
    {
        string name = _names.Next(arguments, baseName);
        if (!LayerNames.IsName(name))
        {
            arguments.OutOfRange("name", $"'{name}'", LayerNames.Range);
            return null;
        }

        if (!_byName.ContainsKey(name))
            return name;
        _issues.OnArgument(Rules.DuplicateName, layer, "name", name);
        return null;
    }

    /// <summary>The value of an earlier layer, or null after an issue was reported.</summary>
    private int? Find(string name, int layer)
    {
        if (_byName.TryGetValue(name, out int value))
            return value;
        string close = _byName.Keys.OrderBy(known => Spelling.Distance(known, name)).ThenBy(known => known, StringComparer.Ordinal)
            .FirstOrDefault() ?? "";
        bool isClose = close.Length > 0 && Spelling.Distance(close, name) <= Math.Max(2, name.Length / 3);
        string hint = isClose ? $"; did you mean '{close}'?" : "";
        _issues.OnArgument(Rules.UnknownName, layer, "from", name, hint);
        return null;
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

    private int Add(Shape shape)
    {
        _values.Add(new Value(_values.Count, shape));
        return _values.Count - 1;
    }

    /// <summary>The layer that makes a value; null for the input.</summary>
    private Node? Producer(int value) => value == 0 ? null : _nodes[value - 1];

    /// <summary>The layers and shapes that led to a value; only the last of a long network.</summary>
    private string Chain(int value)
    {
        const int Shown = 8;
        var steps = new List<string>();
        for (Node? node = Producer(value); node is not null; node = Producer(node.Input))
            steps.Add($"{node.Name} {_values[node.Output].Shape}");
        steps.Add($"input {_values[0].Shape}");
        steps.Reverse();
        return (steps.Count > Shown ? "… → " : "") + string.Join(" → ", steps.Skip(steps.Count - Shown));
    }

    private static string Count(long elements) =>
        elements == long.MaxValue ? "more than 9e18" : elements.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
