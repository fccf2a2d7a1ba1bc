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
        Assert.Equal(52 / 1.7, Means.Weighted([100, 1, 5], [.5, 1, .2]), 1e-12);
        Assert.Equal(0, Means.Weighted([1, 2], [0, 0]));
        Assert.Equal(Math.Sqrt(6), Means.RootMeanSquaredError(new([3, 1], [2, 4, 6]), new([3, 1], [1, 3, 2])), 1e-12);
        Near.Equal([0.6], Means.Evaluate("cosine_similarity", new([1, 2], [3, 0]), new([1, 2], [6, 8])));
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
}
