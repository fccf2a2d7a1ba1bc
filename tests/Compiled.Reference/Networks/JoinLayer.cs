namespace Compiled.Reference;

/// <summary>A layer that reads several values.</summary>
public abstract record JoinLayer : Layer
{
    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => input;
}

/// <summary>The sum of values of one shape.</summary>
public sealed record AddLayer : JoinLayer
{
    public override string Attribute => "Add";
}

/// <summary>Values behind one another.</summary>
/// <param name="Axis">The axis, the batch being 0; -1 for the last one.</param>
public sealed record ConcatenateLayer(int Axis = -1) : JoinLayer
{
    public override string Attribute => "Concatenate";

    public override IEnumerable<string> Arguments => [$"Axis = {Axis}"];

    public override IReadOnlyList<int> Infer(IReadOnlyList<IReadOnlyList<int>> inputs)
    {
        int[] shape = [.. inputs[0]];
        shape[AxisOf(shape.Length)] = inputs.Sum(input => input[AxisOf(shape.Length)]);
        return shape;
    }

    /// <summary>The axis of a sample, from 0.</summary>
    public int AxisOf(int rank) => Axis < 0 ? rank + Axis : Axis - 1;
}
