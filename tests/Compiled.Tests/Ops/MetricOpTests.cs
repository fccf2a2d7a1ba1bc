using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>What the native metrics sum, over drawn shapes of whole numbers, often equal ones.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class MetricOpTests
{
    private static readonly Gen<(int Samples, int Positions, int Classes)> Shapes = Gen.Select(Gen.Int[1, 40], Gen.Int[1, 4], Gen.Int[1, 20]);

    [Fact]
    public void Means_of_integers_are_exact() => Gen.Select(
        Gen.OneOf(
            "mean_squared_error", "mean_absolute_error", "hinge", "squared_hinge", "categorical_hinge",
            "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy",
            "sparse_top_k_categorical_accuracy"),
        Shapes, Gen.Int[1, 6], Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (string name, (int samples, int positions, int classes), int k, bool isWeighted) = drawn;
        bool sparse = name.StartsWith("sparse_", StringComparison.Ordinal);
        Tensor prediction = Draw.Integers(1, samples, positions, classes);
        Tensor target = sparse ? Ids(samples, positions, classes) : Draw.Integers(2, samples, positions, classes);
        Tensor? weights = isWeighted ? Draw.Integers(3, samples * positions).Map(Math.Abs) : null;
        double[] values = Accuracies.Knows(name)
            ? Accuracies.Evaluate(name, target, prediction, threshold: 1, k) : Means.Evaluate(name, target, prediction);
        double[] own = weights?.Values ?? [.. values.Select(_ => 1.0)];
        double[] sums = MetricKernels.Run(context, Describe(name, k) with { sparse = sparse ? 1 : 0 }, target, prediction, weights);
        // Fractions of the classes are rounded in double.
        Compare.Same(who, [(float)values.Zip(own, (value, weight) => value * weight).Sum(), (float)own.Sum()], [(float)sums[0], (float)sums[1]]);
    });

    [Fact]
    public void Elements_are_counted_by_thresholds() => Gen.Select(Shapes, Gen.OneOf(1, 2, 3, 5, 7, 50), Gen.Bool).OnEachTarget(
        (context, who, drawn) =>
        {
            ((int samples, int positions, int classes), int thresholds, bool isBeyond) = drawn;
            // From 0 to 1.5, which is beyond all thresholds.
            Tensor prediction = Draw.Integers(1, samples, positions, classes).Map(value => (value + 3) / 4);
            Tensor target = Draw.Integers(2, samples, positions, classes);
            float beyond = isBeyond && thresholds > 1 ? 1e-7f : 0;
            double[] limits = thresholds == 1 ? [0.5] : [.. Enumerable.Range(0, thresholds).Select(i => i / (thresholds - 1.0))];
            limits[0] -= beyond;
            limits[^1] += beyond;
            double[] expected = new double[2 * (thresholds + 1)];
            for (int i = 0; i < target.Count; i++)
                expected[(target.Values[i] > 0.5 ? thresholds + 1 : 0) + limits.Count(limit => prediction.Values[i] > limit)]++;
            var desc = new cn_metric_desc
            {
                metric = (int)cn_metric_kind.CN_METRIC_COUNTS,
                thresholds = thresholds,
                threshold = thresholds == 1 ? 0.5f : 0,
                beyond = beyond,
            };
            Assert.Equal(expected, MetricKernels.Run(context, desc, target, prediction, weights: null, expected.Length));
        });

    [Fact]
    public void Positions_are_counted_by_their_classes() => Gen.Select(Shapes, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        ((int samples, int positions, int classes), bool sparse) = drawn;
        int sides = Math.Max(classes, 2);
        Tensor prediction = Draw.Integers(1, samples, positions, classes);
        Tensor target = sparse ? Ids(samples, positions, sides) : Draw.Integers(2, samples, positions, classes);
        int[] ids = sparse ? [.. target.Values.Select(id => (int)id)] : Classes(target, 0.5), predicted = Classes(prediction, 1);
        double[] expected = new double[sides * sides];
        for (int i = 0; i < ids.Length; i++)
            expected[(ids[i] * sides) + predicted[i]]++;
        var desc = new cn_metric_desc
        {
            metric = (int)cn_metric_kind.CN_METRIC_CLASSES,
            sparse = sparse ? 1 : 0,
            threshold = classes == 1 ? 1 : 0,
        };
        Assert.Equal(expected, MetricKernels.Run(context, desc, target, prediction, weights: null, expected.Length));
    });

    [Fact]
    public void Right_and_wrong_answers_are_counted_by_class() => Gen.Select(Shapes, Gen.Bool, Gen.OneOf(-1f, 0f, 1f)).OnEachTarget(
        (context, who, drawn) =>
        {
            ((int samples, int positions, int classes), bool sparse, float threshold) = drawn;
            Tensor prediction = Draw.Integers(1, samples, positions, classes);
            Tensor target = sparse ? Ids(samples, positions, classes) : Draw.Integers(2, samples, positions, classes);
            double[] expected = new double[3 * classes];
            foreach ((double[] row, int position) in prediction.Rows().Select((row, position) => (row, position)))
            {
                for (int i = 0; i < classes; i++)
                {
                    bool told = threshold < 0 ? i == Array.IndexOf(row, row.Max()) : row[i] > threshold;
                    bool actual = sparse ? target.Values[position] == i : target.Values[(position * classes) + i] > 0.5;
                    if (told || actual)
                        expected[((told && actual ? 0 : told ? 1 : 2) * classes) + i]++;
                }
            }

            var desc = new cn_metric_desc { metric = (int)cn_metric_kind.CN_METRIC_SCORES, sparse = sparse ? 1 : 0, threshold = threshold };
            Assert.Equal(expected, MetricKernels.Run(context, desc, target, prediction, weights: null, expected.Length));
        });

    [Fact]
    public void Correlations_are_summed() => Gen.Select(Shapes, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        ((int samples, int positions, int classes), bool isWeighted) = drawn;
        Tensor prediction = Draw.Reals(1, samples, positions, classes + 1), target = Draw.Reals(2, samples, positions, classes + 1);
        double[]? weights = isWeighted ? Draw.Integers(3, samples * positions).Map(Math.Abs).Values : null;
        double[] values = Correlations.Pearson(Rounded(target), Rounded(prediction));
        double[] own = weights ?? [.. values.Select(_ => 1.0)];
        var desc = new cn_metric_desc { metric = (int)cn_metric_kind.CN_METRIC_PEARSON };
        double[] sums = MetricKernels.Run(context, desc, target, prediction, weights is null ? null : new Tensor([weights.Length], weights));
        Compare.Close(who, [values.Zip(own, (value, weight) => value * weight).Sum(), own.Sum()], [(float)sums[0], (float)sums[1]], 1e-6, 1e-6);
    });

    private static Tensor Rounded(Tensor values) => Tensor.Of(values.Shape, values.ToFloats());

    [Fact]
    public void Squares_of_integers_are_summed_exactly() => Shapes.OnEachTarget((context, who, shape) =>
    {
        (int samples, int positions, int classes) = shape;
        Tensor prediction = Draw.Integers(1, samples, positions, classes), target = Draw.Integers(2, samples, positions, classes);
        double[] expected = new double[(3 * classes) + 1];
        for (int i = 0; i < target.Count; i++)
        {
            double t = target.Values[i], error = t - prediction.Values[i];
            expected[i % classes] += t;
            expected[classes + (i % classes)] += t * t;
            expected[(2 * classes) + (i % classes)] += error * error;
        }

        expected[^1] = samples * positions;
        var desc = new cn_metric_desc { metric = (int)cn_metric_kind.CN_METRIC_R2 };
        Assert.Equal(expected, MetricKernels.Run(context, desc, target, prediction, weights: null, expected.Length));
    });

    private static cn_metric_desc Describe(string name, int k) => name switch
    {
        "binary_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_BINARY, threshold = 1 },
        "categorical_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_CATEGORICAL },
        "sparse_categorical_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_SPARSE },
        "top_k_categorical_accuracy" or "sparse_top_k_categorical_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_TOP_K, k = k },
        _ => new() { metric = (int)cn_metric_kind.CN_METRIC_LOSS, loss = (int)LossKernels.Kind(name) },
    };

    private static Tensor Ids(int samples, int positions, int classes) =>
        Draw.Reals(2, samples, positions).Map(value => Math.Floor((value + 1) / 2 * classes));

    /// <summary>The first of the largest; of a single output, whether it is above the threshold.</summary>
    private static int[] Classes(Tensor values, double threshold) =>
        [.. values.Rows().Select(row => row.Length == 1 ? (row[0] > threshold ? 1 : 0) : Array.IndexOf(row, row.Max()))];
}
