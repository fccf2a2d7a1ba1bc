namespace Compiled.Tests;

/// <summary>When a run ends early, and with which weights; most values from the tests of Keras.</summary>
public sealed class EarlyStoppingTests : IDisposable
{
    private readonly ThreeClasses _net = new(batchSize: 2);

    public void Dispose() => _net.Dispose();

    [Fact]
    public void It_ends_after_so_many_epochs_without_a_better_value() =>
        Assert.Equal(3, Script.Run(new EarlyStopping(patience: 2), _net, .0860, .1096, .1040, .1019));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Patience_counts_the_epochs_after_the_best(int patience)
    {
        var callback = new EarlyStopping(patience: patience);
        int epochs = Script.Run(callback, _net, 10, 9, 8, 9, 8.9, 8.8, 8.7, 8.6);
        Assert.Equal(Math.Max(patience, 1) + 3, epochs);
        Assert.Equal((8, 3, epochs), (callback.Best, callback.BestEpoch, callback.StoppedEpoch));
    }

    [Theory]
    [InlineData(4, .55, .76, .81, .81)]
    [InlineData(2, .55, .74, .81, .81)]
    public void A_baseline_is_to_be_exceeded_in_time(int expected, params double[] values) =>
        Assert.Equal(expected, Script.Run(new EarlyStopping("val_accuracy", patience: 2, baseline: .75), _net, values));

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 3)]
    public void The_best_weights_come_back(bool restores, int expected)
    {
        Assert.Equal(5, Run(new EarlyStopping(patience: 2, restoreBestWeights: restores), .2, .15, .1, .11, .12));
        Assert.All(Samples.Weights(_net), weight => Assert.Equal(expected, weight));
    }

    [Fact]
    public void The_best_weights_come_back_however_the_run_ends()
    {
        Assert.Equal(3, Run(new EarlyStopping(patience: 9, restoreBestWeights: true), .2, .1, .3));
        Assert.All(Samples.Weights(_net), weight => Assert.Equal(2, weight));
        Assert.Equal(5, Run(new EarlyStopping(patience: 5, baseline: .5, restoreBestWeights: true), .9, .8, .7, .71, .72, .73));
        Assert.All(Samples.Weights(_net), weight => Assert.Equal(3, weight));
    }

    [Fact]
    public void Small_steps_are_none_if_so_asked() =>
        Assert.Equal(3, Script.Run(new EarlyStopping(minDelta: 0.1, patience: 2), _net, 1, .95, .91, .7));

    [Fact]
    public void Early_epochs_may_be_left_out()
    {
        var callback = new EarlyStopping(patience: 1, startFromEpoch: 3);
        Assert.Equal(5, Script.Run(callback, _net, 1, 2, 3, 4, 5, 6));
        Assert.Equal((4, 4), (callback.Best, callback.BestEpoch));
    }

    [Fact]
    public void What_is_no_number_is_never_better()
    {
        var callback = new EarlyStopping(patience: 3);
        Assert.Equal(3, Script.Run(callback, _net, double.NaN, double.NaN, double.NaN, double.NaN, 1));
        Assert.Equal(0, callback.BestEpoch);
    }

    [Fact]
    public void It_begins_anew_with_each_run()
    {
        var callback = new EarlyStopping(patience: 1);
        Assert.Equal(2, Script.Run(callback, _net, 1, 2, 3));
        Assert.Equal(3, Script.Run(callback, _net, 9, 8, 9));
    }

    [Fact]
    public void Fit_ends_with_the_best_weights()
    {
        ArrayDataset data = Samples.Classes(20), validation = Samples.Classes(10, seed: 5);
        var callback = new EarlyStopping(patience: 2, restoreBestWeights: true);
        History history = _net.Fit(data, new SGD(20), epochs: 40, validation: validation, callbacks: [callback]);
        Assert.Equal(callback.StoppedEpoch, history.Epochs.Count);
        Assert.InRange(history.Epochs.Count, 3, 39);
        Assert.Equal(history["val_loss"].Min(), callback.Best);
        Assert.Equal(callback.Best, _net.Evaluate(validation).Loss);
    }

    private int Run(EarlyStopping callback, params double[] values) => Script.Run(callback, _net, new SGD(), values, epoch =>
    {
        foreach (Weight weight in _net.Weights)
            weight.Span.Fill(epoch);
    });
}
