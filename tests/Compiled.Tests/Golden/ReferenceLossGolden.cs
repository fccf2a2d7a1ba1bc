using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The reference on golden cases of losses and metrics.</summary>
internal static class ReferenceLossGolden
{
    public static void Loss(GoldenCase golden)
    {
        Assert.Equal(1e-7, golden.Number("epsilon"));
        Assert.Equal("sum_over_batch_size", golden.Text("reduction"));
        double[]? weights = golden.Flag("sample_weight") ? golden.Tensor("sample_weight").Values : null;
        var options =
            new LossOptions(golden.Flag("from_logits"), golden.Number("label_smoothing"), golden.Number("delta", absent: 1), weights);
        (double[] values, Tensor gradient) =
            Losses.Evaluate(golden.Text("loss"), golden.Tensor("y_true"), golden.Tensor("y_pred"), options);
        golden.Expect("values", values);
        golden.Expect("loss", Losses.Mean(values, weights));
        golden.Expect("dy_pred", gradient);
    }

    public static void Metric(GoldenCase golden)
    {
        double[] weights = golden.Tensor("sample_weight").Values;
        Assert.Equal(golden.Flag("sample_weight"), weights.Any(weight => weight != 1));
        const string Prefix = "per_sample_";
        IEnumerable<string> tensors = golden.TensorNames.Where(tensor => tensor.StartsWith(Prefix, StringComparison.Ordinal));
        foreach (string name in tensors.Select(tensor => tensor[Prefix.Length..]))
        {
            double[] values = Evaluate(golden, name);
            golden.Expect(Prefix + name, values);
            golden.Expect("value_" + name, Means.Weighted(values, weights));
        }
    }

    private static double[] Evaluate(GoldenCase golden, string name)
    {
        (Tensor probabilities, Tensor binary) = (golden.Tensor("y_pred_probabilities"), golden.Tensor("y_pred_binary"));
        (Tensor oneHot, Tensor ids, Tensor zeroOrOne) =
            (golden.Tensor("y_true_one_hot"), golden.Tensor("class_ids"), golden.Tensor("y_true_binary"));
        switch (name)
        {
            case "binary_accuracy":
                return Accuracies.Evaluate(name, zeroOrOne, binary);
            case "binary_accuracy_threshold":
                return Accuracies.Evaluate("binary_accuracy", zeroOrOne, binary, golden.Number("threshold"));
            case "categorical_accuracy":
                return Accuracies.Evaluate(name, oneHot, probabilities);
            case "sparse_categorical_accuracy":
                return Accuracies.Evaluate(name, ids, probabilities);
            case ['t', 'o', 'p', '_', var digit, ..]:
                double[] hits = Accuracies.Evaluate("top_k_categorical_accuracy", oneHot, probabilities, k: digit - '0');
                Assert.Equal(hits, Accuracies.Evaluate("sparse_top_k_categorical_accuracy", ids, probabilities, k: digit - '0'));
                return hits;
            default:
                return Means.Evaluate(name, golden.Tensor("y_true_real"), golden.Tensor("y_pred_real"));
        }
    }
}
