using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A graph while it is built, value by value and node by node; the first value is the input.</summary>
internal sealed class GraphAssembly
{
    /// <summary>The most elements of a value or a weight.</summary>
    public const long ElementLimit = int.MaxValue;

    private readonly List<Value> _values = [];
    private readonly List<Node> _nodes = [];
    private readonly List<Parameter> _parameters = [];

    public Shape ShapeOf(int value) => _values[value].Shape;

    /// <summary>The layer that makes a value; null for the input.</summary>
    public Node? Producer(int value) => value == 0 ? null : _nodes[value - 1];

    public int AddValue(Shape shape)
    {
        _values.Add(new Value(_values.Count, shape));
        return _values.Count - 1;
    }

    public Node AddNode(
        Operation operation, string layer, string part, List<int> inputs, Shape shape, EquatableArray<ParameterSpec> parameters)
    {
        int output = operation is LossOperation ? -1 : AddValue(shape);
        var node = new Node(_nodes.Count, layer, part, operation, inputs.ToEquatableArray(), output);
        _nodes.Add(node);
        _parameters.AddRange(parameters.Select(parameter => new Parameter(node.Id, $"{layer}/{parameter.Name}", parameter)));
        return node;
    }

    /// <summary>The graph; its last node is the loss.</summary>
    public Graph ToGraph() => new(
        _values.ToEquatableArray(), _nodes.ToEquatableArray(), _parameters.ToEquatableArray(), Input: 0, Output: _nodes[_nodes.Count - 1].Input);

    /// <summary>The layers and shapes that led to a value; only the last of a long network.</summary>
    public string Chain(int value)
    {
        const int Shown = 8;
        var steps = new List<string>();
        for (Node? node = Producer(value); node is not null; node = Producer(node.Input))
            steps.Add($"{node.Name} {_values[node.Output].Shape}");
        steps.Add($"input {_values[0].Shape}");
        steps.Reverse();
        return (steps.Count > Shown ? "… → " : "") + string.Join(" → ", steps.Skip(steps.Count - Shown));
    }

    public static string Count(long elements) =>
        elements == long.MaxValue ? "more than 9e18" : elements.ToString("N0", CultureInfo.InvariantCulture);
}
