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

    public static TheoryData<string> Names => new(Losses.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_loss_and_its_gradient(string name) => Gen.Select(Shapes, Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample(
        drawn =>
        {
            ((int samples, int positions, int classes), int weights, bool fromLogits, bool smooth) = drawn;
            bool isCrossentropy = name.EndsWith("crossentropy", StringComparison.Ordinal);
            fromLogits &= isCrossentropy;
            smooth &= isCrossentropy && !name.StartsWith("sparse", StringComparison.Ordinal);
            Tensor prediction = Rounded(Predictions(name, fromLogits, samples, positions, classes));
            Tensor target = Rounded(Targets(name, samples, positions, classes));
            double[]? sampleWeights =
                weights == 0 ? null : Draw.Reals(4, weights == 1 ? samples : samples * positions).Map(value => Math.Max(0, value)).Values;
            var options = new LossOptions(
                fromLogits, smooth ? 0.25 : 0, Delta: 0.625, sampleWeights, Gamma: 1.75, Alpha: 0.25, Balance: classes % 2 == 0);
            (double[] values, Tensor gradient) = Losses.Evaluate(name, target, prediction, options);
            foreach (Target device in Target.Affording(40L * prediction.Count))
            {
                (cn_metrics metrics, float[] slope) = Run(device, 1, name, target, prediction, options);
                Compare.Close($"{device} {name}", [Losses.Mean(values, sampleWeights)], [(float)(metrics.loss / metrics.count)], 1e-5, 1e-6);
                double scale = samples * positions;
                Compare.Close(
                    $"{device} gradient", [.. gradient.Values.Select(value => value * scale)], [.. slope.Select(value => (float)(value * scale))],
                    2e-5, 2e-6);
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
