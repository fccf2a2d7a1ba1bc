using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of normalizations, with and without scale and shift.</summary>
public sealed class NormalizationGradientTests
{
    private static readonly Gen<(int[] Shape, bool Scale, bool Center, double Epsilon)> Cases =
        from rank in Gen.Int[2, 4]
        from batch in Gen.Int[2, 4]
        from rest in Gen.Int[1, 3].Array[3]
        from scale in Gen.Bool
        from center in Gen.Bool
        from fine in Gen.Bool
        select ((int[])[batch, .. rest.Take(rank - 1)], scale, center, fine ? 1e-5 : 1e-3);

    [Fact]
    public void BatchNormalization_in_training() => Cases.Sample(
        drawn =>
        {
            (Tensor x, Tensor? gamma, Tensor? beta) = Inputs(drawn, drawn.Shape[^1..]);
            Expect(
                () => BatchNormalization.Train(x, gamma, beta, drawn.Epsilon).Y,
                dy => BatchNormalization.TrainBackward(x, gamma, dy, drawn.Epsilon), x, gamma, beta);
        },
        40);

    [Fact]
    public void BatchNormalization_with_given_statistics() => Cases.Sample(
        drawn =>
        {
            (Tensor x, Tensor? gamma, Tensor? beta) = Inputs(drawn, drawn.Shape[^1..]);
            Tensor mean = Draw.Reals(4, x.Last), variance = Draw.Reals(5, x.Last).Map(value => value + 1.1);
            Expect(
                () => BatchNormalization.Infer(x, gamma, beta, mean, variance, drawn.Epsilon),
                dy => BatchNormalization.InferBackward(x, gamma, mean, variance, dy, drawn.Epsilon), x, gamma, beta);
        },
        40);

    [Fact]
    public void LayerNormalization_over_the_last_axes() => Gen.Select(Cases, Gen.Int[1, 3]).Sample(
        drawn =>
        {
            int axes = Math.Min(drawn.Item2, drawn.Item1.Shape.Length - 1);
            (Tensor x, Tensor? gamma, Tensor? beta) = Inputs(drawn.Item1, drawn.Item1.Shape[^axes..]);
            Expect(
                () => LayerNormalization.Forward(x, gamma, beta, drawn.Item1.Epsilon, axes),
                dy => LayerNormalization.Backward(x, gamma, dy, drawn.Item1.Epsilon, axes), x, gamma, beta);
        },
        40);

    private static (Tensor X, Tensor? Gamma, Tensor? Beta) Inputs(
        (int[] Shape, bool Scale, bool Center, double Epsilon) drawn, int[] parameters) =>
        (Draw.Reals(1, drawn.Shape), drawn.Scale ? Draw.Reals(2, parameters) : null, drawn.Center ? Draw.Reals(3, parameters) : null);

    private static void Expect(
        Func<Tensor> forward, Func<Tensor, (Tensor Dx, Tensor Dgamma, Tensor Dbeta)> backward, Tensor x, Tensor? gamma, Tensor? beta)
    {
        Tensor dy = Draw.Reals(9, x.Shape);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = backward(dy);
        FiniteDifference.ExpectOp(forward, dy, x, dx);
        if (gamma is not null)
            FiniteDifference.ExpectOp(forward, dy, gamma, dgamma);
        if (beta is not null)
            FiniteDifference.ExpectOp(forward, dy, beta, dbeta);
    }
}
