using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Activations, softmax, pooling and dropout alone, over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class ElementwiseTests
{
    /// <summary>Every member of the enumeration, and every parameter.</summary>
    public static TheoryData<string, double?, double, double> Rules
    {
        get
        {
            TheoryData<string, double?, double, double> rules = [];
            foreach (string name in ActivationLayer.Names)
                rules.Add(name, null, double.PositiveInfinity, 0);
            foreach (double alpha in (double[])[0.01, 0.63, 2.5])
            {
                foreach (string name in (string[])["elu", "celu", "leaky_relu", "squareplus", "hard_shrink", "soft_shrink"])
                    rules.Add(name, alpha, double.PositiveInfinity, 0);
            }

            rules.Add("relu", 0.22, 2, 0.5);
            rules.Add("relu", 0, double.PositiveInfinity, 1.5);
            rules.Add("relu", 0.5, 1, 0);
            rules.Add("threshold", null, double.PositiveInfinity, 0.5);
            rules.Add("threshold", null, double.PositiveInfinity, -1.25);
            return rules;
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Activations_are_those_of_the_reference(string name, double? alpha, double maxValue, double threshold)
    {
        // As the native op has it.
        double? rounded = alpha is { } number ? (float)number : null;
        var rule = new ActivationRule(name, rounded, maxValue, threshold, Value: name == "threshold" ? -2.5 : 0);
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 70], Gen.OneOf(1.0, 30.0)).Sample(
            drawn =>
            {
                (int rows, int columns, double scale) = drawn;
                int halves = name == "glu" ? 2 : 1;
                Tensor x = Draw.Reals(rows, rows, columns * halves).Map(value => value * scale), dy = Draw.Reals(columns, rows, columns);
                x = Tensor.Of(x.Shape, x.ToFloats());
                LayerGolden.OnEachTarget((context, who) =>
                {
                    (float[] output, float[] dx) = Kernels.Activate(context, rule, x, dy);
                    Compare.Close($"{who} y", rule.Forward(x).Values, output, 2e-6, 1e-6);
                    Compare.Close($"{who} dx", rule.Backward(x, dy).Values, dx, 1e-5, 1e-6);
                });
            },
            40);
    }

    // Whole numbers, often equal ones: then it is known exactly which of them are left, and 1/1, 1/2 and 1/4 are floats.
    [Fact]
    public void Sparsemax_of_ties_is_exact() => Gen.Select(Gen.Int[1, 6], Gen.OneOf(1, 2, 3, 4, 16, 17, 300, 5000)).Sample(
        drawn =>
        {
            (int rows, int columns) = drawn;
            Tensor x = Draw.Integers(columns, rows, columns), dy = Draw.Integers(rows, rows, columns);
            var rule = new ActivationRule("sparsemax");
            LayerGolden.OnEachTarget((context, who) =>
            {
                (float[] y, float[] dx) = Kernels.Activate(context, rule, x, dy);
                Compare.Close($"{who} y", rule.Forward(x).Values, y, 1e-7, 0);
                Compare.Close($"{who} dx", rule.Backward(x, dy).Values, dx, 1e-6, 1e-6);
            });
        },
        60);

    [Theory]
    [InlineData("softmax")]
    [InlineData("log_softmax")]
    [InlineData("sparsemax")]
    public void A_row_without_a_finite_maximum_is_NaN_and_no_other(string name)
    {
        float inf = float.PositiveInfinity;
        Tensor x = Tensor.Of([4, 3], [0, float.NaN, 1, 2, inf, 1, -inf, -inf, -inf, -inf, 3, -inf]);
        LayerGolden.OnEachTarget((context, who) =>
        {
            (float[] y, _) = Kernels.Activate(context, new ActivationRule(name), x, x.Map(_ => 0));
            Assert.All(y[..9], value => Assert.True(float.IsNaN(value), $"{who}: {value}"));
            Compare.Same(who, name == "log_softmax" ? [-inf, 0, -inf] : [0, 1, 0], y.AsSpan(9));
        });
    }

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
    public void Spatial_dropout_drops_whole_channels() => Gen.Select(
        Gen.Int[1, 4], Gen.Int[1, 7], Gen.Int[1, 40], Gen.OneOf(0.1, 0.5, 0.99)).Sample(
        drawn =>
        {
            (int rows, int extent, int channels, double rate) = drawn;
            const ulong Seed = 99, Step = 17;
            const uint Stream = 3;
            Tensor x = Draw.Reals(1, rows, extent, 2, channels), dy = Draw.Reals(2, rows, extent, 2, channels);
            bool[] kept = Masks.DrawChannels(x, rate, draw => Philox.Word(Seed, Stream, Step, (ulong)draw));
            LayerGolden.OnEachTarget((context, who) =>
            {
                context.SetState(rows, Seed, Step);
                (float[] y, float[] dx) = Kernels.Drop(context, x, dy, rate, Stream, isSpatial: true);
                Compare.Close($"{who} y", Masks.Apply(x, kept, rate).Values, y, 2e-7, 0);
                Compare.Close($"{who} dx", Masks.Apply(dy, kept, rate).Values, dx, 2e-7, 0);
            });
        },
        60);

    [Fact]
    public void Gaussian_noise_is_the_documented_one() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 300], Gen.OneOf(0.0, 0.1, 3.0)).Sample(
        drawn =>
        {
            (int rows, int columns, double deviation) = drawn;
            const ulong Seed = 99, Step = (1UL << 33) + 5;
            const uint Stream = 4;
            Tensor x = Draw.Reals(1, rows, columns), dy = Draw.Reals(2, rows, columns);
            Tensor expected = Noise.Add(x, deviation, element => Philox.Word(Seed, Stream, Step, (ulong)element));
            LayerGolden.OnEachTarget((context, who) =>
            {
                context.SetState(rows, Seed, Step);
                (float[] y, float[] dx) = Kernels.AddNoise(context, x, dy, deviation, Stream);
                Compare.Close($"{who} y", expected.Values, y, 5e-6, 1e-6);
                Compare.Same($"{who} dx", dy.ToFloats(), dx);
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
