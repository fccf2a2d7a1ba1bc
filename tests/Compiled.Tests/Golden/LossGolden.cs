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
        List<string> missing = golden.Flag("sample_weight") ? ["sample weights"] : [];
        foreach (string tensor in golden.TensorNames.Where(tensor => tensor.StartsWith("per_sample_", StringComparison.Ordinal)))
        {
            string name = tensor["per_sample_".Length..];
            if (name is not ("binary_accuracy" or "categorical_accuracy" or "sparse_categorical_accuracy"))
            {
                missing.Add(name);
                continue;
            }

            bool sparse = name == "sparse_categorical_accuracy", binary = name == "binary_accuracy";
            Tensor target = golden.Tensor(sparse ? "class_ids" : binary ? "y_true_binary" : "y_true_one_hot");
            Tensor prediction = golden.Tensor(binary ? "y_pred_binary" : "y_pred_probabilities");
            double[] hits = golden.Tensor(tensor).Values;
            cn_accuracy accuracy = sparse ? cn_accuracy.CN_ACCURACY_SPARSE
                : binary ? cn_accuracy.CN_ACCURACY_BINARY : cn_accuracy.CN_ACCURACY_CATEGORICAL;
            LayerGolden.OnEachTarget((context, who) =>
            {
                string loss = sparse ? "sparse_categorical_crossentropy" : "mean_squared_error";
                (cn_metrics metrics, _) = LossKernels.Run(context, loss, target, prediction, LossOptions.Default, accuracy);
                Compare.Close($"{who}: {name}", [hits.Average()], [(float)(metrics.correct / metrics.count)], golden.Relative, golden.Absolute);
            });
        }

        return missing;
    }
}
