namespace Compiled.Generators.Tests;

/// <summary>Metrics that do not fit, stand elsewhere than behind the loss, or have names that are taken.</summary>
public sealed class MetricTests
{
    [Theory]
    [InlineData("Sigmoid, BinaryCrossentropy, [|SparseCategoricalAccuracy|]",
        "SparseCategoricalAccuracy does not fit the targets of BinaryCrossentropy: it takes class numbers; take the metric without Sparse in its name")]
    [InlineData("Softmax, SparseCategoricalCrossentropy, [|CategoricalAccuracy|]",
        "CategoricalAccuracy does not fit the targets of SparseCategoricalCrossentropy: they are class numbers; take a metric with Sparse in its name, MeanIoU, IoU or F1Score")]
    [InlineData("Softmax, CategoricalCrossentropy, [|CategoricalCrossentropy(LabelSmoothing = 0.1)|]",
        "CategoricalCrossentropy does not fit a metric: it looks at probabilities and targets as they are; leave FromLogits, LabelSmoothing and IgnoreClass to the loss")]
    [InlineData("Softmax, SparseCategoricalCrossentropy, [|SparseCategoricalCrossentropy(IgnoreClass = 0)|]",
        "SparseCategoricalCrossentropy does not fit a metric: it looks at probabilities and targets as they are; leave FromLogits, LabelSmoothing and IgnoreClass to the loss")]
    public void A_metric_that_does_not_fit(string layers, string message) =>
        Expect.Error("CN0012", message, $"[Input(4)]\n[Dense(3), {layers}]");

    [Fact]
    public void A_metric_of_classes_over_one_unit() =>
        Expect.Error(
            "CN0012", "CategoricalAccuracy does not fit an output of one unit: one class is always the largest; take BinaryAccuracy",
            "[Input(4)]\n[Dense(1), Sigmoid, BinaryCrossentropy, [|CategoricalAccuracy|]]");

    [Fact]
    public void A_correlation_over_one_unit() =>
        Expect.Error(
            "CN0012", "PearsonCorrelation does not fit an output of one unit: it correlates the outputs of a sample; take R2Score",
            "[Input(4)]\n[Dense(1), MeanSquaredError, [|PearsonCorrelation|]]");

    [Theory]
    [InlineData("[|AUC|], BinaryCrossentropy", "A metric stands before the loss")]
    [InlineData("[|BinaryCrossentropy|], Dense(2), MeanSquaredError", "The loss is not the last layer")]
    public void A_stack_in_another_order(string layers, string reason) =>
        Expect.Error(
            "CN0011", $"{reason}: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]", $"[Input(4)]\n[Dense(3), Sigmoid, {layers}]");

    [Theory]
    [InlineData("AUC(NumThresholds = [|1|])", "AUC: numThresholds is 1; it must be from 2 to 1024")]
    [InlineData("SensitivityAtSpecificity([|1.5|])", "SensitivityAtSpecificity: specificity is 1.5; it must be from 0 to 1")]
    [InlineData("TopKCategoricalAccuracy([|0|])", "TopKCategoricalAccuracy: k is 0; it must be at least 1")]
    [InlineData("AUC(From = [|\"x\"|])", "AUC: from is 'x'; it must be absent: a metric looks at what the loss looks at")]
    [InlineData("Precision(Weighted = [|true|])", "Precision: weighted is true; it must be left out: Precision counts outputs or classes, not samples")]
    [InlineData("IoU([|3|])", "IoU: targetClassIds is 3; it must be made of numbers from 0 to 2")]
    [InlineData("BinaryIoU([|2|])", "BinaryIoU: targetClassIds is 2; it must be made of numbers from 0 to 1")]
    public void A_value_out_of_range(string metric, string message) =>
        Expect.Error("CN0004", message, $"[Input(4)]\n[Dense(3), Sigmoid, BinaryCrossentropy, {metric}]");

    [Fact]
    public void Names_that_are_taken()
    {
        Expect.Error(
            "CN0009", "The name 'auc' is taken by an earlier layer: names are unique in a model",
            "[Input(4)]\n[Dense(3), Sigmoid, BinaryCrossentropy, AUC, [|AUC|]]");
        foreach (string name in (string[])["loss", "accuracy", "acc", "val_auc"])
        {
            Expect.Error(
                "CN0004",
                $"AUC: name is '{name}'; it must be {LayerNames.Range}, and neither loss, accuracy nor acc, nor begin with val_",
                $"[Input(4)]\n[Dense(3), Sigmoid, BinaryCrossentropy, AUC(Name = [|\"{name}\"|])]");
        }
    }

    [Fact]
    public void Metrics_and_losses_behind_the_loss()
    {
        string file = Expect.Nothing("[Input(4)]\n[Dense(3), Softmax, CategoricalCrossentropy]\n[MeanSquaredError, AUC(NumThresholds = 3), MeanIoU, Precision]").File;
        Assert.Contains("new(\"mean_squared_error\", global::Compiled.MetricRule.Mean, 2),", file, StringComparison.Ordinal);
        Assert.Contains("new(\"auc\", global::Compiled.MetricRule.AreaUnderCurve, 8) { LargerIsBetter = true },", file, StringComparison.Ordinal);
        Assert.Contains("new(\"mean_io_u\", global::Compiled.MetricRule.MeanIoU, 9) { LargerIsBetter = true },", file, StringComparison.Ordinal);
        Assert.Contains("sums: Sums(19)", file, StringComparison.Ordinal);
        file = Expect.Nothing("[Input(4)]\n[Dense(3), Softmax, CategoricalCrossentropy]\n[IoU(2, 0), BinaryIoU, CategoricalAccuracy(Weighted = true)]").File;
        Assert.Contains("new(\"io_u\", global::Compiled.MetricRule.IoU, 9) { LargerIsBetter = true, TargetClassIds = [2, 0] },", file, StringComparison.Ordinal);
        Assert.Contains("new(\"binary_io_u\", global::Compiled.MetricRule.IoU, 4) { LargerIsBetter = true, TargetClassIds = [0, 1] },", file, StringComparison.Ordinal);
        Assert.Contains("weights: SampleWeights, sums: Sums(13)", file, StringComparison.Ordinal);
    }
}
