namespace Compiled.Tests;

public sealed class HistoryTests
{
    [Fact]
    public void Metrics_have_their_Keras_names()
    {
        using var net = new ThreeClasses(batchSize: 8);
        History history = net.Fit(Samples.Classes(20), new SGD(), epochs: 3, validation: Samples.Classes(9, seed: 2));
        Assert.Equal(history.Epochs.Select(epoch => epoch.Loss), history["loss"]);
        Assert.Equal(history.Epochs.Select(epoch => epoch.Accuracy), history["accuracy"]);
        Assert.Equal(history["accuracy"], history["acc"]);
        Assert.Equal(history.Epochs.Select(epoch => epoch.Validation!.Value.Loss), history["val_loss"]);
        Assert.Equal(history.Epochs.Select(epoch => epoch.Validation!.Value.Accuracy), history["val_accuracy"]);
        Assert.Equal(history["val_accuracy"], history["val_acc"]);
        Assert.All(history["loss"], loss => Assert.True(loss > 0));
        Assert.All(history["accuracy"], accuracy => Assert.InRange(accuracy, 0, 1));
        Assert.All(history.Epochs, epoch => Assert.True(epoch.SamplesPerSecond > 0 && epoch.Time >= epoch.TrainingTime));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Loss")]
    [InlineData("val_losss")]
    [InlineData(null)]
    public void Another_name_is_an_error_that_lists_the_right_ones(string? name)
    {
        var fault = Assert.Throws<ArgumentException>(() => new History()[name!]);
        Assert.Contains(
            $"no metric '{name}'; there are loss, accuracy, val_loss and val_accuracy", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_measured_is_not_a_number()
    {
        using var net = new ThreeClasses(batchSize: 8);
        History history = net.Fit(Samples.Classes(20), new SGD(), epochs: 2);
        Assert.All(history["loss"], loss => Assert.True(double.IsFinite(loss)));
        Assert.Equal([double.NaN, double.NaN], history["val_loss"]);
        Assert.Equal([double.NaN, double.NaN], history["val_accuracy"]);
    }
}
