using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// A network as values and the nodes between them, in SSA form: every value has one producer, which stands before its consumers, and any
/// number of consumers. From every node a way leads to the loss. Nothing here knows of attributes.
/// </summary>
/// <param name="Values">The values, by number.</param>
/// <param name="Nodes">The layers in order; the last one is the loss.</param>
/// <param name="Parameters">The weights, in the order of their layers.</param>
/// <param name="Input">The value that a sample is.</param>
/// <param name="Output">The value that a prediction is.</param>
internal sealed record Graph(
    EquatableArray<Value> Values, EquatableArray<Node> Nodes, EquatableArray<Parameter> Parameters, int Input, int Output)
{
    public Node Loss => Nodes.Last;

    /// <summary>The values that the loss depends on. No other one is computed, in any pass.</summary>
    public HashSet<int> ValuesBeforeLoss()
    {
        var values = new HashSet<int> { Loss.Input };
        foreach (Node node in Nodes.Reverse().Where(node => values.Contains(node.Output)))
            values.UnionWith(node.Inputs);
        return values;
    }
}

/// <summary>A tensor per sample.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Shape">Its logical shape.</param>
internal sealed record Value(int Id, Shape Shape);

/// <summary>A layer.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Operation">What it does.</param>
/// <param name="Inputs">The values it reads.</param>
/// <param name="Output">The value it makes; -1 for the loss.</param>
internal sealed record Node(int Id, string Name, Operation Operation, EquatableArray<int> Inputs, int Output)
{
    /// <summary>The value it reads, of a layer that reads one.</summary>
    public int Input => Inputs.Count == 1 ? Inputs[0] : throw new System.InvalidOperationException($"'{Name}' reads {Inputs.Count} values.");
}

/// <summary>A trainable tensor.</summary>
/// <param name="Node">The layer it belongs to.</param>
/// <param name="Name">Its name in files.</param>
/// <param name="Spec">Its shape and how it starts.</param>
internal sealed record Parameter(int Node, string Name, ParameterSpec Spec);

/// <summary>A trainable tensor as a layer asks for it.</summary>
/// <param name="Name">Its name within the layer.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Initializer">A member of Compiled.Initializer.</param>
/// <param name="FanIn">Inputs of one unit.</param>
/// <param name="FanOut">Units of one input.</param>
internal sealed record ParameterSpec(string Name, Shape Shape, string Initializer, long FanIn, long FanOut);
