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
    private readonly Dictionary<string, Node> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);
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
        if (InputLayer.Read(layers[0], _issues) is not { } input)
            return null;
        int current = Add(input);
        for (int i = 1; i < layers.Count; i++)
        {
            if (AddLayer(layers[i], i, current) is not { } node)
                return null;
            current = node.Output < 0 ? current : node.Output;
        }

        ReportDeadLayers();
        Node loss = _nodes[_nodes.Count - 1];
        return LiveGraph.Of(
            new Graph(_values.ToEquatableArray(), _nodes.ToEquatableArray(), _parameters.ToEquatableArray(), Input: 0, Output: loss.Input));
    }

    /// <summary>One input at the beginning, one loss at the end, only known layers between.</summary>
    private bool RequireFrame(EquatableArray<LayerSpec> layers)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i].Kind != InputLayer.Kind && LayerKinds.Find(layers[i].Kind) is null)
                _issues.OnLayer(Rules.UnknownLayer, i, layers[i].Kind);
            else if (i > 0 && layers[i].Kind == InputLayer.Kind)
                _issues.OnLayer(Rules.NoInput, i, "There is a second [Input]");
            else if (i < layers.Count - 1 && LayerKinds.IsLoss(layers[i].Kind))
                _issues.OnLayer(Rules.NoLoss, i, "The loss is not the last layer");
        }

        if (layers.Count == 0 || layers[0].Kind != InputLayer.Kind)
            _issues.OnClass(Rules.NoInput, "The first layer is not [Input]");
        else if (!LayerKinds.IsLoss(layers[layers.Count - 1].Kind) && !_issues.HasErrors)
            _issues.OnClass(Rules.NoLoss, "The model has no loss");
        return !_issues.HasErrors;
    }

    private Node? AddLayer(LayerSpec spec, int layer, int current)
    {
        LayerKind kind = LayerKinds.Find(spec.Kind)!;
        var arguments = new LayerArguments(spec, layer, kind.Name, _issues);
        Operation operation = kind.Read(arguments);
        if (arguments.Failed)
            return null;
        if (operation is DropoutOperation dropout)
            operation = dropout with { Stream = _dropouts++ };
        if (arguments.Text("from") is { } from)
        {
            if (!_byName.TryGetValue(from, out Node? source))
                return UnknownName(layer, from);
            current = source.Output;
        }

        if (Name(arguments, operation, layer) is not { } name)
            return null;
        Shape input = _values[current].Shape;
        var place = new LayerPlace(layer, $"{operation.Title} '{name}'", Chain(current), _issues);
        if (operation is LossOperation loss)
            operation = loss.For(input, Producer(current)?.Operation, place);
        else if (operation is SoftmaxOperation && Producer(current)?.Operation is SoftmaxOperation)
            _issues.OnLayer(Rules.SoftmaxTwice, layer, place.Title);
        if (operation.Infer(input, place) is not { } shape)
            return null;
        if (shape.Elements > ElementLimit)
        {
            place.TooLarge($"gives {shape} = {Count(shape.Elements)} elements per sample");
            return null;
        }

        return AddNode(operation, name, current, shape, place);
    }

    private Node? AddNode(Operation operation, string name, int current, Shape shape, LayerPlace place)
    {
        int output = operation is LossOperation ? -1 : Add(shape);
        var node = new Node(_nodes.Count, name, operation, new[] { current }.ToEquatableArray(), output);
        _nodes.Add(node);
        _layerOfNode.Add(place.Layer);
        _byName[name] = node;
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

    private string? Name(LayerArguments arguments, Operation operation, int layer)
    {
        _counters.TryGetValue(operation.BaseName, out int count);
        _counters[operation.BaseName] = count + 1;
        string name = arguments.Text("name") ?? $"{operation.BaseName}_{count + 1}";
        if (!IsName(name))
        {
            arguments.OutOfRange("name", $"'{name}'", "a letter followed by letters, digits and underscores");
            return null;
        }

        if (!_byName.ContainsKey(name))
            return name;
        _issues.OnArgument(Rules.DuplicateName, layer, "name", name);
        return null;
    }

    /// <summary>Names become members in C# and keys in files.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= 100 && IsLetter(name[0]) && name.All(c => IsLetter(c) || c is >= '0' and <= '9' or '_');

    private static bool IsLetter(char c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z';

    private Node? UnknownName(int layer, string name)
    {
        string? close = _byName.Keys.OrderBy(known => Spelling.Distance(known, name)).ThenBy(known => known, StringComparer.Ordinal).FirstOrDefault();
        string hint = close is not null && Spelling.Distance(close, name) <= Math.Max(2, name.Length / 3) ? $"; did you mean '{close}'?" : "";
        _issues.OnArgument(Rules.UnknownName, layer, "from", name, hint);
        return null;
    }

    private void ReportDeadLayers()
    {
        var read = new HashSet<int>(_nodes.SelectMany(node => node.Inputs));
        foreach (Node node in _nodes)
        {
            if (node.Output >= 0 && !read.Contains(node.Output))
                _issues.OnLayer(Rules.DeadLayer, _layerOfNode[node.Id], $"{node.Operation.Title} '{node.Name}'");
        }
    }

    private int Add(Shape shape)
    {
        _values.Add(new Value(_values.Count, shape));
        return _values.Count - 1;
    }

    private Node? Producer(int value) => _nodes.FirstOrDefault(node => node.Output == value);

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
