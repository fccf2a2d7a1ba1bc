using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Activations, softmax, pooling and dropout alone, over drawn shapes, against the reference.</summary>
public sealed class ElementwiseTests
{
    [Theory]
    [InlineData("linear")]
    [InlineData("relu")]
    [InlineData("sigmoid")]
    [InlineData("tanh")]
    [InlineData("softmax")]
    public void Activations_are_those_of_the_reference(string name) => Gen.Select(Gen.Int[1, 5], Gen.Int[1, 70], Gen.OneOf(1.0, 30.0)).Sample(
        drawn =>
        {
            (int rows, int columns, double scale) = drawn;
            Tensor x = Draw.Reals(rows, rows, columns).Map(value => value * scale), dy = Draw.Reals(columns, rows, columns);
            x = Tensor.Of(x.Shape, x.ToFloats());
            Tensor y = Activations.Forward(name, x);
            LayerGolden.OnEachTarget((context, who) =>
            {
                (float[] output, float[] dx) = Kernels.Activate(context, name, x, dy);
                Compare.Close($"{who} y", y.Values, output, 2e-6, 1e-6);
                Compare.Close($"{who} dx", Activations.Backward(name, y, dy).Values, dx, 1e-5, 1e-6);
            });
        },
        60);

    [Fact]
    public void Max_pooling_is_that_of_the_reference() =>
        Gen.Select(Draw.Windows, Gen.Int[1, 9], Gen.Int[1, 9], Gen.OneOf(1, 3, 4, 8, 17, 33)).Where(drawn =>
            drawn.Item1.OutputHeight(drawn.Item2) >= 1 && drawn.Item1.OutputWidth(drawn.Item3) >= 1).Sample(
            drawn =>
            {
                (Window2D window, int height, int width, int channels) = drawn;
                // Integers, so that windows hold equal maxima and the first one must win.
                Tensor x = Draw.Integers(1, 2, height, width, channels);
                Tensor dy = Draw.Integers(2, 2, window.OutputHeight(height), window.OutputWidth(width), channels);
                LayerGolden.OnEachTarget((context, who) =>
                {
                    (float[] y, float[] dx) = Kernels.Pool(context, x, dy, window);
                    Compare.Same($"{who} y", MaxPooling.Forward(x, window).ToFloats(), y);
                    Compare.Same($"{who} dx", MaxPooling.Backward(x, dy, window).ToFloats(), dx);
                });
            },
            150);

    [Fact]
    public void Dropout_draws_the_documented_mask() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 300], Gen.OneOf(0.1, 0.25, 0.5, 0.99), Gen.UInt[0, 0xFFFF]).Sample(
        drawn =>
        {
            (int rows, int columns, double rate, uint stream) = drawn;
            const ulong Seed = 0xDEADBEEF12345678, Step = (1UL << 32) + 17;
            Tensor x = Draw.Reals(1, rows, columns), dy = Draw.Reals(2, rows, columns);
            bool[] kept = Masks.Draw(x.Count, rate, element => Philox.Word(Seed, stream, Step, (ulong)element));
            LayerGolden.OnEachTarget((context, who) =>
            {
                context.SetState(rows, Seed, Step);
                (float[] y, float[] dx) = Kernels.Drop(context, x, dy, rate, stream);
                Compare.Close($"{who} y", Masks.Apply(x, kept, rate).Values, y, 2e-7, 0);
                Compare.Close($"{who} dx", Masks.Apply(dy, kept, rate).Values, dx, 2e-7, 0);
            });
        },
        60);

    [Fact]
    public void Dropout_drops_the_asked_part()
    {
        const int Count = 200_000;
        using var context = new NativeContext();
        context.SetState(1, seed: 3);
        Tensor ones = new Tensor([1, Count]).Map(_ => 1);
        (float[] y, _) = Kernels.Drop(context, ones, ones, 0.25, stream: 0);
        // Five standard deviations of a fair draw.
        Assert.InRange(y.Count(value => value == 0) / (double)Count, 0.25 - 0.005, 0.25 + 0.005);
        Assert.All(y, value => Assert.True(value == 0 || Math.Abs(value - (1 / 0.75)) < 1e-6));
    }
}
