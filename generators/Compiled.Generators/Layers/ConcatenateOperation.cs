using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Values one after the other along an axis, counted from 0 without the batch.</summary>
internal sealed record ConcatenateOperation(int Axis) : Operation
{
    public override string Title => "Concatenate";

    public override string BaseName => "concatenate";

    public override string Canonical => $"{Title} along axis {Axis + 1}";

    public static Operation Read(LayerArguments arguments)
    {
        JoinCode.RequireInputs(arguments);
        long axis = arguments.Integer("axis", -1), rank = arguments.Input.Rank;
        long counted = axis < 0 ? axis + rank + 1 : axis; // with the batch, as in Keras
        if (counted >= 1 && counted <= rank)
            return new ConcatenateOperation((int)counted - 1);
        arguments.OutOfRange("axis", $"{axis}", $"-1 or from 1 to {rank} for values of {arguments.Input}: 0 is the batch");
        return new ConcatenateOperation((int)rank - 1);
    }

    public override Shape? Infer(EquatableArray<Shape> inputs, LayerPlace place)
    {
        Shape first = inputs[0];
        if (inputs.Any(input => input.Rank != first.Rank || Enumerable.Range(0, first.Rank).Any(i => i != Axis && input.Extents[i] != first.Extents[i])))
        {
            return place.JoinMismatch(
                inputs, "joins values that differ along its axis at most",
                "crop, pad or up-sample one of the branches so that the other extents are equal");
        }

        long[] extents = first.Extents.ToArray();
        extents[Axis] = inputs.Sum(input => input.Extents[Axis]);
        return new Shape(extents);
    }

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        long outer = Product(stage.LogicalOutput.Extents.Take(Axis));
        IEnumerable<string> lengths = stage.Inputs.Select((input, i) => $"length_{i} = {Product(input.Extents.Skip(Axis))},");
        writer.Line($"{stage.Field} = Create(cn_concatenate_create, new cn_concatenate_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"outer = {outer}, {string.Join(" ", lengths)}");
        JoinCode.WriteInputs(writer, stage);
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_concatenate_forward", stage.Field, JoinCode.Arguments("x", stage.Offsets.X), $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new("cn_concatenate_backward", stage.Field, $"dy: {stage.Dy}", JoinCode.Arguments("dx", stage.Offsets.Dx));

    private static long Product(IEnumerable<long> extents) => extents.Aggregate(1L, Shape.Multiply);
}
