namespace Compiled.Tests;

/// <summary>Metrics behind a loss, of which some are better when larger.</summary>
[Model]
[Input(5)]
[Dense(3), Sigmoid, BinaryCrossentropy]
[AUC, FalsePositives, MeanSquaredError(Name = "brier"), CosineSimilarity, Recall]
public sealed partial class Monitored;

/// <summary>What callbacks can watch, and which values of it are better.</summary>
public sealed class MonitorTests
{
    [Theory]
    [InlineData("loss", false)]
    [InlineData("val_loss", false)]
    [InlineData("accuracy", true)]
    [InlineData("acc", true)]
    [InlineData("val_acc", true)]
    [InlineData("auc", true)]
    [InlineData("val_recall", true)]
    [InlineData("cosine_similarity", true)]
    [InlineData("false_positives", false)]
    [InlineData("val_brier", false)]
    public void Which_values_are_better(string name, bool larger)
    {
        using var net = new Monitored(batchSize: 2);
        Assert.Equal(larger, MetricNames.LargerIsBetter(name, net.Plan));
        MetricNames.Require(name, net.Plan, hasValidation: true);
    }

    [Fact]
    public void A_mode_overrules()
    {
        using var net = new ThreeClasses(batchSize: 2);
        Assert.Equal(2, Script.Run(new EarlyStopping("loss", mode: MonitorMode.Max, patience: 1), net, 3, 2, 1));
        Assert.Equal(3, Script.Run(new EarlyStopping("accuracy", mode: MonitorMode.Min, patience: 1), net, 3, 2, 1));
    }

    [Fact]
    public void What_a_run_will_not_have_is_an_error_before_it_begins()
    {
        using var net = new ThreeClasses(batchSize: 4);
        using var values = new ThreeValues(batchSize: 4);
        float[] before = Samples.Weights(net);
        Callback[] callbacks =
            [new EarlyStopping("val_los"), new ReduceLROnPlateau("val_los"), new ModelCheckpoint("x", "val_los", saveBestOnly: true), new ModelCheckpoint("{val_los}")];
        foreach (Callback callback in callbacks)
        {
            string message = Assert.Throws<ArgumentException>(
                () => net.Fit(Samples.Classes(8), new SGD(), validation: Samples.Classes(4), callbacks: [callback])).Message;
            Assert.Equal("'ThreeClasses' gives no 'val_los'; it gives loss and accuracy, with a validation set also val_loss and so on.", message);
        }

        Assert.Equal(
            "'val_loss' is of the validation: give Fit a validation set, and a validationFrequency that comes to it, or name 'loss'.",
            Assert.Throws<ArgumentException>(() => net.Fit(Samples.Classes(8), new SGD(), callbacks: [new EarlyStopping()])).Message);
        Assert.Contains(
            "gives no 'accuracy'; it gives loss, with",
            Assert.Throws<ArgumentException>(() => values.Fit(Samples.Values(8), new SGD(), callbacks: [new EarlyStopping("accuracy")])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "a validationFrequency that comes to it",
            Assert.Throws<ArgumentException>(() => net.Fit(
                Samples.Classes(8), new SGD(), epochs: 5, validation: Samples.Classes(4), validationFrequency: 6, callbacks: [new EarlyStopping()])).Message,
            StringComparison.Ordinal);
        Compare.Same("weights", before, Samples.Weights(net));
        Assert.Equal(0, net.Step);
    }

    [Fact]
    public void Numbers_out_of_range()
    {
        Assert.Equal("patience", Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(patience: -1)).ParamName);
        Assert.Equal("startFromEpoch", Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(startFromEpoch: -1)).ParamName);
        Assert.Equal("minDelta", Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(minDelta: double.NaN)).ParamName);
        Assert.Equal("mode", Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(mode: (MonitorMode)3)).ParamName);
        Assert.Equal("factor", Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceLROnPlateau(factor: 1)).ParamName);
        Assert.Equal("cooldown", Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceLROnPlateau(cooldown: -1)).ParamName);
        Assert.Equal("minLearningRate", Assert.Throws<ArgumentOutOfRangeException>(() => new ReduceLROnPlateau(minLearningRate: -1)).ParamName);
        Assert.Equal("period", Assert.Throws<ArgumentOutOfRangeException>(() => new ModelCheckpoint("x", period: 0)).ParamName);
        Assert.Equal("stepsPerCheck", Assert.Throws<ArgumentOutOfRangeException>(() => new TerminateOnNaN(0)).ParamName);
        Assert.Throws<ArgumentException>(() => new EarlyStopping(""));
        Assert.Throws<ArgumentException>(() => new ModelCheckpoint(""));
        Assert.Throws<ArgumentException>(() => new CSVLogger("x", "\n"));
    }

    [Fact]
    public void Epochs_without_validation_are_passed_over()
    {
        using var net = new ThreeClasses(batchSize: 4);
        ArrayDataset data = Samples.Classes(8);
        var stopping = new EarlyStopping(patience: 1);
        History history = net.Fit(data, new SGD(0), epochs: 9, validation: data, validationFrequency: 2, callbacks: [stopping]);
        Assert.Equal(4, history.Epochs.Count);
        Assert.Equal([double.NaN, stopping.Best, double.NaN, stopping.Best], history["val_loss"]);
    }
}
