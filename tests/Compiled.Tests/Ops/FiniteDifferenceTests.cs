using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The gradients of the reference, held against central differences of its own forward passes, in double.</summary>
public sealed class FiniteDifferenceTests
{
    private const double Step = 1e-5;

    [Fact]
    public void Convolution() => Gen.Select(Draw.Windows, Gen.Int[3, 6], Gen.Int[1, 3], Gen.Int[1, 3]).Where(drawn =>
        drawn.Item1.OutputHeight(drawn.Item2) >= 1 && drawn.Item1.OutputWidth(drawn.Item2) >= 1).Sample(
        drawn =>
        {
            (Window2D window, int extent, int channels, int filters) = drawn;
            Tensor x = Draw.Reals(1, 2, extent, extent, channels), kernel = Draw.Reals(2, window.Height, window.Width, channels, filters);
            Tensor bias = Draw.Reals(3, filters), dy = Draw.Reals(4, Compiled.Reference.Convolution.Forward(x, kernel, bias, window).Shape);
            double Value() => Dot(Compiled.Reference.Convolution.Forward(x, kernel, bias, window), dy);
            (Tensor dx, Tensor dkernel, Tensor dbias) = Compiled.Reference.Convolution.Backward(x, kernel, dy, window);
            Expect(Value, x, dx);
            Expect(Value, kernel, dkernel);
            Expect(Value, bias, dbias);
        },
        30);

    [Fact]
    public void Dense()
    {
        Tensor x = Draw.Reals(1, 3, 5), kernel = Draw.Reals(2, 5, 4), bias = Draw.Reals(3, 4), dy = Draw.Reals(4, 3, 4);
        double Value() => Dot(FullyConnected.Forward(x, kernel, bias), dy);
        (Tensor dx, Tensor dkernel, Tensor dbias) = FullyConnected.Backward(x, kernel, dy);
        Expect(Value, x, dx);
        Expect(Value, kernel, dkernel);
        Expect(Value, bias, dbias);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("relu")]
    [InlineData("sigmoid")]
    [InlineData("tanh")]
    [InlineData("softmax")]
    public void Activation(string name)
    {
        Tensor x = Draw.Reals(1, 4, 6), dy = Draw.Reals(2, 4, 6);
        Expect(() => Dot(Activations.Forward(name, x), dy), x, Activations.Backward(name, Activations.Forward(name, x), dy));
    }

    [Fact]
    public void Max_pooling()
    {
        var window = new Window2D(3, 2, 2, 1, Same: true);
        Tensor x = Draw.Reals(1, 2, 5, 6, 3), dy = Draw.Reals(2, MaxPooling.Forward(x, window).Shape);
        Expect(() => Dot(MaxPooling.Forward(x, window), dy), x, MaxPooling.Backward(x, dy, window));
    }

    [Theory]
    [InlineData("mean_squared_error", false)]
    [InlineData("categorical_crossentropy", false)]
    [InlineData("categorical_crossentropy", true)]
    [InlineData("sparse_categorical_crossentropy", false)]
    [InlineData("sparse_categorical_crossentropy", true)]
    public void Loss(string name, bool fromLogits)
    {
        Tensor prediction = Draw.Reals(1, 4, 5).Map(value => fromLogits ? value : (value + 1.5) / 5);
        Tensor target = name == "sparse_categorical_crossentropy" ? new Tensor([4], [0, 3, 4, 1]) : Activations.Forward("softmax", Draw.Reals(2, 4, 5));
        Expect(() => Losses.Evaluate(name, target, prediction, fromLogits).Values.Average(), prediction,
            Losses.Evaluate(name, target, prediction, fromLogits).Gradient);
    }

    private static double Dot(Tensor a, Tensor b) => a.Values.Zip(b.Values, (x, y) => x * y).Sum();

    private static void Expect(Func<double> value, Tensor variable, Tensor gradient)
    {
        for (int i = 0; i < variable.Count; i++)
        {
            double before = variable.Values[i];
            variable.Values[i] = before + Step;
            double above = value();
            variable.Values[i] = before - Step;
            double below = value();
            variable.Values[i] = before;
            Assert.Equal((above - below) / (2 * Step), gradient.Values[i], 1e-7 * Math.Max(1, Math.Abs(gradient.Values[i])) * 10);
        }
    }
}
