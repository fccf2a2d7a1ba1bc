using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>All losses over drawn shapes, with logits, smoothing and weights, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class LossTests
{
    private static readonly Gen<(int Samples, int Positions, int Classes)> Shapes =
        from samples in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(32, 300))
        from positions in Gen.Int[1, 4]
        from classes in Gen.OneOf(Gen.Int[2, 20], Gen.OneOf(100, 700))
        select (samples, positions, classes);

    private static readonly Gen<int> SmallSizes = Gen.OneOf(Gen.Int[1, 20], Gen.OneOf(1, 2, 4, 8, 16, 32));

    public static TheoryData<string> Names => new(Losses.Names);

    // Doubles err so little that fractions become the nearest float all the same. The factor of a squared error is itself a float.
    [Fact]
    public void Losses_of_integers_are_exact() => Gen.Select(
        Gen.OneOf("mean_squared_error", "mean_absolute_error", "huber", "hinge", "squared_hinge", "categorical_hinge"),
        SmallSizes, Gen.Int[1, 4], SmallSizes, Gen.Bool, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (string name, int samples, int positions, int classes, bool isWeighted, bool isBinary) = drawn;
        Tensor prediction = Draw.Integers(1, samples, positions, classes), target = Draw.Integers(2, samples, positions, classes);
        double[]? weights = isWeighted ? Draw.Integers(3, samples * positions).Map(Math.Abs).Values : null;
        var options = new LossOptions(Delta: 1.5, SampleWeights: weights);
        (double[] values, Tensor gradient) = Losses.Evaluate(name, target, prediction, options);
        double[] hits = Accuracies.Evaluate(isBinary ? "binary_accuracy" : "categorical_accuracy", target, prediction);
        (cn_metrics metrics, float[] slope) = LossKernels.Run(
            context, name, target, prediction, options, isBinary ? cn_accuracy.CN_ACCURACY_BINARY : cn_accuracy.CN_ACCURACY_CATEGORICAL);
        Compare.Same($"{who} loss", [(float)(Losses.Mean(values, weights) * values.Length)], [(float)metrics.loss]);
        Compare.Same($"{who} hits", [(float)hits.Sum()], [(float)metrics.correct]);
        Assert.Equal(values.Length, metrics.count);
        if (name != "mean_squared_error" || int.IsPow2(prediction.Count))
            Compare.Same($"{who} gradient", Compare.PlainZeros(gradient.ToFloats()), Compare.PlainZeros(slope));
        Compare.Close($"{who} gradient", gradient.Values, slope, 2e-7, 0);
    });

    [Fact]
    public void Any_loss_and_its_gradient() => Gen.Select(
        Gen.OneOf<string>([.. Losses.Names]), Gen.Select(Gen.Int[1, 9], Gen.Int[1, 4], Gen.Int[2, 20]),
        Gen.Int[0, 2], Gen.Bool, Gen.Bool).OnEachTarget(
        (context, who, drawn) =>
        {
            (string name, (int Samples, int Positions, int Classes) shape, int weights, bool fromLogits, bool smooth) = drawn;
            (Tensor prediction, Tensor target, LossOptions options) = Make(name, shape, weights, fromLogits, smooth);
            (cn_metrics metrics, float[] slope) = LossKernels.Run(context, name, target, prediction, options);
            Expect(who, name, target, prediction, options, metrics, slope);
        });

    [Theory]
    [MemberData(nameof(Names))]
    public void A_loss_and_its_gradient(string name) => Gen.Select(Shapes, Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample(
        drawn =>
        {
            ((int Samples, int Positions, int Classes) shape, int weights, bool fromLogits, bool smooth) = drawn;
            (Tensor prediction, Tensor target, LossOptions options) = Make(name, shape, weights, fromLogits, smooth);
            foreach (Target device in Target.Affording(40L * prediction.Count))
            {
                (cn_metrics metrics, float[] slope) = Run(device, 1, name, target, prediction, options);
                Expect($"{device}", name, target, prediction, options, metrics, slope);
                (cn_metrics again, float[] same) = Run(device, 3, name, target, prediction, options);
                Assert.Equal(metrics.loss, again.loss);
                Compare.Same("gradient on three threads", slope, same);
            }
        },
        12);

    [Theory]
    [InlineData("binary_crossentropy", "sigmoid")]
    [InlineData("categorical_crossentropy", "softmax")]
    [InlineData("sparse_categorical_crossentropy", "softmax")]
    public void Logits_become_probabilities(string name, string activation) => Shapes.Sample(
        shape =>
        {
            (int samples, int positions, int classes) = shape;
            Tensor logits = Rounded(Draw.Reals(1, samples, positions, classes).Map(value => 6 * value));
            Tensor target = Targets(name, samples, positions, classes);
            double[] expected = Activations.Forward(activation, logits).Values;
            foreach (Target device in Target.Affording(40L * logits.Count))
            {
                using var context = new NativeContext(device, 2);
                Compare.Close($"{device}", expected, LossKernels.Probabilities(context, name, target, logits), 1e-5, 1e-7);
            }
        },
        8);

    private static (Tensor Prediction, Tensor Target, LossOptions Options) Make(
        string name, (int Samples, int Positions, int Classes) shape, int weights, bool fromLogits, bool smooth)
    {
        (int samples, int positions, int classes) = shape;
        bool isCrossentropy = name.EndsWith("crossentropy", StringComparison.Ordinal);
        fromLogits &= isCrossentropy;
        int? ignoredClass = smooth && name.StartsWith("sparse", StringComparison.Ordinal) ? classes / 2 : null;
        smooth &= isCrossentropy && !name.StartsWith("sparse", StringComparison.Ordinal);
        double[]? sampleWeights =
            weights == 0 ? null : Draw.Reals(4, weights == 1 ? samples : samples * positions).Map(value => Math.Max(0, value)).Values;
        return (
            Rounded(Predictions(name, fromLogits, samples, positions, classes)),
            Rounded(Targets(name, samples, positions, classes)),
            new LossOptions(fromLogits, smooth ? 0.25 : 0, Delta: 0.625, sampleWeights, Gamma: 1.75, Alpha: 0.25, Balance: classes % 2 == 0,
                Beta: 0.75, PerSample: classes % 2 == 0, ignoredClass));
    }

    private static void Expect(
        string who, string name, Tensor target, Tensor prediction, LossOptions options, cn_metrics metrics, float[] slope)
    {
        (double[] values, Tensor gradient) = Losses.Evaluate(name, target, prediction, options);
        Compare.Close($"{who} {name}", [Losses.Mean(values, options.SampleWeights)], [(float)(metrics.loss / metrics.count)], 1e-5, 1e-6);
        double scale = values.Length;
        Compare.Close(
            $"{who} gradient", [.. gradient.Values.Select(value => value * scale)], [.. slope.Select(value => (float)(value * scale))], 2e-5, 2e-6);
    }

    private static (cn_metrics Metrics, float[] Gradient) Run(
        Target device, int threads, string name, Tensor target, Tensor prediction, LossOptions options)
    {
        using var context = new NativeContext(device, threads);
        return LossKernels.Run(context, name, target, prediction, options);
    }

    private static bool IsOfReals(string name) => name.Contains("hinge", StringComparison.Ordinal) || name is
        "mean_squared_error" or "mean_absolute_error" or "mean_absolute_percentage_error" or "logcosh" or "huber" or "cosine_similarity";

    private static Tensor Predictions(string name, bool fromLogits, int samples, int positions, int classes) =>
        Draw.Reals(1, samples, positions, classes).Map(value => fromLogits || IsOfReals(name) ? 3 * value : 0.5 + (value / 2.2));

    private static Tensor Targets(string name, int samples, int positions, int classes)
    {
        Tensor reals = Draw.Reals(2, samples, positions, classes);
        return name switch
        {
            "sparse_categorical_crossentropy" => Draw.Reals(3, samples, positions).Map(value => Math.Floor((value + 1) / 2 * classes)),
            "categorical_crossentropy" or "categorical_focal_crossentropy" or "kullback_leibler_divergence" or "categorical_hinge" =>
                Activations.Forward("softmax", reals),
            "hinge" or "squared_hinge" or "binary_crossentropy" or "binary_focal_crossentropy" => reals.Map(value => value > 0 ? 1 : 0),
            // Not too near to 0, by which a percentage divides.
            "mean_absolute_percentage_error" => reals.Map(value => value + Math.Sign(value)),
            _ when IsOfReals(name) => reals,
            _ => reals.Map(value => 0.5 + (value / 2.2)),
        };
    }

    private static Tensor Rounded(Tensor values) => Tensor.Of(values.Shape, values.ToFloats());
}
