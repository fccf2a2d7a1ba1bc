using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The batch normalization stage with every epilogue, over drawn shapes, against the reference ops one after the other.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class BatchNormalizationTests
{
    private static readonly Gen<int> Channels = Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 31, 33, 64));

    private static readonly Gen<Case> Cases =
        from batch in Gen.Int[1, 5]
        from height in Gen.Int[1, 9]
        from width in Gen.Int[1, 9]
        from channels in Channels
        from flags in Gen.Bool.Array[6]
        from activation in Draw.Endings
        from momentum in Gen.OneOf(0, 0.5, 0.99, 1)
        from epsilon in Gen.OneOf(0.001, 0.1)
        from pool in Gen.OneOf(Gen.Const((Window2D?)null), Draw.Windows.Select(drawn => (Window2D?)drawn))
        from rate in Gen.OneOf(0.0, 0.25, 0.5)
        let fitting = pool is not null && pool.OutputHeight(height) >= 1 && pool.OutputWidth(width) >= 1 ? pool : null
        select new Case(
            batch, height, width, channels, flags[0], flags[1], flags[2] && fitting is null, flags[3], flags[4], activation, momentum, epsilon,
            fitting, fitting is null ? 0 : rate, flags[5] && fitting is null && activation is "linear" or "relu");

    private static readonly Gen<Case> Exact =
        from drawn in Cases
        from batch in Gen.OneOf(1, 2, 4)
        from height in Gen.OneOf(4, 8)
        from width in Gen.OneOf(4, 8)
        select drawn with
        {
            Batch = batch,
            Height = height,
            Width = width,
            Rate = drawn.Rate == 0 ? 0 : 0.5,
            Epsilon = 0,
            Momentum = 0.5,
            // Where a value is rounded, a ReLU may take a zero for more.
            Activation = drawn.IsFrozen && drawn.Activation != "linear" ? "relu" : "linear",
            Averages = drawn.Pool is null && drawn.Momentum == 0,
        };

    /// <summary>
    /// Half of the values of a channel are one deviation above their mean, half one below: all results are short binary fractions. By moving
    /// statistics they are exact; those of a batch come together from means of parts, which are rounded.
    /// </summary>
    [Fact]
    public void Whole_deviations_are_exact_by_moving_statistics() => Exact.OnEachTarget((context, who, drawn) =>
    {
        var x = new Tensor(drawn.Shape);
        Tensor centers = Draw.Integers(1, drawn.Channels);
        Tensor deviations = Draw.Integers(2, drawn.Channels).Map(value => Math.Pow(2, Math.Abs(value) - 1));
        for (int i = 0; i < x.Count; i++)
        {
            int channel = i % drawn.Channels;
            int row = i / drawn.Channels;
            int sign = (row + (row / drawn.Width) + (channel / 3)) % 2 == 0 ? 1 : -1;
            x.Values[i] = centers.Values[channel] + (sign * deviations.Values[channel]);
        }

        NormalizationKernels.Stage stage = drawn.Given(x, Draw.Integers) with { MovingVariance = deviations.Map(value => value * value) };
        Tensor dy = Draw.Integers(9, drawn.OutputShape);
        Tensor? before = drawn.Accumulates ? Draw.Integers(10, drawn.Shape) : null;
        NormalizationKernels.Result expected = Expected(stage, dy, before), actual = NormalizationKernels.Run(context, stage, dy, before);
        foreach ((string what, float[] right, float[] left) in Pairs(expected, actual))
        {
            Assert.Equal(right.Length, left.Length);
            if (drawn.IsFrozen || what == "prediction")
                Compare.Same($"{who} {what}", Compare.PlainZeros(right), Compare.PlainZeros(left));
            else
                Compare.Close($"{who} {what}", right, left, 1e-6, 1e-6);
        }
    });

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => Cases.OnEachTarget((context, who, drawn) =>
    {
        NormalizationKernels.Stage stage = drawn.Given(Draw.Reals(1, drawn.Shape), Draw.Reals);
        Tensor dy = Draw.Reals(9, drawn.OutputShape);
        Tensor? before = drawn.Accumulates ? Draw.Reals(10, drawn.Shape) : null;
        if (stage.Activation == "relu" && Distances(stage).Any(distance => distance < 1e-4))
            return;
        NormalizationKernels.Result expected = Expected(stage, dy, before), actual = NormalizationKernels.Run(context, stage, dy, before);
        // A channel that spreads little makes errors larger, as 1 / √(variance + ε).
        double larger = stage.IsFrozen ? 1 : Steepness(stage);
        foreach ((string what, float[] right, float[] left) in Pairs(expected, actual))
            Compare.Close($"{who} {what}", right, left, 1e-5, 1e-6 * larger);
    });

    [Fact]
    public void Threads_change_nothing() => Cases.Where(drawn => drawn.Height * drawn.Width > 9).Sample(
        drawn =>
        {
            NormalizationKernels.Stage stage = drawn.Given(Draw.Reals(1, drawn.Shape), Draw.Reals);
            Tensor dy = Draw.Reals(9, drawn.OutputShape);
            NormalizationKernels.Result? one = null;
            foreach (int threads in (int[])[1, 2, 4])
            {
                using var context = new NativeContext(null, threads);
                NormalizationKernels.Result result = NormalizationKernels.Run(context, stage, dy);
                foreach ((string what, float[] right, float[] left) in Pairs(one ??= result, result))
                    Compare.Same($"{threads} threads, {drawn}: {what}", right, left);
            }
        },
        200);

    private static NormalizationKernels.Result Expected(NormalizationKernels.Stage stage, Tensor dy, Tensor? before)
    {
        (Tensor x, Tensor? gamma, Tensor? beta, double epsilon) = (stage.X, stage.Gamma, stage.Beta, stage.Epsilon);
        var activation = new ActivationRule(stage.Activation);
        Tensor Add(Tensor normal) => stage.Addend is null ? normal : normal.Zip(stage.Addend, (a, b) => a + b);
        Tensor Active(Tensor normal) => activation.Forward(Add(normal));
        Tensor Finish(Tensor normal) => stage.Averages ? GlobalPooling.AverageForward(Active(normal))
            : stage.Pool is null ? Active(normal)
            : MaxPooling.Forward(Active(normal), stage.Pool);
        bool[] kept = Masks.Draw(
            dy.Count, stage.Rate, element => Philox.Word(NormalizationKernels.Seed, NormalizationKernels.Stream, NormalizationKernels.Update, (ulong)element));
        Tensor prediction = BatchNormalization.Infer(x, gamma, beta, stage.MovingMean, stage.MovingVariance, epsilon);
        (Tensor normal, Tensor mean, Tensor variance) = stage.IsFrozen
            ? (prediction, stage.MovingMean, stage.MovingVariance) : BatchNormalization.Train(x, gamma, beta, epsilon);
        Tensor y = Masks.Apply(Finish(normal), kept, stage.Rate), gradient = Masks.Apply(dy, kept, stage.Rate);
        if (stage.Pool is not null)
            gradient = MaxPooling.Backward(Active(normal), gradient, stage.Pool);
        if (stage.Averages)
            gradient = GlobalPooling.AverageBackward(Active(normal), gradient);
        Tensor slope = activation.Backward(Add(normal), gradient);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = stage.IsFrozen
            ? BatchNormalization.InferBackward(x, gamma, mean, variance, slope, epsilon)
            : BatchNormalization.TrainBackward(x, gamma, slope, epsilon);
        float[] Sum(Tensor own) => (before is null ? own : own.Zip(before, (a, b) => a + b)).ToFloats();
        float[] Move(Tensor moving, Tensor batch) =>
            (stage.IsFrozen ? moving : BatchNormalization.Move(moving, batch, (float)stage.Momentum)).ToFloats();
        return new NormalizationKernels.Result(
            Finish(prediction).ToFloats(), y.ToFloats(), Move(stage.MovingMean, mean), Move(stage.MovingVariance, variance), Sum(dx),
            stage.Addend is null ? [] : Sum(slope),
            gamma is null || stage.IsFrozen ? [] : dgamma.ToFloats(), beta is null || stage.IsFrozen ? [] : dbeta.ToFloats());
    }

    private static IEnumerable<(string What, float[] Expected, float[] Actual)> Pairs(
        NormalizationKernels.Result expected, NormalizationKernels.Result actual) =>
    [
        ("prediction", expected.Prediction, actual.Prediction), ("y", expected.Y, actual.Y), ("moving mean", expected.MovingMean, actual.MovingMean),
        ("moving variance", expected.MovingVariance, actual.MovingVariance), ("dx", expected.Dx, actual.Dx),
        ("daddend", expected.Daddend, actual.Daddend), ("dgamma", expected.Dgamma, actual.Dgamma), ("dbeta", expected.Dbeta, actual.Dbeta),
    ];

    /// <summary>How far each value is from the edge of a ReLU.</summary>
    private static IEnumerable<double> Distances(NormalizationKernels.Stage stage)
    {
        Tensor normal = stage.IsFrozen
            ? BatchNormalization.Infer(stage.X, stage.Gamma, stage.Beta, stage.MovingMean, stage.MovingVariance, stage.Epsilon)
            : BatchNormalization.Train(stage.X, stage.Gamma, stage.Beta, stage.Epsilon).Y;
        Tensor sum = stage.Addend is null ? normal : normal.Zip(stage.Addend, (a, b) => a + b);
        return sum.Values.Where(value => value != 0).Select(Math.Abs);
    }

    private static double Steepness(NormalizationKernels.Stage stage)
    {
        double variance = BatchNormalization.Train(stage.X, null, null, stage.Epsilon).Variance.Values.Min();
        return Math.Pow(variance + stage.Epsilon, -1);
    }

    private sealed record Case(
        int Batch, int Height, int Width, int Channels, bool UseScale, bool UseCenter, bool UseAddend, bool IsFrozen, bool Accumulates,
        string Activation, double Momentum, double Epsilon, Window2D? Pool, double Rate, bool Averages)
    {
        public int[] Shape => [Batch, Height, Width, Channels];

        public int[] OutputShape => Averages ? [Batch, Channels] : Pool is null ? Shape : [Batch, Pool.OutputHeight(Height), Pool.OutputWidth(Width), Channels];

        public NormalizationKernels.Stage Given(Tensor x, Func<int, IReadOnlyList<int>, Tensor> draw) => new(
            x,
            UseScale ? draw(3, [Channels]) : null,
            UseCenter ? draw(4, [Channels]) : null,
            draw(5, [Channels]),
            Tensor.Of([Channels], draw(6, [Channels]).Map(value => (value * value) + 0.25).ToFloats()),
            UseAddend ? draw(7, Shape) : null,
            Activation, IsFrozen, Momentum, Epsilon, Pool, Rate, Averages);
    }
}
