using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known values of metrics, most of them from the tests and pages of Keras.</summary>
public sealed class MetricFactTests
{
    [Fact]
    public void Binary_accuracy()
    {
        Tensor target = new([4, 1], [1, 1, 0, 0]);
        double[] values = Accuracies.Evaluate("binary_accuracy", target, new([4, 1], [.98, 1, 0, .6]));
        Assert.Equal(0.75, Means.Weighted(values));
        Assert.Equal(0.5, Means.Weighted(values, [1, 0, 0, 1]));
        Tensor prediction = new([4, 1], [.98, .5, .1, .2]);
        Assert.Equal(1, Accuracies.Evaluate("binary_accuracy", target, prediction, threshold: 0.3).Average());
        Assert.Equal(0.75, Accuracies.Evaluate("binary_accuracy", target, prediction, threshold: 0.9).Average());
    }

    [Theory]
    [InlineData("categorical_accuracy", 3)]
    [InlineData("sparse_categorical_accuracy", 3)]
    [InlineData("top_k_categorical_accuracy", 1)]
    [InlineData("sparse_top_k_categorical_accuracy", 1)]
    public void Accuracies_of_classes(string name, int k)
    {
        Tensor target = name.StartsWith("sparse", StringComparison.Ordinal) ? new([2], [2, 1]) : new([2, 3], [0, 0, 1, 0, 1, 0]);
        double[] values = Accuracies.Evaluate(name, target, new([2, 3], [.1, .9, .8, .05, .95, 0]), k: k);
        Assert.Equal(0.5, Means.Weighted(values));
        Assert.Equal(0.3, Means.Weighted(values, [.7, .3]), 1e-12);
    }

    [Fact]
    public void The_target_among_the_best()
    {
        Tensor prediction = new([2, 3], [.3, .2, .1, .1, .2, .7]), target = new([2], [1, 0]);
        double Among(int k) => Accuracies.Evaluate("sparse_top_k_categorical_accuracy", target, prediction, k: k).Average();
        Assert.Equal((1, 0.5, 0), (Among(3), Among(2), Among(1)));
        Tensor odd = new([2, 2], [.5, .5, double.NaN, .5]);
        Assert.Equal([1, 0], Accuracies.Evaluate("sparse_top_k_categorical_accuracy", target, odd, k: 1));
    }

    [Fact]
    public void Means_over_values()
    {
        Tensor zeros = new([3, 1]), values = new([3, 1], [100, 1, 5]);
        Assert.Equal(106 / 3.0, Mean("mean_absolute_error", zeros, values), 1e-12);
        Assert.Equal(52 / 1.7, Mean("mean_absolute_error", zeros, values, .5, 1, .2), 1e-12);
        Assert.Equal(0, Means.Weighted([1, 2], [0, 0]));
        Assert.Equal(Math.Sqrt(6), Means.RootMeanSquaredError(new([3, 1], [2, 4, 6]), new([3, 1], [1, 3, 2])), 1e-12);
        Near.Equal([0.6], Means.Evaluate("cosine_similarity", new([1, 2], [3, 0]), new([1, 2], [6, 8])));
    }

    // Outputs that follow their targets nearly, and fully.
    [Fact]
    public void Correlations_of_outputs() => Near.Equal(
        [0.35 / Math.Sqrt(0.5 * 0.74 / 3), 1],
        Correlations.Pearson(new([2, 3], [0, 0.5, 1, 1, 0.5, 0]), new([2, 3], [0.1, 0.5, 0.8, 3, 2, 1])));

    [Fact]
    public void The_root_of_a_weighted_mean()
    {
        Tensor target = new([4, 1], [2, 4, 6, 8]), prediction = new([4, 1], [1, 3, 2, 3]);
        Assert.Equal(Math.Sqrt(13), Means.RootMeanSquaredError(target, prediction, [0, 1, 0, 1]), 1e-12);
        Assert.Equal(13, Mean("mean_squared_error", target, prediction, 0, 1, 0, 1), 1e-12);
    }

    // A prediction of 1 where the target is 0 is 1e9 percent off, as the target counts as 1e-7.
    [Theory]
    [InlineData("mean_squared_error", .5, .54285)]
    [InlineData("mean_absolute_error", .5, .54285)]
    [InlineData("mean_squared_logarithmic_error", .24022, .26082)]
    [InlineData("mean_absolute_percentage_error", 35e7, 40e7)]
    [InlineData("categorical_hinge", .5, .5)]
    public void Errors_of_zeros_and_ones(string name, double plain, double weighted)
    {
        Tensor target = new([4, 5], [0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1]);
        Tensor prediction = new([4, 5], [0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1]);
        Assert.Equal(1, Mean(name, target, prediction) / plain, 1e-4);
        Assert.Equal(1, Mean(name, target, prediction, 1, 1.5, 2, 2.5) / weighted, 1e-4);
    }

    [Theory]
    [InlineData("hinge", .506, .493)]
    [InlineData("squared_hinge", .364, .347)]
    public void Hinges_of_zeros_and_ones(string name, double plain, double weighted)
    {
        Tensor target = new([2, 4], [0, 1, 0, 1, 0, 0, 1, 1]), prediction = new([2, 4], [-.3, .2, -.1, 1.6, -.25, -1, .5, .6]);
        Assert.Equal(plain, Mean(name, target, prediction), 1e-3);
        Assert.Equal(weighted, Mean(name, target, prediction, 1.5, 2), 1e-3);
    }

    // Three times 1, 2, 3, 4, against two targets.
    [Fact]
    public void A_weighted_mean_is_divided_by_the_weights()
    {
        Tensor prediction = new([4, 1], [3, 6, 9, 12]);
        Assert.Equal(130 / 14.0, Mean("mean_squared_error", new([4, 1], [2, 4, 6, 8]), prediction, 2, 3, 4, 5), 1e-12);
        Assert.Equal(17.5, Mean("mean_squared_error", new([4, 1], [1, 2, 3, 4]), prediction, 3.5, 2.5, 1.5, .5), 1e-12);
    }

    [Fact]
    public void Counts_of_right_and_wrong()
    {
        Tensor target = new([4], [0, 1, 1, 1]), prediction = new([4], [1, 0, 1, 1]);
        ConfusionCounts counts = ConfusionCounts.At(0.5, target, prediction);
        Assert.Equal(new ConfusionCounts(2, 1, 0, 1), counts);
        Near.Equal([2 / 3.0, 2 / 3.0, 2 / 3.0], [counts.Precision, counts.Recall, counts.FScore()]);
        Near.Equal([0, 1], [counts.Specificity, counts.FalsePositiveRate]);
        Assert.Equal(1, ConfusionCounts.At(0.5, target, prediction, [0, 0, 1, 0]).Precision);
        Assert.Equal(0, ConfusionCounts.At(2, target, prediction).Precision);
        Near.Equal([5 * 0.5 * 1 / ((4 * 0.5) + 1)], [new ConfusionCounts(1, 1, 0, 0).FScore(2)]);
    }

    [Fact]
    public void Curves()
    {
        Tensor target = new([4], [0, 0, 1, 1]), prediction = new([4], [0, .5, .3, .9]);
        Assert.Equal(0.75, ThresholdCurves.AreaUnderRoc(target, prediction, thresholds: 3), 1e-12);
        Assert.Equal(1, ThresholdCurves.AreaUnderRoc(target, new([4], [0, 0.2, 0.8, 1])), 1e-12);
        Tensor five = new([5], [0, 0, 0, 1, 1]), scores = new([5], [0, .3, .8, .3, .8]);
        Assert.Equal(0.5, ThresholdCurves.SensitivityAtSpecificity(0.5, five, scores), 1e-12);
        Assert.Equal(1 / 3.0, ThresholdCurves.SensitivityAtSpecificity(0.5, five, scores, weights: [1, 1, 2, 2, 1]), 1e-12);
        Assert.Equal(2 / 3.0, ThresholdCurves.SpecificityAtSensitivity(0.5, five, scores), 1e-12);
        Assert.Equal(0.5, ThresholdCurves.SpecificityAtSensitivity(0.5, five, scores, weights: [1, 1, 2, 2, 2]), 1e-12);
    }

    [Fact]
    public void Overlap_and_determination()
    {
        Tensor target = new([4], [0, 0, 1, 1]), prediction = new([4], [0, 1, 0, 1]);
        Assert.Equal(1 / 3.0, IntersectionOverUnion.Mean(2, target, prediction), 1e-12);
        Assert.Equal(1 / 3.0, IntersectionOverUnion.Mean(5, target, prediction), 1e-12);
        Assert.Equal(((.3 / .9) + (.1 / .7)) / 2, IntersectionOverUnion.Mean(2, target, prediction, [.3, .3, .3, .1]), 1e-12);
        Assert.Equal(0.57142857, Correlations.R2Score(new([3, 1], [1, 4, 3]), new([3, 1], [2, 4, 4])), 1e-8);
    }

    private static double Mean(string name, Tensor target, Tensor prediction, params double[] weights)
    {
        double[] each = weights.Length == 0 ? [.. prediction.Rows().Select(_ => 1.0)] : weights;
        double mean = Means.Weighted(Means.Evaluate(name, target, prediction), each);
        var desc = new cn_metric_desc { metric = (int)cn_metric_kind.CN_METRIC_LOSS, loss = (int)LossKernels.Kind(name) };
        LayerGolden.OnEachTarget((context, who) =>
        {
            double[] sums = MetricKernels.Run(context, desc, target, prediction, new([each.Length], each));
            Compare.Close($"{who} {name}", [mean], [(float)(sums[0] / sums[1])], 1e-5, 1e-6);
        });
        return mean;
    }
}
