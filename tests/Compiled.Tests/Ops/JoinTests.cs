using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Sums and concatenations over drawn shapes, against the reference; an input may stand at several places.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class JoinTests
{
    private static readonly Gen<int> Extent = Gen.Frequency((4, Gen.Int[1, 6]), (1, Gen.OneOf(8, 16, 17, 33)));

    /// <summary>Which tensor stands at each place.</summary>
    private static readonly Gen<int[]> Places =
        Gen.Int[0, 4].Array[2, 4].Select(places => places.Select((place, i) => place < i ? place : i).ToArray());

    private static readonly Gen<Join> Sums =
        from places in Places
        from shape in Extent.Array[1, 4]
        from activation in Draw.Endings
        from accumulates in Gen.Bool
        select new Join([.. places.Select(_ => shape)], places, 0, activation, accumulates);

    private static readonly Gen<Join> Concatenations =
        from places in Places
        from shape in Extent.Array[2, 4]
        from axis in Gen.Int[1, shape.Length - 1]
        from lengths in Extent.Array[places.Length]
        from accumulates in Gen.Bool
        select new Join(
            [.. places.Select(place => shape.Select((extent, i) => i == axis ? lengths[place] : extent).ToArray())], places, axis, "linear",
            accumulates);

    [Fact]
    public void Integers_are_added_exactly() => Sums.Where(join => join.Activation is "linear" or "relu").OnEachTarget((context, who, join) =>
    {
        Tensor[] inputs = join.Inputs(Draw.Integers);
        Tensor sum = Joins.Add(inputs), dy = Draw.Integers(9, sum.Shape);
        (float[] y, float[][] dx) = JoinKernels.Add(context, join.Activation, inputs, dy, join.Before(inputs));
        Compare.Same($"{who} y", Compare.PlainZeros(join.Rule.Forward(sum).ToFloats()), Compare.PlainZeros(y));
        Tensor slope = join.Rule.Backward(sum, dy);
        RequireSame(who, join.Total(inputs, [.. inputs.Select(_ => slope)]), dx);
    });

    [Fact]
    public void A_sum_and_its_activation_are_those_of_the_reference() => Sums.OnEachTarget((context, who, join) =>
    {
        Tensor[] inputs = join.Inputs(Draw.Reals);
        Tensor sum = Joins.Add(inputs), dy = Draw.Reals(9, sum.Shape);
        (float[] output, float[][] dx) = JoinKernels.Add(context, join.Activation, inputs, dy, join.Before(inputs));
        Compare.Close($"{who} y", join.Rule.Forward(sum).Values, output, 2e-6, 1e-6);
        Tensor slope = join.Rule.Backward(sum, dy);
        Tensor[] expected = join.Total(inputs, [.. inputs.Select(_ => slope)]);
        for (int i = 0; i < inputs.Length; i++)
            Compare.Close($"{who} dx {i}", expected[i].Values, dx[i], 1e-5, 1e-6);
    });

    [Fact]
    public void A_concatenation_moves_every_element() => Concatenations.OnEachTarget((context, who, join) =>
    {
        Tensor[] inputs = join.Inputs(Draw.Integers);
        Tensor y = Joins.Concatenate(join.Axis, inputs), dy = Draw.Integers(9, y.Shape);
        (float[] output, float[][] dx) = JoinKernels.Concatenate(context, join.Axis, inputs, dy, join.Before(inputs));
        Compare.Same($"{who} y", y.ToFloats(), output);
        RequireSame(who, join.Total(inputs, Joins.ConcatenateBackward(join.Axis, dy, [.. inputs.Select(x => x.Shape)])), dx);
    });

    private static void RequireSame(string who, Tensor[] expected, float[][] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            Compare.Same($"{who} dx {i}", Compare.PlainZeros(expected[i].ToFloats()), Compare.PlainZeros(actual[i]));
    }

    /// <param name="Shapes">Of each input, the batch among its extents.</param>
    /// <param name="Places">Which tensor stands at each place.</param>
    /// <param name="Axis">Where they are joined.</param>
    /// <param name="Activation">What follows a sum.</param>
    /// <param name="Accumulates">Whether gradients are added to what is there.</param>
    private sealed record Join(int[][] Shapes, int[] Places, int Axis, string Activation, bool Accumulates)
    {
        public ActivationRule Rule => new(Activation);

        public Tensor[] Inputs(Func<int, IReadOnlyList<int>, Tensor> draw)
        {
            Tensor[] distinct = [.. Shapes.Select((shape, i) => draw(i, shape))];
            return [.. Places.Select(place => distinct[place])];
        }

        /// <summary>What gradients are added to; null where they are written over.</summary>
        public Tensor[]? Before(Tensor[] inputs) =>
            Accumulates ? [.. inputs.Select((input, i) => Draw.Integers(20 + Places[i], input.Shape))] : null;

        /// <summary>The gradient of the tensor at each place, over all places where it stands.</summary>
        public Tensor[] Total(Tensor[] inputs, IReadOnlyList<Tensor> gradients)
        {
            Tensor[] before = Before(inputs) ?? [.. inputs.Select(input => new Tensor(input.Shape))];
            return
            [
                .. Places.Select((place, i) => gradients.Where((_, other) => Places[other] == place).Prepend(before[i])
                    .Aggregate((sum, gradient) => sum.Zip(gradient, (a, b) => a + b))),
            ];
        }

        public override string ToString() =>
            $"{string.Join(", ", Shapes.Select(shape => string.Join('×', shape)))} at {string.Join(' ', Places)} along {Axis}, {Activation}, {Accumulates}";
    }
}
