using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Metrics of questions, with the sigmoid in the loss.</summary>
[Model]
[Input(5)]
[Dense(3), Sigmoid, BinaryCrossentropy]
[BinaryAccuracy, BinaryAccuracy(Threshold = 0.6, Name = "strict"), TruePositives, FalsePositives, TrueNegatives, FalseNegatives]
[Precision, Recall(Threshold = 0.4), AUC, SensitivityAtSpecificity(0.5), SpecificityAtSensitivity(0.5, NumThresholds = 50)]
[MeanSquaredError, RootMeanSquaredError, BinaryCrossentropy, F1Score(Threshold = 0.5), R2Score, BinaryIoU, BinaryIoU(1, Threshold = 0.4, Name = "above")]
public sealed partial class QuestionMetrics;

/// <summary>The same, one stage per layer.</summary>
[Model(Fusion = Fusion.None)]
[Input(5)]
[Dense(3), Sigmoid, BinaryCrossentropy]
[BinaryAccuracy, BinaryAccuracy(Threshold = 0.6, Name = "strict"), TruePositives, FalsePositives, TrueNegatives, FalseNegatives]
[Precision, Recall(Threshold = 0.4), AUC, SensitivityAtSpecificity(0.5), SpecificityAtSensitivity(0.5, NumThresholds = 50)]
[MeanSquaredError, RootMeanSquaredError, BinaryCrossentropy, F1Score(Threshold = 0.5), R2Score, BinaryIoU, BinaryIoU(1, Threshold = 0.4, Name = "above")]
public sealed partial class QuestionMetricsUnfused;

/// <summary>The same from logits.</summary>
[Model]
[Input(5)]
[Dense(3), BinaryCrossentropy(FromLogits = true)]
[BinaryAccuracy, BinaryAccuracy(Threshold = 0.6, Name = "strict"), TruePositives, FalsePositives, TrueNegatives, FalseNegatives]
[Precision, Recall(Threshold = 0.4), AUC, SensitivityAtSpecificity(0.5), SpecificityAtSensitivity(0.5, NumThresholds = 50)]
[MeanSquaredError, RootMeanSquaredError, BinaryCrossentropy, F1Score(Threshold = 0.5), R2Score, BinaryIoU, BinaryIoU(1, Threshold = 0.4, Name = "above")]
public sealed partial class QuestionMetricsOfLogits;

/// <summary>Metrics of classes.</summary>
[Model]
[Input(5)]
[Dense(7), Softmax, CategoricalCrossentropy]
[CategoricalAccuracy, TopKCategoricalAccuracy(3), MeanIoU, IoU(6, 0, 3), F1Score, FBetaScore(2, Average = ScoreAverage.Micro, Name = "micro")]
[CategoricalCrossentropy, CosineSimilarity, KLDivergence, PearsonCorrelation]
public sealed partial class ClassMetrics;

/// <summary>Metrics of class numbers.</summary>
[Model]
[Input(5)]
[Dense(7), Softmax, SparseCategoricalCrossentropy]
[SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy(3), MeanIoU, IoU(6, 0, 3), F1Score(Average = ScoreAverage.Weighted), SparseCategoricalCrossentropy]
public sealed partial class ClassNumberMetrics;

/// <summary>Metrics of numbers.</summary>
[Model]
[Input(5)]
[Dense(2), MeanSquaredError]
[MeanAbsoluteError, RootMeanSquaredError, R2Score, LogCosh, Huber(0.5, Name = "huber")]
public sealed partial class NumberMetrics;

/// <summary>Metrics of models: against the reference, on every device, and wherever they are reported.</summary>
public sealed class MetricTests
{
    private const int Count = 37;

    [Fact]
    public void Metrics_of_questions()
    {
        float[] targets = [.. Samples.Inputs(Count, 8, 3).Select(value => value > 0.2f ? 1f : 0f)];
        var data = new ArrayDataset(Samples.Inputs(Count, 3, 5), [5], targets, [3]);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice(threads: 2);
            using var fused = new QuestionMetrics(device, batchSize: 8, seed: 3);
            using var unfused = new QuestionMetricsUnfused(device, batchSize: 8, seed: 3);
            using var logits = new QuestionMetricsOfLogits(device, batchSize: 8, seed: 3);
            var prediction = Tensor.Of([Count, 3], fused.Predict(data));
            var truth = Tensor.Of([Count, 3], targets);
            ConfusionCounts counts = ConfusionCounts.At(0.5, truth, prediction);
            double[] scores = [.. Enumerable.Range(0, 3).Select(i => ConfusionCounts.At(0.5, Column(truth, i), Column(prediction, i)).FScore())];
            Dictionary<string, double> expected = new()
            {
                ["binary_accuracy"] = Accuracies.Evaluate("binary_accuracy", truth, prediction).Average(),
                ["strict"] = Accuracies.Evaluate("binary_accuracy", truth, prediction, threshold: 0.6).Average(),
                ["true_positives"] = counts.TruePositives,
                ["false_positives"] = counts.FalsePositives,
                ["true_negatives"] = counts.TrueNegatives,
                ["false_negatives"] = counts.FalseNegatives,
                ["precision"] = counts.Precision,
                ["recall"] = ConfusionCounts.At(0.4, truth, prediction).Recall,
                ["auc"] = ThresholdCurves.AreaUnderRoc(truth, prediction),
                ["sensitivity_at_specificity"] = ThresholdCurves.SensitivityAtSpecificity(0.5, truth, prediction),
                ["specificity_at_sensitivity"] = ThresholdCurves.SpecificityAtSensitivity(0.5, truth, prediction, thresholds: 50),
                ["mean_squared_error"] = Means.Evaluate("mean_squared_error", truth, prediction).Average(),
                ["root_mean_squared_error"] = Means.RootMeanSquaredError(truth, prediction),
                ["binary_crossentropy"] = Means.Evaluate("binary_crossentropy", truth, prediction).Average(),
                ["f1_score"] = scores.Average(),
                ["r2_score"] = Correlations.R2Score(truth, prediction),
                ["binary_io_u"] = IntersectionOverUnion.Mean(2, truth, prediction.Map(value => value > 0.5 ? 1 : 0)),
                ["above"] = IntersectionOverUnion.Of([1], truth, prediction.Map(value => value > 0.4 ? 1 : 0)),
            };
            Expect($"{target} fused", expected, fused.Evaluate(data).Metrics);
            Expect($"{target} unfused", expected, unfused.Evaluate(data).Metrics);
            Expect($"{target} from logits", expected, logits.Evaluate(data).Metrics);
            Assert.Equal(fused.Evaluate(data).Accuracy, fused.Evaluate(data).Metrics["binary_accuracy"], 1e-12);
        }
    }

    [Fact]
    public void Metrics_of_classes()
    {
        int[] ids = Samples.ClassIds(Count, 5, 7);
        var data = new ArrayDataset(Samples.Inputs(Count, 3, 5), [5], ids, 7);
        Tensor truth = Tensor.Of([Count, 7], Samples.OneHot(ids, 7)), numbers = new([Count], [.. ids.Select(id => (double)id)]);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice(threads: 2);
            using var net = new ClassMetrics(device, batchSize: 8, seed: 3);
            using var byNumber = new ClassNumberMetrics(device, batchSize: 8, seed: 3);
            var prediction = Tensor.Of([Count, 7], net.Predict(data));
            Tensor largest = new([Count], [.. prediction.Rows().Select(row => (double)Array.IndexOf(row, row.Max()))]);
            ConfusionCounts[] counts = [.. Enumerable.Range(0, 7).Select(id => ConfusionCounts.At(
                0.5, numbers.Map(value => value == id ? 1 : 0), largest.Map(value => value == id ? 1 : 0)))];
            double hits = Accuracies.Evaluate("categorical_accuracy", truth, prediction).Average();
            double top = Accuracies.Evaluate("top_k_categorical_accuracy", truth, prediction, k: 3).Average();
            double overlap = IntersectionOverUnion.Mean(7, numbers, largest);
            double entropy = Means.Evaluate("categorical_crossentropy", truth, prediction).Average();
            Dictionary<string, double> expected = new()
            {
                ["categorical_accuracy"] = hits,
                ["top_k_categorical_accuracy"] = top,
                ["mean_io_u"] = overlap,
                ["io_u"] = IntersectionOverUnion.Of([6, 0, 3], numbers, largest),
                ["f1_score"] = counts.Average(one => one.FScore()),
                ["micro"] = hits, // of one class each
                ["categorical_crossentropy"] = entropy,
                ["cosine_similarity"] = Means.Evaluate("cosine_similarity", truth, prediction).Average(),
                ["kl_divergence"] = Means.Evaluate("kullback_leibler_divergence", truth, prediction).Average(),
                ["pearson_correlation"] = Correlations.Pearson(truth, prediction).Average(),
            };
            Expect($"{target} one-hot", expected, net.Evaluate(data).Metrics);
            expected = new()
            {
                ["sparse_categorical_accuracy"] = hits,
                ["sparse_top_k_categorical_accuracy"] = top,
                ["mean_io_u"] = overlap,
                ["io_u"] = IntersectionOverUnion.Of([6, 0, 3], numbers, largest),
                ["f1_score"] = counts.Sum(one => one.FScore() * (one.TruePositives + one.FalseNegatives)) / Count,
                ["sparse_categorical_crossentropy"] = entropy,
            };
            Expect($"{target} by number", expected, byNumber.Evaluate(data).Metrics);
        }
    }

    [Fact]
    public void Metrics_of_numbers_in_training()
    {
        float[] targets = Samples.Inputs(Count, 8, 2);
        var data = new ArrayDataset(Samples.Inputs(Count, 3, 5), [5], targets, [2]);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice(threads: 2);
            using var net = new NumberMetrics(device, batchSize: 8, seed: 3);
            Tensor prediction = Tensor.Of([Count, 2], net.Predict(data)), truth = Tensor.Of([Count, 2], targets);
            Dictionary<string, double> expected = new()
            {
                ["mean_absolute_error"] = Means.Evaluate("mean_absolute_error", truth, prediction).Average(),
                ["root_mean_squared_error"] = Means.RootMeanSquaredError(truth, prediction),
                ["r2_score"] = Correlations.R2Score(truth, prediction),
                ["log_cosh"] = Means.Evaluate("logcosh", truth, prediction).Average(),
                ["huber"] = Losses.Evaluate("huber", truth, prediction, new LossOptions(Delta: 0.5)).Values.Average(),
            };
            // Weights stand still, so that training looks at the same predictions; each epoch begins anew.
            var still = new SGD(learningRate: 0);
            var told = new List<TrainingProgress>();
            History history = net.Fit(
                data, still, epochs: 3, validation: data.Take(20), shuffle: false, progress: new Listener(value =>
                {
                    told.Add(value);
                    net.TestOnBatch(Samples.Inputs(1, 4, 5), [1f, 2f]); // Whoever is told may use the model.
                }));
            foreach (EpochResult epoch in history.Epochs)
            {
                Expect($"{target} epoch {epoch.Epoch}", expected, epoch.Metrics);
                Expect($"{target} progress", expected, told.Last(value => value.Epoch == epoch.Epoch).Metrics);
            }

            Evaluation part = net.Evaluate(data.Take(20));
            foreach (string name in expected.Keys)
            {
                Assert.Equal(Enumerable.Repeat(history.Epochs[0].Metrics[name], 3), history[name]);
                Assert.Equal(Enumerable.Repeat(part.Metrics[name], 3), history["val_" + name]);
            }

            BatchResult one = net.TrainOnBatch(Samples.Inputs(Count, 3, 5).AsSpan(0, 40), targets.AsSpan(0, 16), still);
            Assert.Equal(net.TestOnBatch(Samples.Inputs(Count, 3, 5).AsSpan(0, 40), targets.AsSpan(0, 16)), one);
            Assert.Equal(net.Evaluate(data.Take(8)).Metrics, one.Metrics);
        }
    }

    [Fact]
    public void Names_of_metrics()
    {
        using var net = new NumberMetrics(batchSize: 8);
        MetricValues metrics = net.TestOnBatch(new float[5], new float[2]).Metrics;
        Assert.Equal(["mean_absolute_error", "root_mean_squared_error", "r2_score", "log_cosh", "huber"], metrics.Names);
        Assert.Equal(5, metrics.Count);
        Assert.False(metrics.TryGet("auc", out double none));
        Assert.Equal(double.NaN, none);
        Assert.Contains("there are: mean_absolute_error, ", Assert.Throws<ArgumentException>(() => metrics["auc"]).Message, StringComparison.Ordinal);
        using var plain = new ThreeValues(batchSize: 1);
        Assert.Same(MetricValues.None, plain.TestOnBatch(new float[5], new float[3]).Metrics);
        History history = net.Fit(new ArrayDataset(new float[5], [5], new float[2], [2]), new SGD());
        Assert.Contains("val_log_cosh and val_huber.", Assert.Throws<ArgumentException>(() => history["auc"]).Message, StringComparison.Ordinal);
        Assert.Equal([double.NaN], history["val_huber"]);
    }

    [Fact]
    public void Metrics_do_not_heed_weights()
    {
        float[] inputs = Samples.Inputs(4, 3, 5), targets = Samples.Inputs(4, 8, 2);
        using var net = new NumberMetrics(batchSize: 8);
        Assert.Equal(net.TestOnBatch(inputs, targets).Metrics, net.TestOnBatch(inputs, targets, [1, 2, 3, 4]).Metrics);
    }

    private sealed class Listener(Action<TrainingProgress> listen) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => listen(value);
    }

    private static Tensor Column(Tensor values, int column) =>
        new([values.Count / values.Last], [.. values.Rows().Select(row => row[column])]);

    private static void Expect(string who, Dictionary<string, double> expected, MetricValues actual)
    {
        Assert.Equal(expected.Keys, actual.Names);
        foreach ((string name, double value) in expected)
            Assert.True(Math.Abs(value - actual[name]) <= 1e-6 * Math.Max(1, Math.Abs(value)), $"{who}: {name} is {actual[name]}, not {value}");
    }
}
