using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops on golden cases of losses and metrics. Each gives the names of what it could not cover.</summary>
internal static class LossGolden
{
    public static IEnumerable<string> Loss(GoldenCase golden)
    {
        string name = golden.Text("loss");
        double[]? weights = golden.Flag("sample_weight") ? golden.Tensor("sample_weight").Values : null;
        var options =
            new LossOptions(golden.Flag("from_logits"), golden.Number("label_smoothing"), golden.Number("delta", absent: 1), weights);
        (Tensor target, Tensor prediction) = (golden.Tensor("y_true"), golden.Tensor("y_pred"));
        LayerGolden.OnEachTarget((context, who) =>
        {
            (cn_metrics metrics, float[] slope) = LossKernels.Run(context, name, target, prediction, options);
            Assert.Equal(golden.Tensor("values").Count, metrics.count);
            golden.Expect("loss", [(float)(metrics.loss / metrics.count)], who);
            golden.Expect("dy_pred", slope, who);
        });
        return [];
    }

    public static IEnumerable<string> Metric(GoldenCase golden)
    {
        Tensor weights = golden.Tensor("sample_weight");
        const string Prefix = "value_";
        foreach (string tensor in golden.TensorNames.Where(tensor => tensor.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string name = tensor[Prefix.Length..];
            bool isReal = name is "mean_squared_error" or "mean_absolute_error", isBinary = name.StartsWith("binary", StringComparison.Ordinal);
            cn_metric_desc desc = Describe(golden, name);
            Tensor prediction = golden.Tensor(isReal ? "y_pred_real" : isBinary ? "y_pred_binary" : "y_pred_probabilities");
            Tensor target = golden.Tensor(isReal ? "y_true_real" : isBinary ? "y_true_binary" : desc.sparse != 0 ? "class_ids" : "y_true_one_hot");
            LayerGolden.OnEachTarget((context, who) =>
            {
                double[] sums = MetricKernels.Run(context, desc, target, prediction, weights);
                golden.Expect(tensor, [(float)(sums[0] / sums[1])], $"{who}: {name}");
            });
        }

        return [];
    }

    private static cn_metric_desc Describe(GoldenCase golden, string name) => name switch
    {
        "binary_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_BINARY, threshold = 0.5f },
        "binary_accuracy_threshold" => Describe(golden, "binary_accuracy") with { threshold = (float)golden.Number("threshold") },
        "categorical_accuracy" => new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_CATEGORICAL },
        "sparse_categorical_accuracy" =>
            new() { metric = (int)cn_metric_kind.CN_METRIC_ACCURACY, accuracy = (int)cn_accuracy.CN_ACCURACY_SPARSE, sparse = 1 },
        ['t', 'o', 'p', '_', var digit, ..] => new() { metric = (int)cn_metric_kind.CN_METRIC_TOP_K, k = digit - '0', sparse = digit == '3' ? 1 : 0 },
        _ => new() { metric = (int)cn_metric_kind.CN_METRIC_LOSS, loss = (int)LossKernels.Kind(name) },
    };
}
