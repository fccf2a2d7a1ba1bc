using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Layer normalization over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class LayerNormalizationTests
{
    [Fact]
    public void Positions_are_normalized_as_in_the_reference() => Cases.OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, bool useScale, bool useCenter, bool accumulates, double epsilon) = drawn;
        Tensor x = Draw.Reals(1, shape), dy = Draw.Reals(2, shape);
        Tensor? gamma = useScale ? Draw.Reals(3, shape[^1]) : null, beta = useCenter ? Draw.Reals(4, shape[^1]) : null;
        Tensor? before = accumulates ? Draw.Reals(5, shape) : null;
        Tensor y = LayerNormalization.Forward(x, gamma, beta, epsilon, axes: 1);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = LayerNormalization.Backward(x, gamma, dy, epsilon, axes: 1);
        dx = before is null ? dx : dx.Zip(before, (a, b) => a + b);
        var actual = NormalizationKernels.NormalizeLayer(context, x, gamma, beta, epsilon, dy, before);
        // A position that spreads little makes errors larger, as 1 / (variance + ε).
        double larger = x.Rows().Max(row => 1 / (row.Select(value => Math.Pow(value - row.Average(), 2)).Average() + epsilon));
        Compare.Same($"{who} prediction", actual.Y, actual.Prediction);
        Compare.Close($"{who} y", y.Values, actual.Y, 1e-5, 1e-6 * larger);
        Compare.Close($"{who} dx", dx.Values, actual.Dx, 1e-5, 1e-6 * larger);
        Compare.Close($"{who} dgamma", gamma is null ? [] : dgamma.Values, actual.Dgamma, 1e-5, 1e-6 * larger);
        Compare.Close($"{who} dbeta", beta is null ? [] : dbeta.Values, actual.Dbeta, 1e-5, 1e-6);
    });

    /// <summary>Half of the values of a position are one deviation above their mean, half one below: all results are short binary fractions.</summary>
    [Fact]
    public void Whole_deviations_come_out_nearly_exact() => Cases.OnEachTarget((context, who, drawn) =>
    {
        int positions = drawn.Shape[0] * drawn.Shape[1], features = 1 << (drawn.Shape[2] % 6 + 1);
        int[] shape = [drawn.Shape[0], drawn.Shape[1], features];
        Tensor centers = Draw.Integers(1, positions), deviations = Draw.Integers(2, positions).Map(value => Math.Pow(2, Math.Abs(value) - 1));
        var x = new Tensor(shape, [.. Enumerable.Range(0, positions * features).Select(
            i => centers.Values[i / features] + (((i + (i / features)) % 2 == 0 ? 1 : -1) * deviations.Values[i / features]))]);
        Tensor gamma = Draw.Integers(3, features), beta = Draw.Integers(4, features), dy = Draw.Integers(5, shape);
        Tensor y = LayerNormalization.Forward(x, gamma, beta, 0, axes: 1);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = LayerNormalization.Backward(x, gamma, dy, 0, axes: 1);
        var actual = NormalizationKernels.NormalizeLayer(context, x, gamma, beta, 0, dy);
        Compare.Close($"{who} y", y.Values, actual.Y, 5e-7, 5e-7);
        Compare.Close($"{who} dx", dx.Values, actual.Dx, 1e-6, 1e-6);
        Compare.Close($"{who} dgamma", dgamma.Values, actual.Dgamma, 1e-6, 1e-6);
        Compare.Same($"{who} dbeta", Compare.PlainZeros(dbeta.ToFloats()), Compare.PlainZeros(actual.Dbeta));
    });

    private static readonly Gen<(int[] Shape, bool UseScale, bool UseCenter, bool Accumulates, double Epsilon)> Cases =
        from batch in Gen.Int[1, 4]
        from positions in Gen.Int[1, 12]
        from features in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 31, 33, 64, 100))
        from flags in Gen.Bool.Array[3]
        from epsilon in Gen.OneOf(0.001, 0.1)
        select (new[] { batch, positions, features }, flags[0], flags[1], flags[2], epsilon);
}
