using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>All metrics: those of Compiled.MetricAttribute, and losses that stand behind the loss.</summary>
internal static class MetricKinds
{
    private const string Namespace = "Compiled.";
    private const int ScoreAverages = 3;
    private const double BeyondOfCurve = 1e-7; // of the first and last threshold (Keras)

    private static readonly Dictionary<string, Func<LayerArguments, Metric>> ByName = new Dictionary<string, Func<LayerArguments, Metric>>
    {
        ["BinaryAccuracy"] = arguments => Accuracy("BinaryAccuracy", AccuracyKind.Binary) with { Threshold = Threshold(arguments) },
        ["CategoricalAccuracy"] = _ => Accuracy("CategoricalAccuracy", AccuracyKind.Categorical),
        ["SparseCategoricalAccuracy"] = _ => Accuracy("SparseCategoricalAccuracy", AccuracyKind.Sparse) with { TakesClassIds = true },
        ["TopKCategoricalAccuracy"] = arguments => TopK("TopKCategoricalAccuracy", arguments),
        ["SparseTopKCategoricalAccuracy"] = arguments => TopK("SparseTopKCategoricalAccuracy", arguments) with { TakesClassIds = true },
        ["RootMeanSquaredError"] = _ =>
            new("RootMeanSquaredError", MetricSums.Loss, "RootMean") { Loss = new LossOperation(LossKind.MeanSquaredError) },
        ["TruePositives"] = arguments => Count("TruePositives", arguments),
        ["FalsePositives"] = arguments => Count("FalsePositives", arguments),
        ["TrueNegatives"] = arguments => Count("TrueNegatives", arguments),
        ["FalseNegatives"] = arguments => Count("FalseNegatives", arguments),
        ["Precision"] = arguments => Count("Precision", arguments),
        ["Recall"] = arguments => Count("Recall", arguments),
        ["AUC"] = arguments => Curve("AUC", "AreaUnderCurve", arguments) with { Beyond = BeyondOfCurve },
        ["SensitivityAtSpecificity"] = arguments => Curve("SensitivityAtSpecificity", "SensitivityAtSpecificity", arguments) with
        {
            Parameter = arguments.Number("specificity", 0, 0, 1),
        },
        ["SpecificityAtSensitivity"] = arguments => Curve("SpecificityAtSensitivity", "SpecificityAtSensitivity", arguments) with
        {
            Parameter = arguments.Number("sensitivity", 0, 0, 1),
        },
        ["MeanIoU"] = arguments => new("MeanIoU", MetricSums.Classes, "MeanIoU") { Threshold = Threshold(arguments) },
        ["IoU"] = arguments => new("IoU", MetricSums.Classes, "IoU")
        {
            Threshold = Threshold(arguments),
            TargetClassIds = arguments.Integers("targetClassIds"),
        },
        // Of outputs one by one: the counts below and above one threshold are the matrix of two classes.
        ["BinaryIoU"] = arguments => Count("BinaryIoU", arguments) with
        {
            Rule = "IoU",
            TargetClassIds = arguments.Integers("targetClassIds") is { Count: > 0 } ids ? ids : new([0, 1]),
        },
        ["F1Score"] = arguments => Score("F1Score", 1, arguments),
        ["FBetaScore"] = arguments => Score("FBetaScore", arguments.PositiveNumber("beta", 1), arguments),
        ["R2Score"] = _ => new("R2Score", MetricSums.R2, "R2Score"),
        ["PearsonCorrelation"] = _ => new("PearsonCorrelation", MetricSums.Pearson, "Mean"),
    }.ToDictionary(pair => Namespace + pair.Key, pair => pair.Value, StringComparer.Ordinal);

    public static bool IsMetric(string kind) => ByName.ContainsKey(kind);

    /// <summary>Reads a metric, and holds it against what it looks at.</summary>
    public static Metric Read(string kind, LayerArguments arguments, LossOperation loss, Shape output, LayerPlace place)
    {
        Metric metric = ByName.TryGetValue(kind, out Func<LayerArguments, Metric> read) ? read(arguments) : OfLoss(kind, arguments, place);
        metric = metric with { Name = arguments.Text("name") ?? BaseName(metric), Weighted = arguments.Flag("weighted", false) };
        if (metric.Weighted && metric.Kind is not (MetricSums.Loss or MetricSums.Accuracy or MetricSums.TopK or MetricSums.Pearson))
            arguments.OutOfRange("weighted", "true", $"left out: {metric.Title} counts outputs or classes, not samples");
        if (metric.Rule == "IoU")
            CheckClasses(metric, arguments, metric.Kind == MetricSums.Classes ? Math.Max(output.Last, 2) : 2);
        if (metric.Kind is MetricSums.Classes or MetricSums.Scores)
            metric = metric with { TakesClassIds = loss.TakesClassIds };
        Check(metric, loss, output, place);
        return metric;
    }

    private static void CheckClasses(Metric metric, LayerArguments arguments, long classes)
    {
        if (metric.TargetClassIds.Count == 0)
            arguments.OutOfRange("targetClassIds", "empty", "the numbers of one class or more");
        else if (metric.TargetClassIds.Any(id => id < 0 || id >= classes))
            arguments.OutOfRange("targetClassIds", string.Join(", ", metric.TargetClassIds), $"made of numbers from 0 to {classes - 1}");
    }

    private static Metric OfLoss(string kind, LayerArguments arguments, LayerPlace place)
    {
        string title = kind.Substring(Namespace.Length);
        var loss = (LossOperation)LayerKinds.Find(kind)!.Read(arguments)[0];
        if (loss.FromLogits || loss.LabelSmoothing > 0 || loss.IgnoredClass is not null)
            Mismatch(place, title, "a metric", "it looks at probabilities and targets as they are; leave FromLogits, LabelSmoothing and IgnoreClass to the loss");
        string rule = loss.Loss == LossKind.CosineSimilarity ? "NegativeMean" : "Mean";
        return new Metric(title, MetricSums.Loss, rule) { Loss = loss, TakesClassIds = loss.TakesClassIds };
    }

    private static string BaseName(Metric metric) => metric.Title switch
    {
        "FBetaScore" => "fbeta_score",
        _ when metric is { Kind: MetricSums.Loss, Rule: not "RootMean" } => metric.Loss!.BaseName,
        _ => LayerNames.Snake(metric.Title),
    };

    private static void Check(Metric metric, LossOperation loss, Shape output, LayerPlace place)
    {
        if (metric.TakesClassIds && !loss.TakesClassIds)
            Mismatch(place, metric.Title, $"the targets of {loss.Title}", "it takes class numbers; take the metric without Sparse in its name");
        else if (!metric.TakesClassIds && loss.TakesClassIds)
            Mismatch(place, metric.Title, $"the targets of {loss.Title}", "they are class numbers; take a metric with Sparse in its name, MeanIoU, IoU or F1Score");
        if (metric.Kind == MetricSums.Pearson && output.Last == 1)
            Mismatch(place, metric.Title, "an output of one unit", "it correlates the outputs of a sample; take R2Score");
        bool ofClasses = metric is { Kind: MetricSums.Accuracy, Accuracy: not AccuracyKind.Binary } or { Kind: MetricSums.TopK };
        if (output.Last == 1 && ofClasses)
            Mismatch(place, metric.Title, "an output of one unit", "one class is always the largest; take BinaryAccuracy");
        if (metric.Kind == MetricSums.Classes && output.Last > 4096)
            Mismatch(place, metric.Title, $"an output of {output.Last} classes", "it counts all pairs, of at most 4096 classes");
    }

    private static Metric Accuracy(string title, AccuracyKind accuracy) => new(title, MetricSums.Accuracy, "Mean") { Accuracy = accuracy };

    private static Metric TopK(string title, LayerArguments arguments) => new(title, MetricSums.TopK, "Mean") { K = arguments.Positive("k", 5) };

    private static Metric Count(string rule, LayerArguments arguments) =>
        new(rule, MetricSums.Counts, rule) { Thresholds = 1, Threshold = Threshold(arguments) };

    private static Metric Curve(string title, string rule, LayerArguments arguments)
    {
        long thresholds = arguments.Integer("numThresholds", 200);
        if (thresholds is < 2 or > 1024)
            arguments.OutOfRange("numThresholds", $"{thresholds}", "from 2 to 1024");
        return new Metric(title, MetricSums.Counts, rule) { Thresholds = thresholds };
    }

    private static Metric Score(string title, double beta, LayerArguments arguments) => new(title, MetricSums.Scores, "FBetaScore")
    {
        Parameter = beta,
        Threshold = arguments.Number("threshold", -1, -1, float.MaxValue),
        Average = arguments.Choice("average", ScoreAverages) switch
        {
            1 => "Micro",
            2 => "Weighted",
            _ => "Macro",
        },
    };

    private static double Threshold(LayerArguments arguments) => arguments.Number("threshold", 0.5, float.MinValue, float.MaxValue);

    private static void Mismatch(LayerPlace place, string title, string what, string reason) =>
        place.Issues.OnLayer(Rules.LossMismatch, place.Layer, title, what, reason);
}
