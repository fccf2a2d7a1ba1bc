using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of all activations, with default and other parameters.</summary>
public sealed class ActivationGradientTests
{
    // Wherever an activation has a corner, with the parameters drawn here.
    private static readonly double[] Corners = [-3, -2.5, -1, -0.7, -0.5, 0, 0.3, 0.5, 0.7, 1, 1.7, 2.5, 3];

    public static TheoryData<string> Names => new(ActivationRule.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Activation(string name) => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Bool).Sample(
        drawn =>
        {
            (int rows, int columns, int half, bool plain) = drawn;
            var activation = new ActivationRule(name);
            if (!plain)
                activation = activation with { Alpha = 0.7, MaxValue = 1.7, Threshold = 0.3, Value = -2 };
            Tensor x = Draw.Reals(half, rows, columns, 2 * half).Map(value => AwayFromCorners(3.5 * value));
            Tensor dy = Draw.Reals(9, activation.Forward(x).Shape);
            FiniteDifference.ExpectOp(() => activation.Forward(x), dy, x, activation.Backward(x, dy));
        },
        20);

    [Theory]
    [InlineData("linear")]
    [InlineData("relu")]
    [InlineData("sigmoid")]
    [InlineData("tanh")]
    [InlineData("softmax")]
    public void From_the_output_alone(string name)
    {
        Tensor x = Draw.Reals(1, 4, 6), dy = Draw.Reals(2, 4, 6);
        FiniteDifference.ExpectOp(() => Activations.Forward(name, x), dy, x, Activations.Backward(name, Activations.Forward(name, x), dy));
    }

    private static double AwayFromCorners(double x) => Corners.Any(corner => Math.Abs(x - corner) < 1e-4) ? x + 1e-3 : x;
}
