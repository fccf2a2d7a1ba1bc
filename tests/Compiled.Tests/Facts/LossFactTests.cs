using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known values of losses, most of them from the tests of Keras: of the reference, and of the native op.</summary>
public sealed class LossFactTests
{
    private static readonly Tensor True = new([2, 3], [1, 9, 2, -5, -2, 6]);
    private static readonly Tensor Predicted = new([2, 3], [4, 8, 12, 8, 1, 3]);
    private static readonly Tensor Identity = new([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
    private static readonly Tensor Rows = new([3, 3], [.9, .05, .05, .5, .89, .6, .05, .01, .94]);
    private static readonly Tensor RowLogits = new([3, 3], [8, 1, 1, 0, 9, 1, 2, 3, 5]);

    [Theory]
    [InlineData("mean_squared_error", 49.5, 113.85, 767.8 / 6, 97.833333)]
    [InlineData("mean_absolute_error", 5.5, 12.65, 81.4 / 6, 13.833333)]
    [InlineData("mean_absolute_percentage_error", 211.8518, 487.259, 422.8888, 694.4444)]
    [InlineData("mean_squared_logarithmic_error", 1.4370, 3.3051, 3.7856, 2.6474)]
    [InlineData("cosine_similarity", -0.187219, -0.430604, 0.155992, -2.000000)]
    [InlineData("logcosh", 4.829245, 11.107264, 12.001115, 11.653484)]
    public void Errors_with_weights(string name, double plain, double scaled, double bySample, double byPosition)
    {
        Assert.Equal(plain, Value(name, True, Predicted), 1e-4);
        Assert.Equal(scaled, Value(name, True, Predicted, new(SampleWeights: [2.3, 2.3])), 1e-3);
        Assert.Equal(bySample, Value(name, True, Predicted, new(SampleWeights: [1.2, 3.4])), 1e-4);
        Assert.Equal(
            byPosition, Value(name, True.Reshape(2, 3, 1), Predicted.Reshape(2, 3, 1), new(SampleWeights: [3, 6, 5, 0, 4, 2])), 1e-4);
    }

    [Theory]
    [InlineData("mean_squared_error")]
    [InlineData("mean_absolute_error")]
    [InlineData("mean_absolute_percentage_error")]
    [InlineData("mean_squared_logarithmic_error")]
    [InlineData("logcosh")]
    [InlineData("huber")]
    public void What_is_right_costs_nothing(string name)
    {
        Assert.Equal(0, Value(name, True, True), 1e-12);
        Assert.Equal(0, Value(name, Predicted, Predicted, new(SampleWeights: [1.2, 3.4])), 1e-12);
    }

    [Theory]
    [InlineData("categorical_crossentropy")]
    [InlineData("binary_crossentropy")]
    [InlineData("kullback_leibler_divergence")]
    public void Classes_that_are_certain_and_right_cost_nothing(string name) => Assert.Equal(0, Value(name, Identity, Identity), 1e-6);

    [Theory]
    [InlineData("hinge")]
    [InlineData("squared_hinge")]
    public void Signs_that_are_right_cost_nothing(string name)
    {
        Tensor signs = new([2, 2], [1, -1, -1, 1]);
        Assert.Equal(0, Value(name, signs, signs));
    }

    [Theory]
    [InlineData("hinge", 1.3, 1.1, 1.5)]
    [InlineData("squared_hinge", 1.86, 1.46, 2.26)]
    [InlineData("categorical_hinge", 1.4, 1.2, 1.6)]
    public void Hinges(string name, double mean, double first, double second)
    {
        Tensor target = new([2, 2], [0, 1, 0, 0]), prediction = new([2, 2], [.6, .4, .4, .6]);
        Near.Equal([first, second], Losses.Evaluate(name, target, prediction, LossOptions.Default).Values);
        Assert.Equal(mean, Value(name, target, prediction), 1e-6);
        Assert.Equal(first / 2, Value(name, target, prediction, new(SampleWeights: [1, 0])), 1e-6);
    }

    [Fact]
    public void Binary_crossentropy()
    {
        Assert.Equal(0.20046903, Value("binary_crossentropy", Identity, new([3, 3], [.9, .1, .2, .3, .8, .1, .1, .2, .7])), 1e-6);
        Tensor target = new([2, 2], [1, 0, 1, 0]), prediction = new([2, 2], [1, 1, 1, 0]);
        Assert.Equal(3.98559, Value("binary_crossentropy", target, prediction), 1e-4);
        Assert.Equal(9.1668, Value("binary_crossentropy", target, prediction, new(SampleWeights: [2.3, 2.3])), 1e-4);
        Assert.Equal(4.7827, Value("binary_crossentropy", target, prediction, new(SampleWeights: [1.2, 3.4])), 1e-4);
        Tensor signs = new([2, 3], [1, 0, 1, 0, 1, 1]), logits = new([2, 3], [10, -10, 10, 10, 10, -10]);
        Assert.Equal(3.3333, Value("binary_crossentropy", signs, logits, new(FromLogits: true)), 1e-3);
        Assert.Equal(10, Value("binary_crossentropy", signs, logits, new(FromLogits: true, SampleWeights: [4, 3])), 1e-3);
        Assert.Equal(0, Value("binary_crossentropy", signs, logits, new(FromLogits: true, SampleWeights: [1, 0])), 1e-3);
        Assert.Equal(6.666 / 2, Value("binary_crossentropy", signs, logits, new(FromLogits: true, SampleWeights: [0, 1])), 1e-3);
        double smooth = Value("binary_crossentropy", new([1, 3], [1, 0, 1]), new([1, 3], [10, -10, -10]), new(true, LabelSmoothing: 0.1));
        Assert.Equal(10.5 / 3, smooth, 1e-3);
    }

    [Fact]
    public void Categorical_crossentropies()
    {
        (string, Tensor)[] forms =
        [
            ("categorical_crossentropy", Identity), ("sparse_categorical_crossentropy", new([3, 1], [0, 1, 2])),
            ("sparse_categorical_crossentropy", new([3], [0, 1, 2])),
        ];
        foreach ((string name, Tensor target) in forms)
        {
            Assert.Equal(0.3239, Value(name, target, Rows), 1e-4);
            Assert.Equal(0.7449, Value(name, target, Rows, new(SampleWeights: [2.3, 2.3, 2.3])), 5e-4);
            Assert.Equal(1.0696, Value(name, target, Rows, new(SampleWeights: [1.2, 3.4, 5.6])), 1e-4);
            Assert.Equal(0.0573, Value(name, target, RowLogits, new(FromLogits: true)), 1e-4);
            Assert.Equal(0.31829, Value(name, target, RowLogits, new(FromLogits: true, SampleWeights: [1.2, 3.4, 5.6])), 1e-4);
            Near.Equal([.001822, .000459, .169846], Losses.Evaluate(name, target, RowLogits, fromLogits: true).Values, 1e-6);
        }

        Tensor one = new([1, 3], [1, 0, 0]), logits = new([1, 3], [100, -100, -100]);
        Assert.Equal(400 * 0.1 / 3, Value("categorical_crossentropy", one, logits, new(FromLogits: true, LabelSmoothing: 0.1)), 1e-6);
    }

    [Fact]
    public void Focal_crossentropies()
    {
        Tensor target = new([2, 2], [0, 1, 0, 0]), prediction = new([2, 2], [.6, .4, .4, .6]);
        double hard = -.36 * Math.Log(.4), easy = -.16 * Math.Log(.6);
        Near.Equal([hard, (hard + easy) / 2], Losses.Evaluate("binary_focal_crossentropy", target, prediction, LossOptions.Default).Values);
        LossOptions balanced = new(Balance: true);
        Near.Equal([hard / 2, .75 * (hard + easy) / 2], Losses.Evaluate("binary_focal_crossentropy", target, prediction, balanced).Values);
        double[] values = Losses.Evaluate("categorical_focal_crossentropy", target, prediction, LossOptions.Default).Values;
        Near.Equal([.25 * hard, 0], values);

        // Without focus it is the plain cross-entropy.
        LossOptions plain = new(Gamma: 0, Alpha: 1);
        Assert.Equal(0.3239, Value("categorical_focal_crossentropy", Identity, Rows, plain), 1e-4);
        Assert.Equal(0.0573, Value("categorical_focal_crossentropy", Identity, RowLogits, plain with { FromLogits = true }), 1e-4);
        double ofLogits = Value("binary_focal_crossentropy", Identity, RowLogits, plain with { FromLogits = true });
        Assert.Equal(Value("binary_crossentropy", Identity, RowLogits, new(true)), ofLogits, 1e-9);
    }

    [Fact]
    public void Divergences_and_distances()
    {
        Tensor t = new([2, 3], [.5, .8, .12, .7, .43, .8]), p = new([2, 3], [.4, .9, .12, .36, .3, .4]);
        Assert.Equal(
            t.Values.Zip(p.Values, (a, b) => a * Math.Log(a / b)).Sum() / 2, Value("kullback_leibler_divergence", t, p), 1e-12);
        Tensor counts = new([2, 3], [4, 8, 12, 8, 1, 3]), rates = new([2, 3], [1, 9, 2, 5, 2, 6]);
        Assert.Equal(counts.Values.Zip(rates.Values, (a, b) => b - (a * Math.Log(b))).Average(), Value("poisson", counts, rates), 1e-5);
        Tensor huberTrue = new([2, 3], [1, 0, 1, 1, 0, 0]), huber = new([2, 3], [.9, .2, .2, .8, .4, .6]);
        Assert.Equal((.01 + .04 + .64 + .04 + .16 + .36) / 12, Value("huber", huberTrue, huber), 1e-12);
        double straight = (.5 * .8) - .125 + (.5 * .6) - .125;
        Assert.Equal((((.01 + .04 + .04 + .16) / 2) + straight) / 6, Value("huber", huberTrue, huber, new(Delta: 0.5)), 1e-12);
        Assert.Equal(-0.6, Value("cosine_similarity", new([1, 2], [3, 0]), new([1, 2], [6, 8])), 1e-12);
        Assert.Equal(700 - Math.Log(2), Value("logcosh", new([1, 1], [0]), new([1, 1], [-700])), 1e-9);
    }

    [Fact]
    public void Weights_do_not_change_the_divisor() => Assert.Equal(8.75, Losses.Mean([1, 4, 9, 16], [1, 0, 2, 1]));

    [Fact]
    public void Class_weights_multiply_sample_weights()
    {
        Dictionary<int, double> weights = new() { [0] = 1, [1] = 10, [2] = 0.5 };
        Near.Equal([10, 0.5, 1], SampleWeights.OfClasses(new([3], [1, 2, 0]), weights));
        Near.Equal([10, 0.5, 1], SampleWeights.OfClasses(new([3, 3], [0, 1, 0, 0, 0, 1, 1, 0, 0]), weights));
        Near.Equal([20, 1.5, 4], SampleWeights.OfClasses(new([3, 1], [1, 2, 0]), weights, [2, 3, 4]));
        Assert.Throws<KeyNotFoundException>(() => SampleWeights.OfClasses(new([1], [3]), weights));
    }

    private static double Value(string name, Tensor target, Tensor prediction, LossOptions? options = null)
    {
        options ??= LossOptions.Default;
        double value = Losses.Mean(Losses.Evaluate(name, target, prediction, options).Values, options.SampleWeights);
        foreach (Target device in Target.All)
        {
            using var context = new NativeContext(device);
            cn_metrics metrics = LossKernels.Run(context, name, target, prediction, options).Metrics;
            Compare.Close($"{device} {name}", [value], [(float)(metrics.loss / metrics.count)], 1e-5, 1e-6);
        }

        return value;
    }
}
