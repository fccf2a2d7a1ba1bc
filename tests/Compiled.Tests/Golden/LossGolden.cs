using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Golden cases of losses and metrics.</summary>
internal static class LossGolden
{
    public static IEnumerable<string> Loss(GoldenCase golden)
    {
        string name = golden.Text("loss");
        if (!Losses.Knows(name))
            return [name];
        if (golden.Flag("sample_weight"))
            return ["sample weights"];
        if (golden.Demands("label_smoothing").Any())
            return ["label smoothing"];
        bool fromLogits = golden.Flag("from_logits");
        (Tensor target, Tensor prediction) = (golden.Tensor("y_true"), golden.Tensor("y_pred"));
        (double[] values, Tensor gradient) = Losses.Evaluate(name, target, prediction, fromLogits);
        golden.Expect("values", [.. values.Select(value => (float)value)], "reference");
        golden.Expect("loss", [(float)values.Average()], "reference");
        golden.Expect("dy_pred", gradient.ToFloats(), "reference");
        LayerGolden.OnEachTarget((context, who) =>
        {
            (cn_metrics metrics, float[] slope) = Kernels.Loss(context, name, fromLogits, cn_accuracy.CN_ACCURACY_NONE, target, prediction);
            Assert.Equal(values.Length, metrics.count);
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
            if (!Accuracies.Knows(name))
            {
                missing.Add(name);
                continue;
            }

            bool sparse = name == "sparse_categorical_accuracy", binary = name == "binary_accuracy";
            Tensor target = golden.Tensor(sparse ? "class_ids" : binary ? "y_true_binary" : "y_true_one_hot");
            Tensor prediction = golden.Tensor(binary ? "y_pred_binary" : "y_pred_probabilities");
            double[] hits = Accuracies.Evaluate(name, target, prediction);
            golden.Expect(tensor, [.. hits.Select(hit => (float)hit)], "reference");
            cn_accuracy accuracy = sparse ? cn_accuracy.CN_ACCURACY_SPARSE
                : binary ? cn_accuracy.CN_ACCURACY_BINARY : cn_accuracy.CN_ACCURACY_CATEGORICAL;
            LayerGolden.OnEachTarget((context, who) =>
            {
                string loss = sparse ? "sparse_categorical_crossentropy" : "mean_squared_error";
                (cn_metrics metrics, _) = Kernels.Loss(context, loss, fromLogits: false, accuracy, target, prediction);
                Compare.Close($"{who}: {name}", [hits.Average()], [(float)(metrics.correct / metrics.count)], golden.Relative, golden.Absolute);
            });
        }

        return missing;
    }
}
