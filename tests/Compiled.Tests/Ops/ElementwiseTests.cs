using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Activations, softmax, pooling and dropout alone, over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class ElementwiseTests
{
    private static readonly Gen<double> Rates = Gen.OneOf(0.1, 0.25, 0.5, 0.75, 0.99);

    /// <summary>Activations whose slopes are powers of two.</summary>
    private static readonly Gen<ActivationRule> Lines = Gen.OneOf(
        new ActivationRule("linear"), new("relu"), new("relu", 0.25, 4, 2), new("relu6"), new("hard_tanh"), new("leaky_relu", 0.25),
        new("hard_shrink", 4), new("soft_shrink", 2), new("threshold", Threshold: 2, Value: -5));

    private static readonly Gen<(int Rows, int Positions, int Columns, double Scale)> Rows =
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 70], Gen.OneOf(1.0, 30.0));

    private static readonly Gen<(int[] Shape, Window2D Window)> Poolings =
        from batch in Gen.Int[1, 3]
        from height in Gen.Int[1, 9]
        from width in Gen.Int[1, 9]
        from channels in Gen.OneOf(1, 3, 4, 8, 17, 33)
        from window in Draw.Windows
        where window.OutputHeight(height) >= 1 && window.OutputWidth(width) >= 1
        select (new[] { batch, height, width, channels }, window);

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

    [Fact]
    public void Pieces_of_lines_are_exact_on_integers() => Gen.Select(Lines, Gen.Int[1, 5], Gen.Int[1, 70]).OnEachTarget((context, who, drawn) =>
    {
        (ActivationRule rule, int rows, int columns) = drawn;
        Tensor x = Draw.Integers(1, rows, columns).Map(value => 3 * value), dy = Draw.Integers(2, rows, columns);
        (float[] output, float[] dx) = Kernels.Activate(context, rule, x, dy);
        Compare.Same($"{who} y", Compare.PlainZeros(rule.Forward(x).ToFloats()), Compare.PlainZeros(output));
        Compare.Same($"{who} dx", Compare.PlainZeros(rule.Backward(x, dy).ToFloats()), Compare.PlainZeros(dx));
    });

    [Fact]
    public void Rows_are_those_of_the_reference() => Gen.Select(Gen.OneOf("softmax", "log_softmax", "sparsemax"), Rows).OnEachTarget(
        (context, who, drawn) => ExpectRows(context, who, drawn.Item1, drawn.Item2, inputsPerColumn: 1));

    [Fact]
    public void Halves_of_rows_are_gated_as_in_the_reference() => Rows.OnEachTarget(
        (context, who, drawn) => ExpectRows(context, who, "glu", drawn, inputsPerColumn: 2));

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
    public void Max_pooling_is_that_of_the_reference() => Poolings.OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, Window2D window) = drawn;
        // Integers, so that windows hold equal maxima and the first one must win.
        Tensor x = Draw.Integers(1, shape), y = MaxPooling.Forward(x, window), dy = Draw.Integers(2, y.Shape);
        (float[] output, float[] dx) = Kernels.Pool(context, x, dy, window);
        Compare.Same($"{who} y", y.ToFloats(), output);
        Compare.Same($"{who} dx", MaxPooling.Backward(x, dy, window).ToFloats(), dx);
    });

    [Fact]
    public void Dropout_draws_the_documented_mask() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 300], Rates, Gen.UInt[0, 0xFFFF]).OnEachTarget(
        (context, who, drawn) =>
        {
            (int rows, int columns, double rate, uint stream) = drawn;
            const ulong Seed = 0xDEADBEEF12345678, Step = (1UL << 32) + 17;
            Tensor x = Draw.Integers(1, rows, columns), dy = Draw.Integers(2, rows, columns);
            bool[] kept = Masks.Draw(x.Count, rate, element => Philox.Word(Seed, stream, Step, (ulong)element));
            context.SetState(rows, Seed, Step);
            ExpectDropped(who, x, dy, kept, rate, Kernels.Drop(context, x, dy, rate, stream));
        });

    [Fact]
    public void Spatial_dropout_drops_whole_channels() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 7], Gen.Int[1, 40], Rates).OnEachTarget(
        (context, who, drawn) =>
        {
            (int rows, int extent, int channels, double rate) = drawn;
            const ulong Seed = 99, Step = 17;
            const uint Stream = 3;
            Tensor x = Draw.Integers(1, rows, extent, 2, channels), dy = Draw.Integers(2, rows, extent, 2, channels);
            bool[] kept = Masks.DrawChannels(x, rate, draw => Philox.Word(Seed, Stream, Step, (ulong)draw));
            context.SetState(rows, Seed, Step);
            ExpectDropped(who, x, dy, kept, rate, Kernels.Drop(context, x, dy, rate, Stream, isSpatial: true));
        });

    [Fact]
    public void Gaussian_noise_is_the_documented_one() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 300], Gen.OneOf(0.0, 0.1, 3.0)).OnEachTarget(
        (context, who, drawn) =>
        {
            (int rows, int columns, double deviation) = drawn;
            const ulong Seed = 99, Step = (1UL << 33) + 5;
            const uint Stream = 4;
            Tensor x = Draw.Integers(1, rows, columns), dy = Draw.Integers(2, rows, columns);
            Tensor expected = Noise.Add(x, deviation, element => Philox.Word(Seed, Stream, Step, (ulong)element));
            context.SetState(rows, Seed, Step);
            (float[] y, float[] dx) = Kernels.AddNoise(context, x, dy, deviation, Stream);
            if (deviation == 0)
                Compare.Same($"{who} y", x.ToFloats(), y);
            Compare.Close($"{who} y", expected.Values, y, 5e-6, 1e-6);
            Compare.Same($"{who} dx", dy.ToFloats(), dx);
        });

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

    private static void ExpectRows(
        NativeContext context, string who, string name, (int Rows, int Positions, int Columns, double Scale) drawn, int inputsPerColumn)
    {
        (int rows, int positions, int columns, double scale) = drawn;
        var rule = new ActivationRule(name);
        Tensor x = Draw.Reals(1, rows, positions, inputsPerColumn * columns).Map(value => value * scale);
        x = Tensor.Of(x.Shape, x.ToFloats());
        Tensor dy = Draw.Reals(2, rows, positions, columns);
        (float[] output, float[] dx) = Kernels.Activate(context, rule, x, dy);
        Compare.Close($"{who} y", rule.Forward(x).Values, output, 2e-6, 1e-6);
        Compare.Close($"{who} dx", rule.Backward(x, dy).Values, dx, 1e-5, 1e-6);
    }

    private static void ExpectDropped(string who, Tensor x, Tensor dy, bool[] kept, double rate, (float[] Y, float[] Dx) dropped)
    {
        Tensor y = Masks.Apply(x, kept, rate), dx = Masks.Apply(dy, kept, rate);
        // The scale of these rates is a power of two.
        if (rate is 0.5 or 0.75)
        {
            Compare.Same($"{who} y", y.ToFloats(), dropped.Y);
            Compare.Same($"{who} dx", dx.ToFloats(), dropped.Dx);
        }

        Compare.Close($"{who} y", y.Values, dropped.Y, 2e-7, 0);
        Compare.Close($"{who} dx", dx.Values, dropped.Dx, 2e-7, 0);
    }
}
