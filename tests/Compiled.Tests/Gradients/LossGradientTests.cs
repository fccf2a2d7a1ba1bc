using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of all losses, with weights, smoothing and logits.</summary>
public sealed class LossGradientTests
{
    public static TheoryData<string> Names => new(Losses.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Loss(string name) => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[2, 5], Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample(
        drawn =>
        {
            (int samples, int positions, int classes, int weights, bool fromLogits, bool smooth) = drawn;
            fromLogits &= name.EndsWith("crossentropy", StringComparison.Ordinal);
            Tensor prediction =
                Draw.Reals(1, samples, positions, classes).Map(value => fromLogits || IsOfReals(name) ? 2 * value : 0.5 + (value / 2.2));
            Tensor target = Target(name, samples, positions, classes);
            double[]? sampleWeights =
                weights == 0 ? null : [.. Draw.Reals(4, weights == 1 ? samples : samples * positions).Values.Select(Math.Abs)];
            var options = new LossOptions(
                fromLogits, smooth ? 0.2 : 0, Delta: 0.6, sampleWeights, Gamma: 1.7, Alpha: 0.3, Balance: smooth, Beta: 0.8, PerSample: smooth,
                IgnoredClass: smooth && name.StartsWith("sparse", StringComparison.Ordinal) ? 1 : null);
            FiniteDifference.Expect(
                () => Losses.Mean(Losses.Evaluate(name, target, prediction, options).Values, sampleWeights), prediction,
                Losses.Evaluate(name, target, prediction, options).Gradient);
        },
        30);

    [Theory]
    [InlineData("binary_crossentropy")]
    [InlineData("categorical_crossentropy")]
    [InlineData("sparse_categorical_crossentropy")]
    public void Nothing_flows_back_from_a_clipped_probability(string name)
    {
        Tensor prediction = new([1, 2], [1e-9, 1 - 1e-9]);
        Tensor target = name.StartsWith("sparse", StringComparison.Ordinal) ? new([1], [0]) : new([1, 2], [1, 0]);
        (double[] values, Tensor gradient) = Losses.Evaluate(name, target, prediction, fromLogits: false);
        Assert.InRange(values[0], 15.9, 16.2);
        Assert.All(gradient.Values, slope => Assert.Equal(0, slope));
    }

    private static bool IsOfReals(string name) => name.Contains("hinge", StringComparison.Ordinal) || name is
        "mean_squared_error" or "mean_absolute_error" or "mean_absolute_percentage_error" or "logcosh" or "huber" or "cosine_similarity";

    private static Tensor Target(string name, int samples, int positions, int classes)
    {
        Tensor reals = Draw.Reals(2, samples, positions, classes);
        return name switch
        {
            "sparse_categorical_crossentropy" => Draw.Reals(3, samples, positions).Map(value => Math.Floor((value + 1) / 2 * classes)),
            "categorical_crossentropy" or "categorical_focal_crossentropy" or "kullback_leibler_divergence" or "categorical_hinge" =>
                Activations.Forward("softmax", reals),
            "hinge" or "squared_hinge" or "binary_crossentropy" or "binary_focal_crossentropy" => reals.Map(value => value > 0 ? 1 : 0),
            _ when IsOfReals(name) => reals.Map(value => value + (0.1 * Math.Sign(value))),
            _ => reals.Map(value => 0.5 + (value / 2.2)),
        };
    }
}
