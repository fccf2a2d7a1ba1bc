using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// A network as values and the nodes between them, in SSA form: every value has one producer, which stands before its consumers, and any
/// number of consumers. From every node a way leads to the loss. Nothing here knows of attributes.
/// </summary>
/// <param name="Values">The values, by number.</param>
/// <param name="Nodes">The layers in order; the last one is the loss.</param>
/// <param name="Parameters">The weights, in the order of their layers; those that training changes by itself among them.</param>
/// <param name="Input">The value that a sample is.</param>
/// <param name="Output">The value that a prediction is.</param>
internal sealed record Graph(
    EquatableArray<Value> Values, EquatableArray<Node> Nodes, EquatableArray<Parameter> Parameters, int Input, int Output)
{
    public Node Loss => Nodes.Last;

    /// <summary>What is reported beside the loss.</summary>
    public EquatableArray<Metric> Metrics { get; init; }

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

/// <summary>A layer, or a part of one that does several things.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Layer">The name of the layer.</param>
/// <param name="Part">What distinguishes it from the other parts of its layer; empty for the first.</param>
/// <param name="Operation">What it does.</param>
/// <param name="Inputs">The values it reads.</param>
/// <param name="Output">The value it makes; -1 for the loss.</param>
internal sealed record Node(int Id, string Layer, string Part, Operation Operation, EquatableArray<int> Inputs, int Output)
{
    /// <summary>A name that no other node has.</summary>
    public string Name => Part.Length == 0 ? Layer : $"{Layer}/{Part}";

    /// <summary>The value it reads first.</summary>
    public int Input => Inputs[0];
}

/// <summary>A tensor that a model keeps from step to step.</summary>
/// <param name="Node">The node it belongs to.</param>
/// <param name="Name">Its name in files.</param>
/// <param name="Spec">Its shape and how it starts.</param>
internal sealed record Parameter(int Node, string Name, ParameterSpec Spec);

/// <summary>A tensor that a model keeps, as a layer asks for it.</summary>
/// <param name="Name">Its name within the layer.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Initializer">A member of Compiled.Initializer.</param>
/// <param name="FanIn">Inputs of one unit.</param>
/// <param name="FanOut">Units of one input.</param>
internal sealed record ParameterSpec(string Name, Shape Shape, string Initializer, long FanIn, long FanOut)
{
    /// <summary>Whether the optimizer changes it.</summary>
    public bool Trainable { get; init; } = true;

    /// <summary>The parameter of the initializer; null for its default.</summary>
    public double? InitializerValue { get; init; }

    /// <summary>What the sum of its magnitudes counts in the loss.</summary>
    public double L1 { get; init; }

    /// <summary>What the sum of its squares counts in the loss.</summary>
    public double L2 { get; init; }

    /// <summary>What it is made to be after each update; null where it may be anything.</summary>
    public ConstraintSpec? Constraint { get; init; }

    /// <summary>Whether it adds to the loss.</summary>
    public bool HasPenalty => L1 > 0 || L2 > 0;
}

/// <summary>What a weight is made to be after each update.</summary>
/// <param name="Kind">A member of Compiled.Constraint.</param>
/// <param name="Minimum">The least norm.</param>
/// <param name="Maximum">The largest norm.</param>
/// <param name="Rate">How far a norm that is out of its range moves into it.</param>
internal sealed record ConstraintSpec(string Kind, double Minimum = 0, double Maximum = 0, double Rate = 0);
